"""`handful precisions`."""

from pathlib import Path

import click

from core import project as projects
from core.i18n import _
from exports.precision.table import HEAD, cells, remarks
from tui import jobs
from tui.commands import about
from tui.options import as_json, directory
from tui.output import data_json, paragraph, table


@click.command(
    "precisions",
    help=about(
        "precisions",
        _(
            "Each is held against fp32: 99 % of 2,000 unlabelled texts must be answered alike, and macro-F1 on labelled"
            " ones, out of fold, may fall by one point. Nothing is exported."
        ),
        "handful precisions mail",
        "handful export mail --precision int8",
    ),
)
@directory
@as_json
def precisions_command(directory: Path, *, as_json: bool) -> None:
    """A job of the worker, narrated until its end."""
    project = projects.find(directory)
    with project.open() as con:
        result = dict(jobs.run(project, con, "precisions", {}).result or {})
    if as_json:
        data_json(result)
        return
    table(HEAD, [cells(row) for row in result["rows"]], right=range(1, len(HEAD)))
    for line in remarks(result["rows"]):
        paragraph(line)
