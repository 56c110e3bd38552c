"""`handful next`."""

from pathlib import Path
from typing import Any

import click

from core import clock, queue
from core import project as projects
from core.connection import Connection
from core.i18n import _
from core.project import Project
from core.querying.reasons import words
from core.records import QueueItem
from core.show import shorten
from core.store import examples, labels
from core.worker import launch
from tui.commands import sentence
from tui.options import annotator, as_json, directory
from tui.output import Progress, data, data_json

WAIT_SECONDS = 600.0


@click.command("next", help=sentence("next"))
@directory
@click.option("-n", "count", type=click.IntRange(1, 1000), default=10, show_default=True, help=_("How many texts."))
@click.option("--wait/--no-wait", default=True, help=_("Wait until the ranking has seen the last answer."))
@annotator
@as_json
def next_command(directory: Path, count: int, annotator: str, *, wait: bool, as_json: bool) -> None:
    """A script labels what this prints, and calls it again."""
    project = projects.find(directory)
    with project.open() as con:
        if wait:
            wait_for_ranking(project, con)
        items = queue.upcoming(project, con, count)
        labels.record_served(con, {item.example_id: queue.pick_of(item) for item in items}, annotator)
        texts = {example.id: example.text for example in examples.get(con, [item.example_id for item in items])}
    if not items and not as_json:
        data(_("Nothing is left to ask."))
    for item in items:
        if as_json:
            data_json(_as_json(item, texts[item.example_id]))
        else:
            _print(item, texts[item.example_id])


def wait_for_ranking(project: Project, con: Connection, limit: float = WAIT_SECONDS) -> None:
    """Start the worker if need be, and wait until its ranking has seen the newest decision."""
    from core.store import jobs

    line = Progress()
    end = clock.monotonic() + limit
    try:
        while not queue.is_fresh(con) and clock.monotonic() < end:
            launch.ensure_running(project)
            failed = next((job for job in jobs.recent(con, 5) if job.kind == "embed"), None)
            if failed is not None and failed.state == "failed" and not jobs.active(con):
                from core.errors import InputError

                error = failed.error or {}
                raise InputError(error.get("title", ""), error.get("what", ""), error.get("hint", ""))
            line.show(_("waiting for the ranking …"))
            clock.sleep(0.05)
    finally:
        line.end()


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
    said = item.suggestion
    guess = (
        ""
        if said is None
        else _(" · {source}: {value} {score:.2f}").format(source=said.source, value=said.value, score=said.score or 0.0)
    )
    data(f"{item.example_id:>6}  {shorten(text, 70)}")
    data(f"        {words(item.reason)}{guess}")
