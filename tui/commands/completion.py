"""`handful completion`."""

import click
from click.shell_completion import get_completion_class

from core.i18n import _
from tui.commands import about


@click.command(
    "completion",
    help=about(
        "completion",
        _("It completes commands, options, files, and the keys and values of config."),
        "handful completion bash > ~/.local/share/bash-completion/completions/handful",
        "handful completion zsh > ~/.zfunc/_handful",
        "handful completion fish > ~/.config/fish/completions/handful.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Click writes it; it calls this program back with _HANDFUL_COMPLETE set."""
    found = get_completion_class(shell)
    if found is not None:
        click.echo(found(ctx.find_root().command, {}, "handful", "_HANDFUL_COMPLETE").source())
