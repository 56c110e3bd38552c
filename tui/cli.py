"""The command `handful`: commands are imported when they are called, errors are shown in one place.

Exit codes: 0 done · 1 unexpected · 2 the input needs mending · 3 the work was refused or failed · 130 interrupted.
"""

import importlib
import os
import sys

import click

from core import __version__
from core.errors import HandfulError
from core.i18n import _
from tui.commands import COMMANDS, SECTIONS

EPILOG = _("Exit codes: 0 done, 1 unexpected, 2 input needs mending, 3 work refused or failed, 130 interrupted.")


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
    no_args_is_help=True,
)
@click.version_option(__version__, prog_name="handful")
def cli() -> None:
    """Hold the commands together; each does its own work."""


def main() -> None:
    """Entry point of the console script."""
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = cli.main(standalone_mode=False)
    except HandfulError as error:
        from tui.output import show_error

        show_error(error)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except BrokenPipeError:  # the reader of our output has gone: nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
