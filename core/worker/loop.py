"""The worker's life: put right what the last one left, take jobs one by one, do the duty, end when idle.

Nothing handed over is ever left lying. Who commits work looks for a worker afterwards (`core.worker.launch`); a worker
that wants to end lets go of its lock first and looks at the database once more after that. So either the one sees a
free lock, or the other sees the work.
"""

import math
from collections.abc import Callable

from core import clock, plugins, publish
from core.connection import Connection, DatabaseError, data_version
from core.errors import CancelledError, HandfulError
from core.i18n import _
from core.project import Project
from core.records import Job, JobEvent
from core.settings import FILE, Settings
from core.store import jobs
from core.worker import running
from core.worker.lock import WorkerLock
from core.worker.log import logger
from core.worker.protocol import JobContext, JobKind
from core.worker.running import Ending, StoppedError
from core.worker.watch import Watch

POLL_SECONDS = 0.1
RETRY_SECONDS = 10.0
"""When the duty is tried again after the system refused something; after other failures it waits for a change."""

Duty = Callable[[], bool]
"""Keeps the project fresh without being asked; True if there was something to do."""


def installed_kind(name: str) -> JobKind:
    """The job kind declared under this name; raises InputError if no installed package has it."""
    kind: JobKind = plugins.load(plugins.JOBS, name)
    return kind


class Loop:
    """One worker's work; it holds the lock already."""

    def __init__(
        self,
        project: Project,
        lock: WorkerLock,
        watch: Watch,
        duty: Duty,
        kinds: Callable[[str], JobKind] = installed_kind,
    ) -> None:
        self.project = project
        self.lock = lock
        self.watch = watch
        self.duty = duty
        self.kinds = kinds
        self._owner = f"{lock.info.pid}@{lock.info.boot}"
        self._idle_seconds: float = Settings().idle_seconds
        self._busy_at = clock.monotonic()
        self._seen: tuple[int, float] | None = None
        self._retry_at = math.inf
        self._told: set[str] = set()

    def run(self) -> int:
        """Work until idle for long enough or asked to end; returns the exit code."""
        with self.project.open() as con:
            self._recover(con)
            while not self.watch.stopping:
                if self._turn(con):
                    self._busy_at = clock.monotonic()
                elif clock.monotonic() - self._busy_at >= self._idle_seconds and self._may_end(con):
                    logger.info("nothing to do; ending")
                    return 0
                else:
                    clock.sleep(POLL_SECONDS)
        return self.watch.stopping

    def _recover(self, con: Connection) -> None:
        for job_id in jobs.recover(con):
            logger.warning("job %d was cut off", job_id)
        for parent in (self.project.embeddings, self.project.scores, self.project.rounds, self.project.bundles):
            publish.recover(parent)
        self.lock.note(ready=True)

    def _turn(self, con: Connection) -> bool:
        """Look whether anything changed, and do what follows; True if something was done."""
        if not self._changed(con):
            return False
        self._idle_seconds = self._read_idle_seconds()
        did = self._do_duty()
        self.lock.note(deaths=0, doing="")
        job = jobs.claim(con, self._owner) if jobs.active(con) and not self.watch.stopping else None
        if job is None:
            return did
        self._run_job(con, job)
        self._seen = None
        return True

    def _run_job(self, con: Connection, job: Job) -> None:
        logger.info("job %d (%s) taken, attempt %d", job.id, job.kind, job.attempts)
        self.watch.job = job.id
        self.lock.note(job=job.id, doing=job.kind)
        try:
            with Ending(con, job, self.project.database) as ending:
                context = JobContext(self.project, job, self.project.settings())
                events = self.kinds(job.kind).run(context)
                running.run(ending, events, lambda event: self._between(ending, event))
        finally:
            self.watch.job = None
            self.lock.note(job=None, doing="")

    def _between(self, ending: Ending, event: JobEvent) -> None:
        """Between two steps of a job: raises StoppedError or CancelledError if it shall not go on."""
        job = ending.job
        if event.kind == "phase":
            self.lock.note(doing=f"{job.kind}: {event.payload.get('name', '')}")
        if self.watch.stopping:
            raise StoppedError
        if jobs.cancel_requested(ending.con, job.id):
            raise CancelledError(_("The job was cancelled."))
        if self._changed(ending.con):
            doing, ending.blameless = self.lock.info.doing, True
            self._do_duty()
            ending.blameless = False
            self.lock.note(doing=doing)

    def _changed(self, con: Connection) -> bool:
        """Whether somebody else committed or the settings were written since the last look, or a retry is due."""
        file = self.project.root / FILE
        mark = data_version(con), file.stat().st_mtime if file.exists() else 0.0
        if mark == self._seen and clock.monotonic() < self._retry_at:
            return False
        self._seen, self._retry_at = mark, math.inf
        return True

    def _may_end(self, con: Connection) -> bool:
        """Let go of the lock, then look once more: True if nothing was handed over, or another worker has it now."""
        self.lock.release()
        if not self._changed(con) and not jobs.active(con):
            return True
        if not self.lock.acquire():
            return True
        self._seen = None
        self._recover(con)
        return False

    def _do_duty(self) -> bool:
        self.lock.note(doing=_("keeping the queue fresh"))
        try:
            return self.duty()
        except HandfulError as error:
            self._tell_once(error)
        except (MemoryError, OSError, DatabaseError) as error:
            said = running.in_words(error, self.project.database)
            if said is None:
                raise
            self._tell_once(said)
            self._retry_at = clock.monotonic() + RETRY_SECONDS
        return False

    def _read_idle_seconds(self) -> float:
        try:
            return self.project.settings().idle_seconds
        except HandfulError as error:
            self._tell_once(error)
            return self._idle_seconds

    def _tell_once(self, error: HandfulError) -> bool:
        if str(error) in self._told:
            return False
        self._told.add(str(error))
        logger.warning("%s", error.title)
        return True
