"""Handing work to the background worker and following it, from the terminal's side; nothing heavy is imported."""

from collections.abc import Iterator, Mapping
from typing import Any

from core import clock
from core.connection import Connection
from core.project import Project
from core.records import Job, JobEvent
from core.store import jobs
from core.worker import launch
from core.worker.lock import holder

POLL_SECONDS = 0.1
CANCEL_SECONDS = 10.0
"""A worker that has not obeyed a cancellation for so long is ended from outside: it is stopped, or hung for good."""

_OVER = frozenset({"done", "failed", "cancelled"})


def submit(
    project: Project, con: Connection, kind: str, args: Mapping[str, Any] | None = None, *, once: bool = False
) -> int:
    """Queue a job, see to it that a worker runs, and return the job's id.

    Raises HandfulError if no worker can be started, and nothing is queued.
    """
    launch.ensure_running(project)  # before, so that no worker of another version takes the job
    job_id = jobs.enqueue(con, kind, args, once=once)
    launch.ensure_running(project)  # after, for it may have ended in between
    return job_id


def follow(project: Project, job_id: int) -> Iterator[JobEvent | Job]:
    """Yield a job's events from its first as they come, and the job itself when it is over; nothing for an unknown id.

    A worker that dies meanwhile is replaced; a job that kills each of its workers fails after its last attempt.
    Raises HandfulError if no worker can be started.
    """
    seen = 0
    cancel_since: float | None = None
    with project.open(readonly=True) as con:
        while (job := jobs.get(con, job_id)) is not None:
            for number, event, _created in jobs.events(con, job_id, seen):
                seen = number
                yield event
            if job.state in _OVER:
                yield job
                return
            if job.cancel_requested:
                cancel_since = cancel_since or clock.monotonic()
                if clock.monotonic() - cancel_since > CANCEL_SECONDS:
                    launch.stop(project)
                    cancel_since = None
            if holder(project.worker_lock) is None:
                launch.ensure_running(project)
            clock.sleep(POLL_SECONDS)
