"""`python -P -m core.simulation`: a simulation in a process of its own, which may load what the terminal may not.

The plan and the directory to work in come as JSON on stdin; events go out as lines of JSON. The directory belongs to
the parent, which removes it; should the parent be gone, this process removes it and ends.
"""

import json
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from core import clock
from core.connection import DatabaseError
from core.errors import HandfulError
from core.simulation import plan as plans
from core.simulation.plan import Plan
from core.worker import running

_LOOK_SECONDS = 0.5


def main() -> int:
    """Simulate what stdin asks for; returns the exit code."""
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, too, and ends this process
    request: dict[str, Any] = json.load(sys.stdin)
    folder, parent = Path(request["folder"]), os.getppid()
    threading.Thread(target=_end_with, args=(parent, folder), daemon=True).start()
    try:
        return _work(plans.from_json(request["plan"]), folder)
    finally:
        if os.getppid() != parent:
            _remove(folder)


def _work(plan: Plan, folder: Path) -> int:
    """Write the events as lines of JSON; what libraries print goes to stderr."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as out:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

        def tell(kind: str, payload: object) -> None:
            out.write(json.dumps({"kind": kind, "payload": payload}) + "\n")
            out.flush()

        try:
            from core.simulation.study import simulate

            for event in simulate(plan, folder):
                tell(event.kind, dict(event.payload))
        except (HandfulError, OSError, MemoryError, DatabaseError) as error:
            said = running.in_words(error, folder)
            if said is None:
                raise
            tell("error", {"title": said.title, "what": said.what, "hint": said.hint, "exit_code": said.exit_code})
            return said.exit_code
    return 0


def _end_with(parent: int, folder: Path) -> None:
    while os.getppid() == parent:
        clock.sleep(_LOOK_SECONDS)
    _remove(folder)
    os._exit(130)


def _remove(folder: Path) -> None:
    for _attempt in range(2):  # the other thread may be writing meanwhile
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
