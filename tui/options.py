"""Arguments and options that several commands share."""

import getpass
from pathlib import Path

import click

from core.errors import InputError
from core.i18n import _
from core.store.standing import OUTSIDE

MAX_NAME = 100


def login() -> str:
    """The name answers are given under, unless another is said."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name for this uid, as in some containers
        return "user"


def _name(_ctx: click.Context, _option: click.Parameter, value: str) -> str:
    if value == OUTSIDE:
        raise InputError(
            _("Nobody can answer under this name."),
            value,
            _("It stands for answers that came with files; take another."),
        )
    if 0 < len(value) <= MAX_NAME and value.isprintable():
        return value
    raise InputError(
        _("This is no name for an annotator."),
        repr(value),
        _("Give 1 to {max} printable characters.").format(max=MAX_NAME),
    )


ANY_PATH = click.Path(path_type=Path, readable=False, allow_dash=True)
"""Whether it can be read is found out, and said better, by whoever reads it."""

directory = click.argument("directory", metavar="DIR", type=ANY_PATH)
as_json = click.option("--json", "as_json", is_flag=True, help=_("Print JSON for programs."))
annotator = click.option(
    "--as", "annotator", metavar="NAME", default=login, callback=_name, help=_("Who answers; default: the login.")
)
