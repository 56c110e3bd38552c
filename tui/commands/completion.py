"""`handful completion`."""

import click
from click.shell_completion import get_completion_class

from tui.commands import sentence


@click.command("completion", help=sentence("completion"))
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """For bash: handful completion bash > ~/.local/share/bash-completion/completions/handful."""
    found = get_completion_class(shell)
    if found is not None:
        click.echo(found(ctx.find_root().command, {}, "handful", "_HANDFUL_COMPLETE").source())
