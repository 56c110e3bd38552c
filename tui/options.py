"""Arguments and options that several commands share."""

import getpass
from pathlib import Path

import click

from core.i18n import _


def _login() -> str:
    try:
        return getpass.getuser()
    except OSError:  # no name for this uid, as in some containers
        return "user"


directory = click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
as_json = click.option("--json", "as_json", is_flag=True, help=_("Print JSON for programs."))
annotator = click.option(
    "--as", "annotator", metavar="NAME", default=_login, help=_("Who answers; default: the login.")
)
