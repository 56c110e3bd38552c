"""A simulation from the terminal's side: a child process that may load what the terminal may not, and its story.

The child works in a private directory below the temporary one, which is removed at the end, however it comes.
"""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any

from core.errors import HandfulError, InputError, RefusedError
from core.i18n import _
from core.records import JobEvent
from core.settings import cores
from core.show import shorten
from core.simulation.plan import Plan
from core.worker import environment
from tui.output import Progress, say

MODULE = "core.simulation"
_ERROR, _RESULT = "error", "result"


def events(plan: Plan) -> Generator[JobEvent, None, None]:
    """Run the plan and yield what the child tells, the result last; closing the generator ends the child.

    Raises the HandfulError the child ended with, or RefusedError with its last words if it ended otherwise.
    """
    with (
        TemporaryDirectory(prefix="handful-simulation-") as folder,
        TemporaryFile() as errors,
        _child(errors) as child,
    ):
        yield from _listen(child, plan, folder, errors)


@contextmanager
def _child(errors: IO[bytes]) -> Iterator["subprocess.Popen[bytes]"]:
    """The child, in a session of its own so that Ctrl-C reaches this process alone; ended with the block."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment.child_environment(os.environ, cores()),
        start_new_session=True,
        umask=0o077,
    )
    with child:
        try:
            yield child
        finally:
            child.kill()


def _listen(child: "subprocess.Popen[bytes]", plan: Plan, folder: str, errors: IO[bytes]) -> Iterator[JobEvent]:
    assert child.stdin is not None  # noqa: S101 (they are pipes)
    assert child.stdout is not None  # noqa: S101
    with suppress(BrokenPipeError):  # it could not even start: its last words say why
        child.stdin.write(json.dumps({"plan": plan.as_json(), "folder": folder}).encode())
        child.stdin.close()
    for line in child.stdout:
        said = json.loads(line)
        if said["kind"] == _ERROR:
            raise _error(said["payload"])
        yield JobEvent(said["kind"], said["payload"])
        if said["kind"] == _RESULT:
            return
    raise _ended(child.wait(), errors)  # waited for: until its end it still writes its last words


def _ended(status: int, errors: IO[bytes]) -> RefusedError:
    """What to say of a child that left no result: killed by the system or by a failure of its own."""
    errors.seek(0)
    last = errors.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
    return RefusedError(
        _("The simulation ended unexpectedly."),
        shorten(f"{MODULE} ({status}): {last[-1] if last else ''}", 500),
        _("It takes about four times the encoder's size in memory: see that there is as much.")
        if status < 0
        else _("Its last words name what failed; `handful doctor` looks over what is installed."),
    )


def _error(payload: dict[str, Any]) -> HandfulError:
    kinds: dict[int, type[HandfulError]] = {kind.exit_code: kind for kind in (InputError, RefusedError)}
    return kinds.get(payload["exit_code"], HandfulError)(payload["title"], payload["what"], payload["hint"])


class Narrator:
    """Tells on stderr what happens: each run in a line of its own, each step, too, if there is only one run."""

    def __init__(self, runs: int) -> None:
        self._runs, self._done = runs, 0
        self._line = Progress()

    def tell(self, event: JobEvent) -> None:
        """Say one event of a simulation; its result is not said."""
        payload = event.payload
        if event.kind == "note":
            self._say(str(payload["text"]))
        elif event.kind == "progress" and payload.get("total"):
            self._line.show(_("{what}: {done} of {total}").format(**{k: payload[k] for k in ("what", "done", "total")}))
        elif event.kind == "phase":
            self._line.show(_("· {name}").format(name=payload.get("name", "")))
        elif event.kind == "step" and self._runs == 1:
            self._say(_where(payload, payload))
        elif event.kind == "step":
            self._line.show(_where(payload, payload))
        elif event.kind == "run" and self._runs > 1:
            self._done += 1
            said = _("{done}/{runs} {rest}")
            self._say(said.format(done=self._done, runs=self._runs, rest=_where(payload, payload["final"])))

    def end(self) -> None:
        """Clear the line."""
        self._line.end()

    def _say(self, text: str) -> None:
        self._line.end()
        say(text)


def _where(run: Any, step: Any) -> str:
    return _(
        "{strategy}, seed {seed}, {labels} labels: accuracy {accuracy:.3f}, macro-F1 {macro_f1:.3f} ({by})"
    ).format(
        strategy=run["strategy"],
        seed=run["seed"],
        labels=step["labels"],
        accuracy=step["accuracy"],
        macro_f1=step["macro_f1"],
        by=step["model"] or _("no model yet"),
    )
