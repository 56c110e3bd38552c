"""Kinds of jobs that behave well and badly, installed for the worker by the dist-info directory beside this file."""

import errno
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.errors import RefusedError
from core.records import JobEvent
from core.worker.protocol import JobContext

ROW_TEXT = "Frau Müller, Konto 4711"


@dataclass(frozen=True)
class Kind:
    name: str
    run: Callable[[JobContext], Iterator[JobEvent]]


def _sleepy(context: JobContext) -> Iterator[JobEvent]:
    """Yields often; leaves a file if it was closed in good order."""
    seconds = context.job.args.get("seconds", 60)
    yield JobEvent("phase", {"name": "sleep"})
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            yield JobEvent("progress", {"done": 1, "total": 2, "what": "sleep"})
            time.sleep(0.02)
    finally:
        time.sleep(0.05)
        (context.project.root / "tidied").touch()
    yield JobEvent("result", {"slept": seconds, "idle_seconds": context.settings.idle_seconds})


def _stubborn(context: JobContext) -> Iterator[JobEvent]:
    """One step that takes a minute."""
    yield JobEvent("phase", {"name": "stare"})
    time.sleep(60)


def _failing(context: JobContext) -> Iterator[JobEvent]:
    yield JobEvent("note", {"text": "about to fail"})
    raise RefusedError("No.", "Too few labels.", "Label more.")


def _crashing(context: JobContext) -> Iterator[JobEvent]:
    row = ROW_TEXT
    yield JobEvent("note", {"text": "about to crash"})
    raise ValueError(row)


def _full(context: JobContext) -> Iterator[JobEvent]:
    yield JobEvent("note", {})
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere/model")


def _deadly(context: JobContext) -> Iterator[JobEvent]:
    yield JobEvent("note", {"text": "about to die"})
    os.kill(os.getpid(), signal.SIGKILL)


def _counting(context: JobContext) -> Iterator[JobEvent]:
    """Counts in a file, one step every 20 ms; takes up what the last complete step left."""
    file = context.project.root / "steps"
    for step in range(len(file.read_text().split()) if file.exists() else 0, context.job.args["to"]):
        with file.open("a") as out:
            out.write(f"{step}\n")
        yield JobEvent("progress", {"done": step + 1, "total": context.job.args["to"]})
        time.sleep(0.02)
    yield JobEvent("result", {"counted": context.job.args["to"]})


COUNTING = Kind("counting", _counting)
CRASHING = Kind("crashing", _crashing)
DEADLY = Kind("deadly", _deadly)
FAILING = Kind("failing", _failing)
FULL = Kind("full", _full)
SLEEPY = Kind("sleepy", _sleepy)
STUBBORN = Kind("stubborn", _stubborn)
