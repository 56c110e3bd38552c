"""One worker per project: a POSIX record lock on `worker.lock`, held for the worker's life.

The kernel frees the lock however the process ends, and children do not inherit it; so a held lock means a living
worker. Closing *any* descriptor of the file would drop it, therefore the worker opens the file once, and everybody
else asks with F_GETLK. The file's content says who the holder is; it is written in place through that one descriptor.
"""

import fcntl
import json
import os
import struct
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from core import __version__, clock
from core.clock import boot_id
from core.errors import InputError
from core.i18n import _
from core.publish import FILE_MODE
from core.show import shorten
from core.worker.protocol import PROTOCOL

SIZE = 1024
"""Bytes of the padded JSON: written and read in one call, so that a reader sees all of one beat or all of the next."""

DOING = 60
"""Characters of the text that says what it does."""

_POLL = 0.02
_FLOCK = "qqihh" if sys.platform == "darwin" else "hhqqi4x"

_held: dict[str, "WorkerLock"] = {}


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """What the content of the lock file says."""

    pid: int
    boot: str
    """Which boot of the machine `pid` and `beat` belong to; empty where that can't be told."""
    protocol: int
    version: str
    beat: float
    """Monotonic seconds of the last sign of life."""
    job: int | None = None
    """The job under way."""
    doing: str = ""
    """What it does now, in a few words."""
    ready: bool = False
    """True once jobs that a dead worker left behind are recovered."""
    ended: bool = False
    """True if it ended as it should; a content without it whose lock is free was left by a death."""
    deaths: int = 0
    """How many workers in a row died before this one without having got anywhere."""


class WorkerLock:
    """The lock as its holder sees it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.info = WorkerInfo(os.getpid(), boot_id(), PROTOCOL, __version__, clock.monotonic())
        self._fd = -1
        self._holding = False
        self._writing = threading.Lock()

    def acquire(self, patience: float = 0.0) -> bool:
        """Take the lock, trying for `patience` seconds; False if another process has it.

        Raises InputError if the file can't be opened.
        """
        if _own(self.path) is not None:
            return False  # record locks don't keep a process from itself
        if self._fd < 0:
            self._fd = _open(self.path, os.O_RDWR | os.O_CREAT)
            os.fchmod(self._fd, FILE_MODE)
        end = clock.monotonic() + patience
        while not self._try():
            if clock.monotonic() >= end:
                return False
            clock.sleep(_POLL)
        _held[os.path.realpath(self.path)] = self
        self._holding = True
        before = _parse(os.pread(self._fd, SIZE, 0))
        died = before is not None and not before.ended and before.boot == self.info.boot
        self.note(ready=False, ended=False, deaths=before.deaths + 1 if before is not None and died else 0)
        return True

    def _try(self) -> bool:
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # POSIX allows either for "held by another"
            return False
        return True

    def release(self) -> None:
        """Let go of the lock without closing the file, having noted an orderly end."""
        self.note(ended=True, job=None, doing="")
        with self._writing:  # from here on the content belongs to whoever takes the lock
            self._holding = False
            _held.pop(os.path.realpath(self.path), None)
            fcntl.lockf(self._fd, fcntl.LOCK_UN)

    def note(self, **changes: Any) -> None:
        """Change what the file says about the holder; without arguments only the beat."""
        if "doing" in changes:
            changes["doing"] = shorten(changes["doing"], DOING)
        with self._writing, suppress(OSError):  # a full disk must not end the work; the beat then looks old
            self.info = replace(self.info, beat=clock.monotonic(), **changes)
            if self._holding:
                os.pwrite(self._fd, _format(self.info), 0)

    def in_place(self) -> bool:
        """Whether the path still leads to the locked file; if not, a second worker could start any moment."""
        mine = os.fstat(self._fd)
        try:
            there = os.lstat(self.path)
        except FileNotFoundError:
            return False
        return os.path.samestat(mine, there)


def holder(path: Path) -> int | None:
    """The process that holds the lock, None if nobody does; 0 if it can't be seen from here (another container).

    Raises InputError if the file can't be opened.
    """
    if _own(path) is not None:
        return os.getpid()
    try:
        fd = _open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        answer = fcntl.fcntl(fd, fcntl.F_GETLK, _question())
    finally:
        os.close(fd)
    kind, pid = _answer(answer)
    return None if kind == fcntl.F_UNLCK else max(0, pid)


def read_info(path: Path) -> WorkerInfo | None:
    """What the holder, or the last one, wrote about itself; None if there is nothing that can be read."""
    mine = _own(path)
    if mine is not None:
        return mine.info
    try:
        fd = _open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return _parse(os.pread(fd, SIZE, 0))
    finally:
        os.close(fd)


def _open(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InputError(
            _("The worker's lock can't be opened."),
            f"{path}: {error.strerror}",
            _("The project's owner alone can use it; if it is a link, remove it."),
        ) from error


def _own(path: Path) -> WorkerLock | None:
    """The lock if this very process holds it: then the file must not be opened again."""
    lock = _held.get(os.path.realpath(path))
    return lock if lock is not None and lock.info.pid == os.getpid() else None


def _question() -> bytes:
    if sys.platform == "darwin":
        return struct.pack(_FLOCK, 0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
    return struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


def _answer(flock: bytes) -> tuple[int, int]:
    """(type, pid)"""
    values = struct.unpack(_FLOCK, flock)
    return (values[3], values[2]) if sys.platform == "darwin" else (values[0], values[4])


def _format(info: WorkerInfo) -> bytes:
    return json.dumps(asdict(info), ensure_ascii=False).encode().ljust(SIZE - 1) + b"\n"


def _parse(raw: bytes) -> WorkerInfo | None:
    """What another version, or somebody's hand, may have written: unknown fields are left out, wrong ones refused."""
    try:
        found = json.loads(raw)
        known = {option.name: found[option.name] for option in fields(WorkerInfo) if option.name in found}
        info = WorkerInfo(**known)
    except (ValueError, TypeError):
        return None
    whole = all(isinstance(n, int) for n in (info.pid, info.protocol, info.deaths, info.job or 0))
    texts = all(isinstance(text, str) for text in (info.boot, info.version, info.doing))
    if not (whole and texts and isinstance(info.beat, int | float)):
        return None
    return replace(info, version=shorten(info.version, DOING), doing=shorten(info.doing, DOING))
