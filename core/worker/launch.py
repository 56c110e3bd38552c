"""Starting and ending the worker from the terminal.

Whoever commits work, a label or a job, calls `ensure_running` afterwards. It answers at once if a worker lives; that
is enough, for a worker that ends looks once more after it has let go of its lock (`core.worker.loop`).
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from core import __version__, clock
from core.clock import boot_id
from core.errors import HandfulError, RefusedError
from core.i18n import _
from core.project import Project
from core.settings import cores
from core.worker import environment, log
from core.worker.lock import WorkerInfo, holder, read_info
from core.worker.protocol import PROTOCOL

MODULE = "core.worker"
START_SECONDS = 15.0
STOP_SECONDS = 3.0
WORD_SECONDS = 1.0
"""Until a process that took the lock has written who it is."""
MAX_DEATHS = 3
"""Deaths in a row, without having got anywhere, after which nothing is started for a while."""
PAUSE_SECONDS = 60.0

_POLL = 0.02


def ensure_running(project: Project) -> int:
    """The process id of the project's worker, started if there is none; returns once it holds its lock.

    Raises HandfulError if it can't be started, RefusedError if a worker of another version is in the middle of a job.
    """
    end = clock.monotonic() + START_SECONDS
    child: subprocess.Popen[bytes] | None = None
    while clock.monotonic() < end:
        pid = holder(project.worker_lock)
        if pid is not None:
            info = read_info(project.worker_lock)
            if info is not None and pid in (info.pid, 0):
                if not _outdated(info):
                    return pid
                _replace(project, info)
        elif child is None or _had_its_turn(project, child):
            _refuse_crash_loop(project)
            child = start(project)
        elif child.poll() is not None:
            raise _not_started(project)
        clock.sleep(_POLL)
    raise _not_started(project)


def start(project: Project) -> subprocess.Popen[bytes]:
    """Start a worker in a session of its own, so that it outlives the terminal; it ends at once if one is there.

    `-P` keeps the current directory off its import path: a folder named `core` there would run instead.
    """
    try:
        child = _spawn(project)
    except OSError as error:
        what = ": ".join(str(part) for part in (error.filename, error.strerror) if part)
        raise HandfulError(
            _("The worker can't be started."), what, _("See whether you may write to {path}.").format(path=project.root)
        ) from error
    # somebody must take its exit status, or it stays a zombie as long as a terminal that runs for days
    threading.Thread(target=child.wait, name="worker-reaper", daemon=True).start()
    return child


def _had_its_turn(project: Project, child: subprocess.Popen[bytes]) -> bool:
    """Whether it is over with the process because another one was quicker, or after it had been the worker itself."""
    code, info = child.poll(), read_info(project.worker_lock)
    return code == 0 or (code is not None and info is not None and info.pid == child.pid)


def _spawn(project: Project) -> subprocess.Popen[bytes]:
    stderr = log.open_raw(log.path(project))
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE, str(project.root.absolute())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            cwd="/",
            env=environment.child_environment(os.environ, cores()),
            start_new_session=True,
            umask=0o077,
        )
    finally:
        os.close(stderr)


def stop(project: Project) -> bool:
    """End the worker: asked first, killed if it does not listen; its job is taken up by the next one.

    True if there was one. Raises RefusedError for a worker that can't be reached from here.
    """
    pid = holder(project.worker_lock)
    if pid is None:
        return False
    for sign in (signal.SIGTERM, signal.SIGKILL):
        _signal(project, pid, sign)
        end = clock.monotonic() + STOP_SECONDS
        while clock.monotonic() < end:
            if holder(project.worker_lock) != pid:
                return True
            clock.sleep(_POLL)
    raise _unreachable(project.worker_lock)


def _signal(project: Project, pid: int, sign: signal.Signals) -> None:
    """Signal the holder, if it is a process of this machine and its own word agrees with the kernel's."""
    end = clock.monotonic() + WORD_SECONDS
    while not _introduced(project, pid):
        if holder(project.worker_lock) != pid:
            return
        if pid <= 0 or clock.monotonic() > end:
            raise _unreachable(project.worker_lock)
        clock.sleep(_POLL)
    with suppress(ProcessLookupError):  # gone meanwhile
        os.kill(pid, sign)


def _introduced(project: Project, pid: int) -> bool:
    """Whether the process wrote itself into the lock, as it does a moment after it took it."""
    info = read_info(project.worker_lock)
    return info is not None and (info.pid, info.boot) == (pid, boot_id())


def _outdated(info: WorkerInfo) -> bool:
    return (info.protocol, info.version) != (PROTOCOL, __version__)


def _replace(project: Project, info: WorkerInfo) -> None:
    if info.job is not None:
        raise RefusedError(
            _("A worker of another version of Handful is at work."),
            _("It is version {theirs} (protocol {their_protocol}), this is {ours} (protocol {protocol}).").format(
                theirs=info.version, their_protocol=info.protocol, ours=__version__, protocol=PROTOCOL
            ),
            _("Wait until its job {id} is over, or cancel it: handful cancel DIR {id}").format(id=info.job),
        )
    stop(project)


def _refuse_crash_loop(project: Project) -> None:
    info = read_info(project.worker_lock)
    if info is None or info.ended or info.boot != boot_id() or info.deaths + 1 < MAX_DEATHS:
        return
    since = clock.monotonic() - info.beat
    if 0 <= since < PAUSE_SECONDS:
        wait = PAUSE_SECONDS - since + 1
        raise HandfulError(
            _("The worker died {n} times in a row.").format(n=info.deaths + 1),
            _last_line(project),
            _("See the log (handful logs); it can be started again in {n:.0f} seconds.").format(n=wait),
        )


def _not_started(project: Project) -> HandfulError:
    return HandfulError(_("The worker can't be started."), _last_line(project), _("See the log: handful logs"))


def _unreachable(path: Path) -> RefusedError:
    return RefusedError(
        _("The worker can't be ended from here."),
        _("Another machine, container or user holds {path}.").format(path=path),
        _("End it where it runs."),
    )


def _last_line(project: Project) -> str:
    return (log.tail(project, 1) or [""])[0]
