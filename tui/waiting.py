"""Waiting until the worker's ranking has seen the newest decision: what makes `next` and `label` a loop for scripts."""

from dataclasses import dataclass

from core import clock, queue
from core.connection import Connection
from core.errors import HandfulError, InputError, RefusedError
from core.i18n import _
from core.project import Project
from core.records import Job
from core.settings import Settings
from core.store import jobs, meta, models
from core.worker import launch
from tui.output import Progress, say

WAIT_SECONDS = 600.0
POLL_SECONDS = 0.05

_GIVEN_UP = ("failed", "cancelled")


def wait_for_ranking(project: Project, con: Connection, *, judged: bool = False, limit: float = WAIT_SECONDS) -> None:
    """Start the worker if need be, and wait until its ranking follows from the newest decisions and options.

    With `judged`, until its model is judged, too. Embedding that has failed before is tried once more.

    Raises what the embedding failed with, RefusedError if it was cancelled, and HandfulError if no worker can be
    started; after `limit` seconds it says so and returns.
    """
    settings = project.settings()
    if _is_ready(con, settings, judged=judged):
        return
    before = _embedding(con)
    given_up = before.id if before is not None and before.state in _GIVEN_UP else 0
    if given_up and before is not None:
        jobs.enqueue(con, before.kind, before.args, once=True)
    line, story, end = Progress(), _Story(con), clock.monotonic() + limit
    try:
        while not _is_ready(con, settings, judged=judged):
            launch.ensure_running(project)
            embedding = _embedding(con)
            if embedding is not None and embedding.id != given_up:
                _raise_if_given_up(embedding)
            if clock.monotonic() > end:
                say(_("The ranking is not ready after {n:.0f} seconds; this is as far as it is.").format(n=limit))
                return
            line.show(story.said(embedding))
            clock.sleep(POLL_SECONDS)
    finally:
        line.end()


def wake(project: Project) -> None:
    """Start the worker for what was just saved; that it can't be started is said, but what is saved stays saved."""
    try:
        launch.ensure_running(project)
    except HandfulError as error:
        say(_("It is saved, but: {title}").format(title=error.title))
        for part in (error.what, error.hint):
            if part:
                say(f"  {part}")


def _is_ready(con: Connection, settings: Settings, *, judged: bool) -> bool:
    if not queue.is_fresh(con, settings):
        return False
    ranking = models.newest_ranking(con)
    return not judged or (ranking is not None and int(meta.get(con, models.JUDGED, 0)) >= ranking.id)


def _embedding(con: Connection) -> Job | None:
    return next((job for job in jobs.recent(con, 20) if job.kind == "embed"), None)


def _raise_if_given_up(job: Job) -> None:
    if job.state == "failed":
        error = job.error or {}
        raise InputError(error.get("title", ""), error.get("what", ""), error.get("hint", ""))
    if job.state == "cancelled":
        raise RefusedError(
            _("The texts are not embedded: that job was cancelled."), "", _("Run this again to start it anew.")
        )


@dataclass(slots=True)
class _Story:
    """How far the embedding is, read on from where it was read last."""

    con: Connection
    seen: int = 0
    last: str = ""

    def said(self, job: Job | None) -> str:
        if job is None or job.state != "running":
            return _("waiting for the ranking …")
        for number, event, _at in jobs.events(self.con, job.id, self.seen):
            self.seen = number
            if event.payload.get("total"):
                self.last = _("{what}: {done} of {total}").format(**event.payload)
        return self.last or _("preparing the encoder …")
