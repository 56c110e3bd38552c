"""`handful patterns`."""

from pathlib import Path

import click

from core import project as projects
from core.i18n import _
from core.patterns import parsed
from core.store import patterns
from tui.answer_lines import read_lines
from tui.commands import about
from tui.options import ANY_PATH, annotator, as_json, directory
from tui.output import data, data_json


@click.command(
    "patterns",
    help=about(
        "patterns",
        _(
            "Without FILE they are printed. In a file a line [class] stands above a line for each term or"
            " /regular expression/; # begins a comment. They are put in force whole, in place of the old ones, as an"
            " act that can be undone."
        ),
        "handful patterns mail > patterns.txt",
        "handful patterns mail patterns.txt",
    ),
)
@directory
@click.argument("file", metavar="[FILE|-]", required=False, type=ANY_PATH)
@annotator
@as_json
def patterns_command(directory: Path, file: Path | None, annotator: str, *, as_json: bool) -> None:
    """Nothing is changed by a line that can't be taken."""
    project = projects.find(directory)
    with project.open(readonly=file is None) as con:
        if file is None:
            text = patterns.current(con)
        else:
            text = "\n".join(line.rstrip("\r\n") for line in read_lines(file)) + "\n"
        found = parsed(text)
        if file is not None:
            patterns.write(con, text, annotator)
    if as_json:
        data_json({"terms": len(found.terms), "expressions": len(found.expressions), "text": text})
    elif file is None:
        for line in text.splitlines():
            data(line)
    else:
        data(_("{n} terms and {m} expressions suggest spans.").format(n=len(found.terms), m=len(found.expressions)))
