"""The thread beside the work: it beats, and sees to it that cancelling and ending happen in time.

The work notices both by itself between two steps. A step that takes too long, in C code perhaps, is not waited for:
this thread then writes the job's state through its own connection and ends the process.
"""

import os
import select
import signal
import threading
from collections.abc import Callable

from core import clock
from core.connection import Connection, OperationalError
from core.project import Project
from core.store import jobs
from core.worker.lock import WorkerLock
from core.worker.log import logger

BEAT_SECONDS = 1.0
LOOK_SECONDS = 0.5
CANCEL_PATIENCE = 3.8
"""With a look before and the last word after it this stays below the five seconds that are promised."""
STOP_PATIENCE = 1.2
LAST_WORD = 0.5
"""Seconds for the state to be written before the process ends without it; the next worker puts it right."""
LOST = 4


class Watch(threading.Thread):
    """Heartbeat of one worker."""

    def __init__(self, project: Project, lock: WorkerLock, successor: Callable[[], object]) -> None:
        super().__init__(name="watch", daemon=True)
        self.project = project
        self.lock = lock
        self.successor = successor
        """Called when this process ends itself in the middle of other work, to start the next worker."""
        self.job: int | None = None
        """The job under way; set by the working thread."""
        self.stopping = 0
        """The exit code, once the process was asked to end."""
        self._out, self.wakeup = os.pipe()
        """`wakeup`: a signal's number written here is obeyed, even while the working thread hangs in C code."""
        os.set_blocking(self.wakeup, False)
        self._over = threading.Event()
        self._stop_by = 0.0
        self._cancel_seen: tuple[int, float] | None = None

    def close(self) -> None:
        """End the thread in good order."""
        self._over.set()
        os.write(self.wakeup, b"\0")
        if self.is_alive():
            self.join(LAST_WORD)
        if not self.is_alive():
            os.close(self._out)
            os.close(self.wakeup)

    def run(self) -> None:
        """Until closed; the process does not go on without it."""
        try:
            with self.project.open() as con:
                while not self._over.is_set():
                    self._listen()
                    self._beat()
                    self._mind_stop(con)
                    self._mind_cancel(con)
        finally:
            if not self._over.is_set():
                logger.error("the heartbeat failed", exc_info=True)
                os._exit(LOST)

    def _listen(self) -> None:
        ready, _w, _x = select.select([self._out], [], [], self._pause())
        numbers = set(os.read(self._out, 64)) if ready else set()
        for number in numbers & {signal.SIGTERM, signal.SIGINT}:
            if not self.stopping:
                self._stop_by = clock.monotonic() + STOP_PATIENCE
                self.stopping = 128 + number

    def _pause(self) -> float:
        """Seconds until it must look again."""
        ends = [self._stop_by] if self.stopping else []
        ends += [self._cancel_seen[1] + CANCEL_PATIENCE] if self._cancel_seen else []
        return min(LOOK_SECONDS, *(max(0.0, end - clock.monotonic()) for end in ends)) if ends else LOOK_SECONDS

    def _beat(self) -> None:
        if not self.lock.in_place():
            logger.error("the lock file is gone or was replaced; ending, for another worker may start")
            os._exit(LOST)
        if clock.monotonic() - self.lock.info.beat >= BEAT_SECONDS:
            self.lock.note()

    def _mind_stop(self, con: Connection) -> None:
        job = self.job
        if not self.stopping or clock.monotonic() < self._stop_by:
            return
        _exit_in(LAST_WORD, self.stopping)
        self.lock.note(ended=True)
        if job is not None and _written(lambda: jobs.release(con, job)):
            logger.info("job %d was cut off in the middle of a step", job)
        os._exit(self.stopping)

    def _mind_cancel(self, con: Connection) -> None:
        job = self.job
        if job is None or not _written(lambda: jobs.cancel_requested(con, job)):
            self._cancel_seen = None
            return
        now = clock.monotonic()
        if self._cancel_seen is None or self._cancel_seen[0] != job:
            self._cancel_seen = (job, now)
        if now - self._cancel_seen[1] < CANCEL_PATIENCE:
            return
        in_any_case = _exit_in(LAST_WORD, 1)
        cancelled = _written(lambda: jobs.finish(con, job, "cancelled"))
        in_any_case.cancel()
        if cancelled:
            logger.info("job %d cancelled; it did not react, so the worker ends", job)
            self.lock.note(ended=True)
            self.successor()
            os._exit(1)


def _written(say: Callable[[], bool]) -> bool:
    """False if the work was quicker, or the database is busy all the time."""
    try:
        return say()
    except OperationalError:
        return False


def _exit_in(seconds: float, code: int) -> threading.Timer:
    timer = threading.Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()
    return timer
