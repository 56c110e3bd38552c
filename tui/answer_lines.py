"""Lines that a script or a person hands over, from a file or the standard input."""

from pathlib import Path

import click

from core.errors import InputError
from core.i18n import _
from tui.output import say_if_typed


def read_lines(file: Path) -> list[str]:
    """All lines of FILE, or of the standard input (`-`). Raises InputError if they can't be read, or are not UTF-8."""
    say_if_typed(file)
    try:
        with click.open_file(str(file), encoding="utf-8-sig") as stream:
            return list(stream)
    except UnicodeDecodeError as error:
        raise InputError(
            _("The answers are not UTF-8."),
            _("{path}: {reason} at byte {n}").format(path=_name(file), reason=error.reason, n=error.start),
            _("Convert the file to UTF-8."),
        ) from error
    except OSError as error:
        raise InputError(
            _("The answers can't be read."), f"{_name(file)}: {error.strerror}", _("Check the path.")
        ) from error


def _name(file: Path) -> str:
    return _("the standard input") if str(file) == "-" else str(file)
