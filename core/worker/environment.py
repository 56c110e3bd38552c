"""What surrounds the worker: the environment it is started with, and what it does to itself before it works.

Where there are few cores one is left to the terminal, and waiting threads sleep instead of spinning: two processes
with two spinning threads each on two cores slow each other by ten times and more. Nothing phones home. Proxies,
mirrors, tokens and the choice of cards are the user's and pass untouched.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

FEW_CORES = 4
NICENESS = 10
OOM_SCORE = 500
"""When memory runs out the kernel ends the worker first, not the terminal."""

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "RAYON_NUM_THREADS")
_ALWAYS = {"HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
_OOM = Path("/proc/self/oom_score_adj")


def child_environment(given: Mapping[str, str], cpus: int) -> dict[str, str]:
    """The worker's environment, made from the terminal's; what the user has set about threads stays."""
    env = {**given, **_ALWAYS}
    env.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if cpus <= FEW_CORES:
        threads = max(1, cpus - 1)
        for name in _THREADS:
            env.setdefault(name, str(threads))
        env.setdefault("TOKENIZERS_PARALLELISM", "true" if threads > 1 else "false")
    else:
        env.setdefault("TOKENIZERS_PARALLELISM", "true")
    if "PYTHONPATH" in env:
        env["PYTHONPATH"] = _absolute(env["PYTHONPATH"])
    return env


def _absolute(search: str) -> str:
    """The same directories, seen from anywhere; an empty entry would mean the current directory and is left out."""
    return os.pathsep.join(str(Path(part).absolute()) for part in search.split(os.pathsep) if part)


def settle() -> None:
    """What the worker does to itself: private files, low priority, first to go when memory runs out (best effort)."""
    os.umask(0o077)
    with suppress(OSError):
        # set, not added to: a worker started by another worker must not sink lower each time
        os.setpriority(os.PRIO_PROCESS, 0, max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
    with suppress(OSError, ValueError):
        _OOM.write_text(str(max(OOM_SCORE, int(_OOM.read_text(encoding="ascii")))), encoding="ascii")
