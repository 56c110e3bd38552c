"""`handful check`."""

from dataclasses import asdict
from pathlib import Path

import click

from core import checking
from core import project as projects
from core.i18n import _
from core.settling import take_verdicts
from tui.answer_lines import read_lines
from tui.commands import about
from tui.options import ANY_PATH, annotator, as_json, directory
from tui.output import data, data_json
from tui.waiting import wake


@click.command(
    "check",
    help=about(
        "check",
        _(
            'A line is {"id": 5, "keep": true} (the label is right), {"id": 5, "change": true} (take the label that is'
            ' suggested), or {"id": 5, "again": "refund"} (your second answer; the first one stands). "kind" says which'
            " doubt is meant where there are several. Any other label is given by `handful label`."
        ),
        """echo '{"id": 5, "keep": true}' | handful check mail -""",
        "handful check mail verdicts.jsonl --as ada --json",
    ),
)
@directory
@click.argument("file", metavar="FILE|-", type=ANY_PATH)
@annotator
@as_json
def check_command(directory: Path, file: Path, annotator: str, *, as_json: bool) -> None:
    """All lines are one act, which one undo takes back."""
    project = projects.find(directory)
    lines = read_lines(file)
    with project.open() as con:
        done = take_verdicts(con, project.task(con), checking.overview(project, con), lines, annotator)
    if as_json:
        data_json(asdict(done))
    else:
        data(_("{kept} kept, {changed} changed, {again} answered again.").format(**asdict(done)))
    wake(project)
