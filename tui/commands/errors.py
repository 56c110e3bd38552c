"""`handful errors`."""

from pathlib import Path
from typing import Any, get_args

import click

from core import inuse
from core import project as projects
from core.connection import Connection
from core.evaluation.confused import Confusion
from core.failing import Failures, failures
from core.i18n import _
from core.records import Source
from core.store import classes, examples
from core.worker.rule import least_classes
from tui.commands import about
from tui.failing import kind_of, name_of, rate_of, tips_of, words_of, worst_first
from tui.options import as_json, directory
from tui.output import data, data_json, paragraph, say, table
from tui.waiting import wait_for_ranking

SOURCES: tuple[Source, ...] = get_args(Source)
ROWS, PAIRS, EXAMPLES = 12, 8, 3


@click.command(
    "errors",
    help=about(
        "errors",
        _(
            "By class, length, script and every column of the file, each with its count and 90 % interval; the classes"
            " that are confused most, with texts and the words that tip the model. Only texts count that the model had"
            " not seen. What is marked is worse than the rest beyond chance, however many parts are looked at."
        ),
        "handful errors mail",
        "handful errors mail --source out-of-fold --json",
    ),
)
@directory
@click.option("--source", type=click.Choice(SOURCES), help=_("Only this evidence."))
@click.option("--wait/--no-wait", default=True, help=_("Wait until the last answer has been learnt from."))
@as_json
def errors_command(directory: Path, source: Source | None, *, wait: bool, as_json: bool) -> None:
    """Nothing is computed that was not judged."""
    project = projects.find(directory)
    with project.open() as con:
        if wait and len(classes.counts(con)) >= least_classes(con):
            wait_for_ranking(project, con, judged=True)
        found, names = failures(project, con, source), classes.names(con)
        pairs = [_pair(con, pair, names) for pair in found.confusions]
    if as_json:
        told = {"model": found.subject, "source": found.source, "n": found.n, "wrong": found.wrong}
        data_json({**told, "parts": [part.as_json() for part in found.parts], "pairs": pairs})
    elif not found.n:
        say(_("There is no such evidence yet.") if source else _("Nothing was judged yet."))
    else:
        _print(found, names, pairs)


def _pair(con: Connection, pair: Confusion, names: dict[int, str]) -> dict[str, Any]:
    texts = [example.text for example in examples.get(con, pair.example_ids[:EXAMPLES])]
    return {**pair.as_json(names), "texts": texts}


def _print(found: Failures, names: dict[int, str], pairs: list[dict[str, Any]]) -> None:
    data(
        _("Model in use: {model}; {wrong} of {n} texts wrong ({source})").format(
            model=inuse.called(found.subject), wrong=found.wrong, n=found.n, source=found.source
        )
    )
    for kind in dict.fromkeys((part.kind, part.of) for part in found.parts):
        mine = [part for part in found.parts if (part.kind, part.of) == kind]
        data("")
        rows = [
            (_mark(part.stands_out), name_of(part), part.n, part.wrong, rate_of(part)) for part in worst_first(mine)
        ]
        table(("", kind_of(mine[0]), _("texts"), _("wrong"), _("share, 90 % interval")), rows[:ROWS], right=(2, 3, 4))
        if len(rows) > ROWS:
            say(_("  … and {n} more").format(n=len(rows) - ROWS))
    if any(part.stands_out for part in found.parts):
        data(_("! worse than the rest, beyond chance"))
    for pair, told in list(zip(found.confusions, pairs, strict=True))[:PAIRS]:
        data("")
        data(words_of(pair, names))
        if pair.tips:
            paragraph(_("words (here:right ones): {tips}").format(tips=tips_of(pair)), "  ")
        for text in told["texts"]:
            paragraph(f"“{' '.join(text.split())[:160]}”", "  ")


def _mark(stands_out: bool) -> str:
    return "!" if stands_out else ""
