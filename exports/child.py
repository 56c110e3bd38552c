"""Work in a process of its own that speaks in job events: the two sides of it.

The parent (`events_of`) runs in the worker; it yields what the child says, something at least every half second, and
ends the child when it is closed. The child (`main`) is any module run with `python -P -m`. Tracing a model for export
patches torch while it runs and can't be interrupted; in a process of its own it harms nobody and can be ended at once.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from core import clock
from core.errors import HandfulError, InputError, RefusedError
from core.i18n import _
from core.records import JobEvent
from core.show import shorten

BEAT = 0.5
"""Seconds after which a child that says nothing is reported to be still at work."""
_ERROR = "error"
_OFFLINE = {"HF_HUB_OFFLINE": "1"}
"""All that an export needs lies on this machine."""


def events_of(module: str, folder: Path, *, what: str) -> Iterator[JobEvent]:
    """Run `python -P -m module folder` and yield its events up to `result`, with beats of progress called `what`.

    Raises the HandfulError the child ended with, or RefusedError with its last words if it ended otherwise.
    """
    command = [sys.executable, "-P", "-m", module, os.fspath(folder)]
    with (
        TemporaryFile() as errors,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=os.environ | _OFFLINE
        ) as child,
    ):
        done = yield from _listen(child, what)
        if not done:
            errors.seek(0)
            last = errors.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
            raise RefusedError(
                _("A part of the work failed unexpectedly."),
                shorten(f"{module} ({child.wait()}): {last[-1] if last else ''}", 500),
                _("It takes about four times the encoder's size in memory: see that there is as much."),
            )


def result_of(module: str, folder: Path, *, what: str) -> Generator[JobEvent, None, dict[str, Any]]:
    """Pass on a child's events but the last; returns the payload of its result."""
    result: dict[str, Any] = {}
    for event in events_of(module, folder, what=what):
        if event.kind == "result":
            result = dict(event.payload)
        else:
            yield event
    return result


def _listen(child: "subprocess.Popen[bytes]", what: str) -> Generator[JobEvent, None, bool]:
    """Yield the child's events until its result, True then; False if it ended without one."""
    lines: queue.Queue[bytes] = queue.Queue()
    reader = threading.Thread(target=_pump, args=(child.stdout, lines), daemon=True)
    reader.start()
    since, ended = clock.monotonic(), False
    try:
        while True:
            try:
                line = b"" if ended else lines.get(timeout=BEAT)
                if ended := not line:
                    child.wait(BEAT)
                    return False
            except (queue.Empty, subprocess.TimeoutExpired):
                yield JobEvent("progress", {"what": what, "seconds": round(clock.monotonic() - since, 1)})
                continue
            said = json.loads(line)
            if said["kind"] == _ERROR:
                raise _error(said["payload"])
            yield JobEvent(said["kind"], said["payload"])
            if said["kind"] == "result":
                return True  # taking torch apart at exit costs a second; nobody waits for it
    finally:
        child.kill()
        reader.join()


def _pump(stream: IO[bytes], lines: "queue.Queue[bytes]") -> None:
    """Put line after line into the queue, and an empty one when there are no more."""
    for line in stream:
        lines.put(line)
    lines.put(b"")


def _error(payload: dict[str, Any]) -> HandfulError:
    kinds: dict[int, type[HandfulError]] = {kind.exit_code: kind for kind in (InputError, RefusedError)}
    return kinds.get(payload["exit_code"], HandfulError)(payload["title"], payload["what"], payload["hint"])


def main(work: Callable[[Path], Iterator[JobEvent]], argv: Sequence[str]) -> int:
    """The child's side: do `work(folder)` and write its events as lines of JSON; returns the exit code.

    What libraries print goes to stderr. The process ends itself when its parent is gone.
    """
    if len(argv) != 1:
        sys.stderr.write("give one directory\n")
        return 2
    _end_with_parent()
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as out:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

        def say(kind: str, payload: object) -> None:
            out.write(json.dumps({"kind": kind, "payload": payload}) + "\n")
            out.flush()

        try:
            for event in work(Path(argv[0])):
                say(event.kind, dict(event.payload))
        except HandfulError as error:
            words = {"title": error.title, "what": error.what, "hint": error.hint, "exit_code": error.exit_code}
            say(_ERROR, words)
            return error.exit_code
    return 0


def _end_with_parent() -> None:
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            clock.sleep(BEAT)
        os._exit(130)

    threading.Thread(target=watch, daemon=True).start()
