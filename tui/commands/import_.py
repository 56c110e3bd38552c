"""`handful import`."""

from pathlib import Path

import click

from core import project as projects
from core.i18n import _
from core.importing.importer import import_file
from core.store import models
from tui.commands import about
from tui.importing import Bar, report_import, warn_unreadable
from tui.options import ANY_PATH, as_json, directory
from tui.waiting import wake


@click.command(
    "import",
    help=about(
        "import",
        _(
            "All of the file is taken in, or none of it. Texts that are there already are joined, not doubled; each"
            " refused line is named with its reason."
        ),
        "handful import mail more.jsonl",
        "handful import mail judged.csv --test --label category",
        "handful import mail hf:owner/name:train --label label",
    ),
)
@directory
@click.argument("file", metavar="SOURCE", type=ANY_PATH)
@click.option("--text", metavar="COLUMN", help=_("Column that holds the text; default: found by name."))
@click.option(
    "--label",
    metavar="COLUMN",
    multiple=True,
    help=_("Column with existing answers, to be taken over; given again: one column for each label."),
)
@click.option("--test", "is_test", is_flag=True, help=_("Hold these texts out: never asked, never learnt from."))
@as_json
def import_command(
    directory: Path, file: Path, text: str | None, label: tuple[str, ...], *, is_test: bool, as_json: bool
) -> None:
    """One file at a time; a second import of the project waits for the first."""
    project = projects.find(directory)
    with project.open() as con, Bar() as bar:
        report = import_file(
            project, con, file, split="test" if is_test else "pool", text=text, label=label, progress=bar
        )
        in_use = models.newest_ranking(con) is not None
    report_import([report], as_json=as_json, directory=directory)
    warn_unreadable(project, directory)
    if in_use:
        wake(project)
