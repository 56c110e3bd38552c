"""One job from being taken to its one final state."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from core import clock
from core.connection import Connection, DatabaseError, OperationalError, explain, relaxed
from core.errors import CancelledError, HandfulError
from core.i18n import _
from core.records import Job, JobEvent
from core.show import shorten
from core.store import jobs
from core.worker.log import logger

PROGRESS_SECONDS = 0.25
"""Progress is stored at most this often; what comes between is outdated by the next."""
LOOK_SECONDS = 0.25
"""How often it is looked, between two events, whether to stop and whether the duty has something to do."""


class StoppedError(Exception):
    """The process was asked to end; the job goes back to the queue."""


class JobCrashError(Exception):
    """A job failed in a way nobody foresaw; it is recorded, but this process is not trusted any more."""


@dataclass(slots=True)
class Ending:
    """Whatever ends the block decides the job's final state; what nobody foresaw goes on upwards as JobCrashError."""

    con: Connection
    job: Job
    database: Path
    """Where `con` leads, for messages."""
    result: dict[str, Any] = field(default_factory=dict)
    blameless: bool = False
    """True while something else than the job itself computes: then its failure is not the job's."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            jobs.finish(self.con, self.job.id, "done", result=self.result)
            logger.info("job %d (%s) done", self.job.id, self.job.kind)
            return True
        if isinstance(error, StoppedError):
            jobs.release(self.con, self.job.id)
            logger.info("job %d (%s) interrupted", self.job.id, self.job.kind)
            return True
        if isinstance(error, CancelledError):
            jobs.finish(self.con, self.job.id, "cancelled")
            logger.info("job %d (%s) cancelled", self.job.id, self.job.kind)
            return True
        if self.blameless:
            return False  # it stays as it is and counts as cut off: the next worker recovers it
        words = in_words(error, self.database)
        said = words or HandfulError(
            _("The job failed unexpectedly."),
            shorten(f"{type(error).__name__}: {error}", 500),
            _("See the log (handful logs); other jobs go on."),
        )
        jobs.finish(self.con, self.job.id, "failed", error={"title": said.title, "what": said.what, "hint": said.hint})
        trace_wanted = None if isinstance(error, HandfulError) else error
        logger.warning("job %d (%s) failed: %s", self.job.id, self.job.kind, said.title, exc_info=trace_wanted)
        if words is None:
            raise JobCrashError(self.job.id) from error
        return True


def in_words(error: BaseException, database: Path) -> HandfulError | None:
    """What can go wrong without anybody's mistake, for people; None for what should not have happened."""
    if isinstance(error, HandfulError):
        return error
    if isinstance(error, MemoryError):
        return HandfulError(
            _("There was too little memory."), "", _("Set a smaller batch_size or max_length, or end other programs.")
        )
    if isinstance(error, OSError):
        what = ": ".join(str(part) for part in (error.filename, error.strerror or error) if part)
        return HandfulError(
            _("The system refused something."), what, _("Mend it (room on the disk, permissions), then try again.")
        )
    if isinstance(error, DatabaseError):
        return explain(error, database)
    return None


@dataclass(slots=True)
class Story:
    """Stores a job's events: every one that matters, and progress at a pace that readers and the disk can follow."""

    con: Connection
    job_id: int
    _last: float = -math.inf

    def tell(self, event: JobEvent) -> None:
        """Store the event, unless it is progress that comes too soon after the last."""
        if event.kind != "progress":
            with relaxed(self.con):
                jobs.add_event(self.con, self.job_id, event)
        elif clock.monotonic() - self._last >= PROGRESS_SECONDS:
            self._last = clock.monotonic()
            with suppress(OperationalError), relaxed(self.con):  # somebody keeps the database: not worth failing for
                jobs.add_event(self.con, self.job_id, event)


@contextmanager
def closing(events: Iterator[JobEvent]) -> Iterator[Iterator[JobEvent]]:
    """Close the generator at the end, so that its `finally` blocks clean up."""
    try:
        yield events
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()


def run(ending: Ending, events: Iterator[JobEvent], between: Callable[[JobEvent], None]) -> None:
    """Draw the events and store them.

    `between` is called at phases and at most every LOOK_SECONDS otherwise; it may raise to end the job.
    """
    story = Story(ending.con, ending.job.id)
    looked = clock.monotonic() - LOOK_SECONDS
    with closing(events) as drawn:
        for event in drawn:
            story.tell(event)
            if event.kind == "result":
                ending.result = dict(event.payload)
            if event.kind == "phase" or clock.monotonic() - looked >= LOOK_SECONDS:
                between(event)
                looked = clock.monotonic()
