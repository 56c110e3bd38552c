"""`handful label`."""

from pathlib import Path

import click

from core import project as projects
from core.i18n import _
from core.labelling import take_answers
from tui.answer_lines import read_lines
from tui.commands import about
from tui.options import ANY_PATH, annotator, as_json, directory
from tui.output import data, data_json
from tui.waiting import wake


@click.command(
    "label",
    help=about(
        "label",
        _(
            'A line is {"id": 5, "label": "refund"}, {"text": "…", "label": "refund"} or {"id": 5, "skip": true}. All'
            " lines are taken as one act, or none."
        ),
        "handful label mail answers.jsonl --as ada",
        """echo '{"id": 5, "label": "refund"}' | handful label mail -""",
    ),
)
@directory
@click.argument("file", metavar="FILE|-", type=ANY_PATH)
@annotator
@click.option("--settle", is_flag=True, help=_("These answers overrule what others have said of the same texts."))
@as_json
def label_command(directory: Path, file: Path, annotator: str, *, settle: bool, as_json: bool) -> None:
    """What is saved stays saved, even if the worker that would learn from it can't be started."""
    project = projects.find(directory)
    lines = read_lines(file)
    with project.open() as con:
        new, known = take_answers(con, project.task(con), project.settings(), lines, annotator, settles=settle)
    if as_json:
        data_json({"new": new, "known": known})
    else:
        data(_("{new} answers saved, {known} known already.").format(new=new, known=known))
    wake(project)
