"""The one place that asks what time it is, so that tests can move it.

Order is never taken from time (sequence numbers decide); spans of time come from the monotonic clock.
"""

import time
from functools import cache
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def now() -> float:
    """Seconds since the epoch: for people to read, never for ordering."""
    return time.time()


def monotonic() -> float:
    """Seconds since some moment of this boot, shared by all processes of the machine."""
    return time.monotonic()


@cache
def boot_id() -> str:
    """A name of this boot of the machine, to which `monotonic` belongs; empty where the system gives none."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def sleep(seconds: float) -> None:
    """Wait, at least about this long."""
    time.sleep(seconds)


def iso(moment: float) -> str:
    """A moment as ISO 8601 in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def local(moment: float) -> str:
    """A moment as people where this process runs write it, to the minute."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
