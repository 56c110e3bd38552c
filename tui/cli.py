"""The command `handful`: commands are imported when they are called, errors are shown in one place.

Exit codes: 0 done · 1 unexpected · 2 the input needs mending · 3 the work was refused or failed · 130 interrupted.
"""

import errno
import importlib
import os
import sys
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from core import __version__
from core.errors import HandfulError, InputError, RefusedError
from core.i18n import _
from core.project import is_project
from tui.commands import COMMANDS, SECTIONS

EPILOG = _("Exit codes: 0 done, 1 unexpected, 2 input needs mending, 3 work refused or failed, 130 interrupted.")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EIO}
_INPUT = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}


class Commands(click.Group):
    """A group whose commands live in modules of their own, listed in sections."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return [entry.name for entry in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        entry = next((e for e in COMMANDS if e.name == cmd_name), None)
        if entry is None:
            return None
        module = importlib.import_module(f"tui.commands.{entry.module or entry.name}")
        command: click.Command = getattr(module, f"{entry.name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names = self.list_commands(ctx)
        if args and args[0] not in names and is_project(Path(args[0])):
            args = ["open", *args]
        if not args or args[0] in names or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        near = get_close_matches(args[0].lower(), names, n=1)
        raise InputError(
            _("There is no command called {name!r}.").format(name=args[0]),
            _("Did you mean {near!r}?").format(near=near[0]) if near else "",
            _("All commands: handful --help"),
        )

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # whoever read our output has seen enough: nothing is wrong
            _abandon_stdout()
            return None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """From the table, for importing every command would make the TAB key slow."""
        found = [CompletionItem(e.name, help=e.sentence) for e in COMMANDS if e.name.startswith(incomplete)]
        return found or click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for section in SECTIONS:
            rows = [(entry.name, entry.sentence) for entry in COMMANDS if entry.section == section]
            with formatter.section(section):
                formatter.write_dl(rows)


@click.group(
    cls=Commands,
    help=_("A few dozen labels in the terminal become a text model you can deploy."),
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
)
@click.version_option(__version__, prog_name="handful")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Hold the commands together; each does its own work. Alone on a terminal it opens the app."""
    if ctx.invoked_subcommand is not None:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo(ctx.get_help(), err=True)
        ctx.exit(2)
    ctx.invoke(importlib.import_module("tui.commands.open").open_command)


def main() -> None:
    """Entry point of the console script."""
    os.umask(0o077)
    sys.excepthook = _unexpected
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = cli.main(standalone_mode=False)
    except HandfulError as error:
        code = _show(error)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = error.exit_code
    except click.ClickException as error:
        code = _show(_usage(error))
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except OSError as error:
        code = _show(_refused_by_system(error))
        if error.filename is None:
            _abandon_stdout()
    sys.exit(code if isinstance(code, int) else 0)


def _show(error: HandfulError) -> int:
    from tui.output import show_error

    show_error(error)
    return error.exit_code


def _usage(error: click.ClickException) -> InputError:
    """What click found wrong with the command line, to be said as every other error is."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    if ctx is None:
        return InputError(error.format_message())
    return InputError(
        error.format_message(), ctx.get_usage(), _("See: {command} --help").format(command=ctx.command_path)
    )


def _refused_by_system(error: OSError) -> HandfulError:
    """An error of the system that nobody nearer to it has put into words."""
    title = _("The system refused something.")
    what = ": ".join(str(part) for part in (error.filename, error.strerror or error) if part)
    if error.errno in _INPUT:
        return InputError(title, what, _("See whether the path is right and you may read and write there: ls -la"))
    if error.errno in _FULL:
        return RefusedError(title, what, _("See whether the disk has room (df -h), then do it again."))
    return HandfulError(title, what)


def _abandon_stdout() -> None:
    """Nobody reads it any more, or it can't be written: what is still in its buffer must not fail again at the end."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unexpected(_kind: type[BaseException], error: BaseException, _trace: object) -> None:
    """A mistake of ours: the trace, in which no text of the data may act on the terminal."""
    import traceback

    from tui.output import say

    for line in "".join(traceback.format_exception(error)).splitlines():
        say(line)
    say(_("This is a mistake in Handful, not in what you did. Nothing that was saved is lost."))


if __name__ == "__main__":
    main()
