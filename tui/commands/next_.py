"""`handful next`."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from core import project as projects
from core import queue
from core.connection import Connection
from core.i18n import _
from core.inuse import called
from core.querying.reasons import words
from core.records import QueueItem
from core.serving import Serving, overlap_of, serve
from core.store import classes, examples, leases, patterns
from core.tasks.base import Annotated
from tui.commands import about
from tui.options import annotator, as_json, directory
from tui.output import WIDTH, clip, data, data_json, say
from tui.texts import in_words
from tui.waiting import wait_for_ranking

_INDENT = 8
_SPARE = 20
"""So many more are lined up, for others may take some at the same moment."""


@click.command(
    "next",
    help=about(
        "next",
        _(
            "It waits until the ranking has seen the last answer, so a script can label what this prints and call it"
            " again. With --json, one text a line."
        ),
        "handful next mail -n 5",
        "handful next mail --json > ask.jsonl",
    ),
)
@directory
@click.option(
    "-n", "count", metavar="N", type=click.IntRange(1, 1000), default=10, show_default=True, help=_("How many texts.")
)
@click.option(
    "--hold",
    metavar="SECONDS",
    type=click.FloatRange(0, 7 * 86400),
    default=60.0,
    show_default=True,
    help=_("So long nobody else is asked these texts."),
)
@click.option("--wait/--no-wait", default=True, help=_("Wait until the ranking has seen the last answer."))
@annotator
@as_json
def next_command(directory: Path, count: int, hold: float, annotator: str, *, wait: bool, as_json: bool) -> None:
    """What is shown counts as served: an answer that comes later knows why it was asked for."""
    project = projects.find(directory)
    with project.open() as con:
        if wait:
            wait_for_ranking(project, con)
        holder = leases.script(annotator)
        lined_up = {item.example_id: item for item in queue.upcoming(project, con, count + _SPARE, holder)}
        picks = {i: queue.pick_of(item) for i, item in lined_up.items()}
        overlap = overlap_of(project.settings())
        got = serve(con, Serving(picks, holder, overlap, n=count, seconds=hold))
        items = [lined_up[i] for i in got]
        texts = {example.id: example.text for example in examples.get(con, [item.example_id for item in items])}
        items = _annotated(project, con, items, texts)
    if not items:
        say(_("Nothing is left to ask."))
    for item in items:
        if as_json:
            data_json(_as_json(item, texts[item.example_id]))
        else:
            _print(item, texts[item.example_id])


def _annotated(
    project: projects.Project, con: Connection, items: list[QueueItem], texts: Mapping[int, str]
) -> list[QueueItem]:
    """The same, with what people's own patterns suggest beside the model."""
    task, written = project.task(con), patterns.current(con)
    if not written or not isinstance(task, Annotated):
        return items
    names = classes.ids(con).keys()
    return [
        replace(item, suggestion=task.beside(item.suggestion, texts[item.example_id], written, names)) for item in items
    ]


def _as_json(item: QueueItem, text: str) -> dict[str, Any]:
    said = item.suggestion
    return {
        "id": item.example_id,
        "text": text,
        "why": words(item.reason),
        "strategy": item.strategy,
        "probability": item.probability,
        "suggestion": None if said is None else {"value": said.value, "score": said.score, "source": said.source},
    }


def _print(item: QueueItem, text: str) -> None:
    data(f"{item.example_id:>{_INDENT - 2}}  {clip(text, WIDTH - _INDENT)}")
    data(" " * _INDENT + clip(words(item.reason) + _guess(item), WIDTH - _INDENT))


def _guess(item: QueueItem) -> str:
    said = item.suggestion
    if said is None:
        return ""
    score = "" if said.score is None else f" {said.score:.2f}"
    return _(" · {source}: {value}{score}").format(source=called(said.source), value=in_words(said.value), score=score)
