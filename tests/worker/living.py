"""What tests of living workers need: waiting, and looking who is there."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from core.connection import Connection
from core.project import Project
from core.records import Job
from core.store import jobs


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> float:
    """Wait until it is true; returns how long that took."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, "waited in vain"
        time.sleep(0.01)
    return time.monotonic() - start


def over(con: Connection, job_id: int, seconds: float = 10.0) -> Job:
    """The job, once it is over."""
    wait_until(lambda: state_of(con, job_id) in ("done", "failed", "cancelled"), seconds)
    job = jobs.get(con, job_id)
    assert job is not None
    return job


def state_of(con: Connection, job_id: int) -> str:
    job = jobs.get(con, job_id)
    assert job is not None
    return job.state


def workers(project: Project) -> list[int]:
    """Living processes that were started for this project."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"-m" in words and os.fsencode(project.root) in words:
                found.append(int(entry.name))
    return found
