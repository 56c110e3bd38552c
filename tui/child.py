"""Importing in a process of its own: it needs libraries the terminal does without, and can be ended at any moment.

What to do goes in as JSON on stdin, for an argument list could be read by everybody on the machine; what happens comes
out as JSON lines.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import HandfulError, InputError
from core.i18n import _
from core.records import ImportReport

Progress = Callable[[int, int], None]


class Child:
    """One import under way; run it in a thread."""

    def __init__(self, task: Mapping[str, Any]) -> None:
        """`task`: the name of one of `_TASKS` under `do`, and its options."""
        self._task = dict(task)
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = False

    def run(self, progress: Progress) -> list[ImportReport]:
        """Wait for the end, telling of progress (done, total) in bytes; returns what became of the files.

        Raises InputError or HandfulError with the words of the child.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tui.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            umask=0o077,
        )
        process = self._process
        assert process.stdin is not None  # noqa: S101 (they are pipes)
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(json.dumps(self._task).encode())
        process.stdin.close()
        last: dict[str, Any] = {}
        with process.stdout as lines:
            for line in lines:
                last = json.loads(line)
                if "done" in last:
                    progress(last["done"], last["total"])
        process.wait()
        if "reports" in last:
            return [ImportReport(**report) for report in last["reports"]]
        raise _failure(last)

    def cancel(self) -> None:
        """Ask it to stop; it takes away what it has begun."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)


def new_project(root: Path, **options: Any) -> Child:
    """As `core.intake.new_project`."""
    return Child({"do": "new", "root": str(root), "options": options})


def import_file(root: Path, path: Path, **options: Any) -> Child:
    """As `core.importing.importer.import_file`."""
    return Child({"do": "import", "root": str(root), "path": str(path), "options": options})


def demo(root: Path, task: str = "classify") -> Child:
    """As `core.demo.making.make`."""
    return Child({"do": "demo", "root": str(root), "task": task})


def _failure(said: Mapping[str, Any]) -> HandfulError:
    if "title" in said:
        return InputError(said["title"], said["what"], said["hint"])
    return HandfulError(_("The import ended without a word."), "", _("Nothing was changed; try it again."))


def _new(task: Mapping[str, Any], progress: Progress) -> list[ImportReport]:
    from core.intake import new_project as make

    options = {k: v for k, v in task["options"].items() if v is not None}
    for name in ("data", "test"):
        if name in options:
            options[name] = Path(options[name])
    _project, reports = make(Path(task["root"]), progress=progress, **options)
    return reports


def _import(task: Mapping[str, Any], progress: Progress) -> list[ImportReport]:
    from core.importing.importer import import_file as take
    from core.project import find

    project = find(Path(task["root"]))
    with project.open() as con:
        return [take(project, con, Path(task["path"]), progress=progress, **task["options"])]


def _demo(task: Mapping[str, Any], _progress: Progress) -> list[ImportReport]:
    from core.demo.making import make

    make(Path(task["root"]), task["task"])
    return []


_TASKS = {"new": _new, "import": _import, "demo": _demo}


def main() -> None:
    """The child: one task from stdin, lines of JSON to stdout."""
    os.umask(0o077)
    task = json.load(sys.stdin)

    def tell(value: Mapping[str, Any]) -> None:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()

    try:
        reports = _TASKS[task["do"]](task, lambda done, total: tell({"done": done, "total": total}))
    except HandfulError as error:
        tell({"title": error.title, "what": error.what, "hint": error.hint})
    except OSError as error:
        tell({"title": _("The system refused something."), "what": str(error), "hint": ""})
    except KeyboardInterrupt:
        tell({"title": _("Cancelled."), "what": "", "hint": _("Nothing was changed.")})
    else:
        tell({"reports": [asdict(report) for report in reports]})


if __name__ == "__main__":
    main()
