"""A worker's process from its first to its last moment: lock, log, signals, heartbeat, then the loop."""

import signal
from collections.abc import Callable
from types import FrameType

from core import __version__
from core.project import Project
from core.worker import environment, launch, log
from core.worker.lock import WorkerLock
from core.worker.log import logger
from core.worker.loop import Duty, Loop, installed_kind
from core.worker.protocol import JobKind
from core.worker.running import JobCrashError
from core.worker.watch import Watch

LOCK_PATIENCE = 0.5
"""Seconds to wait for the lock of a worker that is just ending and started this one."""


def serve(project: Project, duty: Duty, kinds: Callable[[str], JobKind] = installed_kind) -> int:
    """Be the project's worker; returns the exit code: 0 at once if there is one already.

    Afterwards the process must end without waiting for anything (`os._exit`): a job may have left threads behind.
    """
    environment.settle()
    lock = WorkerLock(project.worker_lock)
    watch = Watch(project, lock, lambda: launch.start(project))
    _listen(watch)  # first: whoever sees the lock held may ask its holder to end
    if not lock.acquire(LOCK_PATIENCE):
        return 0
    log.start(project)
    logger.info("worker started, version %s", __version__)
    watch.start()
    crashed = False
    try:
        code = Loop(project, lock, watch, duty, kinds).run()
    except JobCrashError:
        crashed, code = True, 1
    finally:
        signal.set_wakeup_fd(-1)
        watch.close()
    lock.release()
    if crashed:
        logger.info("ending; another worker goes on")
        launch.start(project)
    elif code:
        logger.info("ending, as asked")
    return code


def _listen(watch: Watch) -> None:
    """Signals reach the watching thread at once, even while the working thread hangs; a lost terminal is nothing."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _noticed)
    signal.set_wakeup_fd(watch.wakeup, warn_on_full_buffer=False)


def _noticed(_number: int, _frame: FrameType | None) -> None:
    """A signal without a handler would end the process before the job is back in the queue."""
