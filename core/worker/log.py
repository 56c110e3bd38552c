"""The worker's log: `logs/worker.log`, 0600, at most 10 MB with its older parts, and never a text of the data in it.

Every line passes `visible`. Of an exception only its type and the lines of code are written, never its message or its
locals, for those may quote a row; the job's own record keeps the message, in the database where the rows are too.
"""

import faulthandler
import io
import logging
import os
import sys
import threading
import traceback
from collections import deque
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from core import clock
from core.project import Project
from core.publish import FILE_MODE, make_dir
from core.show import visible

NAME = "worker.log"
PART_BYTES = 2_400_000
OLD_PARTS = 3
LONGEST = 4000
"""Characters kept of one message."""

_STDERR = 2
_CHAIN = 5
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC

logger = logging.getLogger("handful.worker")


def path(project: Project) -> Path:
    """Where the newest part of the log lies."""
    return project.logs / NAME


def open_raw(file: Path) -> int:
    """A descriptor that appends to a log file, which nobody but its owner can read."""
    make_dir(file.parent)
    fd = os.open(file, _FLAGS, FILE_MODE)
    os.fchmod(fd, FILE_MODE)
    return fd


def start(project: Project) -> None:
    """From now on everything this process has to say goes to the log: records, warnings, stderr, faults of C code."""
    logging.raiseExceptions = False  # a full disk must not end the work
    handler = Handler(path(project), maxBytes=PART_BYTES, backupCount=OLD_PARTS, encoding="utf-8")
    handler.setFormatter(_Formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logger.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    sys.stderr = _Lines()
    sys.excepthook = _unexpected
    threading.excepthook = lambda args: _unexpected(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _unexpected(args.exc_type, args.exc_value, args.exc_traceback)
    faulthandler.enable(_STDERR)


def tail(project: Project, n: int) -> list[str]:
    """The last `n` lines, oldest first, fit for a screen."""
    newest = path(project)
    found: list[str] = []
    for file in (newest, *(newest.with_name(f"{NAME}.{part}") for part in range(1, OLD_PARTS + 1))):
        if len(found) >= n:
            break
        if file.is_file():
            with file.open(encoding="utf-8", errors="replace") as lines:
                found = [visible(line.rstrip("\n")) for line in deque(lines, n - len(found))] + found
    return found


def frames(error: BaseException | None) -> list[str]:
    """An exception and its causes as lines: types, places and code, but no message and no locals."""
    lines: list[str] = []
    for _link in range(_CHAIN):
        if error is None:
            break
        why = f" ({os.strerror(error.errno)})" if isinstance(error, OSError) and error.errno else ""
        lines.append(f"{type(error).__module__}.{type(error).__qualname__}{why}")
        lines += [f"  {f.filename}:{f.lineno} {f.name}: {f.line}" for f in traceback.extract_tb(error.__traceback__)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return [visible(line) for line in lines]


class Handler(RotatingFileHandler):
    """Rotates by size; the standard error of C code follows it into each new file."""

    def _open(self) -> io.TextIOWrapper:
        fd = open_raw(Path(self.baseFilename))
        os.dup2(fd, _STDERR)
        return os.fdopen(fd, "a", encoding="utf-8", errors="replace")


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        lines = [visible(record.getMessage()[:LONGEST])]
        if record.exc_info:
            lines += frames(record.exc_info[1])
        head = f"{clock.iso(clock.now())} {os.getpid()} {record.levelname}"
        return "\n".join(f"{head} {line}" for line in lines)


class _Lines(io.TextIOBase):
    """Stands in for sys.stderr: what a library prints becomes lines of the log."""

    def __init__(self) -> None:
        self._rest = ""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return _STDERR

    def write(self, text: str) -> int:
        *lines, rest = (self._rest + text).replace("\r", "\n").split("\n")
        self._rest = rest[:LONGEST]
        for line in lines:
            if line.strip():
                logger.info("%s", line)
        return len(text)


def _unexpected(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    whole = error or kind()
    logger.error("unexpected", exc_info=(kind, whole, trace))
