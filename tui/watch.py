"""What moved since one looked last: the database, the worker, and jobs that ended in the background."""

from dataclasses import dataclass
from typing import Literal

from core import clock
from core.i18n import _
from core.records import Job
from core.store import jobs, leases
from tui.session import Session

WORKER_SECONDS = 1.0
"""How often the worker's lock is asked."""

Severity = Literal["information", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Said:
    """Something a person should know wherever they are."""

    text: str
    severity: Severity = "information"


@dataclass(frozen=True, slots=True)
class News:
    """What one look brought."""

    moved: bool = False
    worker: bool = False
    said: tuple[Said, ...] = ()


class Watch:
    """Looks at one project, cheaply enough to do it ten times a second."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked_worker = 0.0
        self._kept = clock.monotonic()
        self._open = {job.id for job in jobs.active(session.con)}

    def look(self) -> News:
        """What changed since the last look."""
        worker = False
        if clock.monotonic() - self._asked_worker >= WORKER_SECONDS:
            self._asked_worker = clock.monotonic()
            worker = self._session.look_at_worker()
        if clock.monotonic() - self._kept >= leases.RENEW_SECONDS:
            self._kept = clock.monotonic()
            self._session.keep()
        if not self._session.moved():
            return News(worker=worker)
        return News(moved=True, worker=worker, said=self._ended())

    def _ended(self) -> tuple[Said, ...]:
        con = self._session.con
        now = {job.id for job in jobs.active(con)}
        over, self._open = self._open - now, now
        found = [job for job_id in sorted(over) if (job := jobs.get(con, job_id)) is not None]
        return tuple(said for job in found if (said := _words(job)) is not None)


def _words(job: Job) -> Said | None:
    result = job.result or {}
    if job.state == "failed":
        return Said((job.error or {}).get("title") or _("{kind} failed.").format(kind=job.kind), "error")
    if job.state == "cancelled":
        return Said(_("{kind} was cancelled.").format(kind=job.kind), "warning")
    said = result.get("verdict") or result.get("path")
    return Said(_("{kind}: {said}").format(kind=job.kind, said=said)) if said else None
