"""What readers may say about the worker and its jobs: a `running` in the database counts only while a worker lives."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from core import clock
from core.clock import boot_id
from core.connection import Connection
from core.i18n import _
from core.project import Project
from core.records import Job
from core.store import jobs
from core.worker.lock import holder, read_info

STALLED_SECONDS = 25.0
"""A worker beats every second; after so long without a beat it is stopped or hung."""


@dataclass(frozen=True, slots=True)
class WorkerState:
    """The worker as it looks from outside."""

    state: Literal["not running", "running", "stalled"]
    pid: int | None = None
    """None if it does not run; 0 if it runs where its number can't be seen."""
    doing: str = ""
    """In a few words; empty if it waits for work."""
    job: int | None = None
    beat_age: float | None = None
    """Seconds since its last sign of life; None where that can't be told."""

    @property
    def said(self) -> str:
        """The state as a piece of a sentence."""
        if self.state == "not running":
            return _("not running; it starts when there is work")
        doing = self.doing or _("waiting for work")
        if self.state == "stalled":
            return _("process {pid} has given no sign of life for {age:.0f} s ({doing})").format(
                pid=self.pid, age=self.beat_age, doing=doing
            )
        return _("process {pid}, {doing}").format(pid=self.pid, doing=doing)

    def as_json(self) -> dict[str, Any]:
        """For programs: the fields, and the same in words as `said`."""
        return {**asdict(self), "said": self.said}


def worker_state(project: Project) -> WorkerState:
    """Whether a worker runs, and what it does; asks the lock, never the database."""
    pid = holder(project.worker_lock)
    if pid is None:
        return WorkerState("not running")
    info = read_info(project.worker_lock)
    if info is None or pid not in (info.pid, 0):
        return WorkerState("running", pid)
    age = max(0.0, clock.monotonic() - info.beat) if info.boot == boot_id() else None
    stalled = age is not None and age > STALLED_SECONDS
    return WorkerState("stalled" if stalled else "running", pid, info.doing, info.job, age)


def effective_jobs(project: Project, con: Connection, found: Sequence[Job]) -> list[Job]:
    """The jobs with `running` only where that is true: what a dead worker left behind is `interrupted`."""
    if all(job.state != "running" for job in found) or _answers_for_jobs(project):
        return list(found)
    # it may have ended them properly since they were read: look again, now that nobody can be at work on them
    again = [jobs.get(con, job.id) or job if job.state == "running" else job for job in found]
    return [replace(job, state="interrupted") if job.state == "running" else job for job in again]


def _answers_for_jobs(project: Project) -> bool:
    """Whether a worker lives that has already put right what the one before it left."""
    pid = holder(project.worker_lock)
    if pid is None:
        return False
    info = read_info(project.worker_lock)
    return info is not None and info.ready and pid in (info.pid, 0)
