"""`handful labels`."""

from pathlib import Path

import click

from core import project as projects
from core.i18n import _
from exports.dataset import Written, write_labels
from tui.commands import about
from tui.options import ANY_PATH, as_json, directory
from tui.output import data, data_json


@click.command(
    "labels",
    help=about(
        "labels",
        _(
            "With each text: who answered and when, how it was picked, its split, and what the model thinks. JSONL"
            " keeps everything; CSV cells that a spreadsheet would run as formulas get an apostrophe; a directory is"
            " a data set of the Hugging Face hub with its card. Marked spans also go to CoNLL-2003 columns (.conll) and"
            " to what spaCy's Doc.from_json reads (.json)."
        ),
        "handful labels mail --to mail.jsonl",
        "handful labels mail --to mail-labels --format datasets",
    ),
)
@directory
@click.option(
    "--to",
    "target",
    required=True,
    metavar="FILE",
    type=ANY_PATH,
    help=_("A .jsonl, .csv or .parquet file, or a directory."),
)
@click.option("--format", "kind", metavar="NAME", help=_("What to write; default: as the ending says."))
@click.option("--force", is_flag=True, help=_("Replace a file that is there."))
@as_json
def labels_command(directory: Path, target: Path, kind: str | None, *, force: bool, as_json: bool) -> None:
    """The file appears when it is whole."""
    project = projects.find(directory)
    with project.open(readonly=True) as con:
        found = write_labels(project, con, target, force=force, kind=kind)
    if as_json:
        data_json({"path": str(target), "rows": found.texts, "left_out": found.left})
    else:
        data(written(found, target))


def written(found: Written, target: Path) -> str:
    """What was written, in one line."""
    said = _("{n} labelled texts in {path}").format(n=found.texts, path=target)
    return said if not found.left else said + _("; {n} left out, the format can't say them").format(n=found.left)
