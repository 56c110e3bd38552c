"""Importing in a process of its own: it needs libraries the terminal does without, and can be ended at any moment.

What to do goes in as JSON on stdin, for an argument list could be read by everybody on the machine; what happens comes
out as JSON lines.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import HandfulError, InputError
from core.i18n import _
from core.records import ImportReport

Progress = Callable[[int, int], None]
_SHOWN = 1000
"""Characters of a value that a first look passes on."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a first look at a source has found."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    """Its first usable rows, values shortened."""
    text: str
    """The column that holds the texts, as far as can be told; empty if there are no columns."""


class Child:
    """One import under way; run it in a thread."""

    def __init__(self, task: Mapping[str, Any]) -> None:
        """`task`: the name of one of `_TASKS` under `do`, and its options."""
        self._task = dict(task)
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = False

    def run(self, progress: Progress) -> list[ImportReport]:
        """Wait for the end, telling of progress (done, total); returns what became of the files.

        Raises InputError or HandfulError with the words of the child.
        """
        last = self._last_word(progress)
        if "reports" in last:
            return [ImportReport(**report) for report in last["reports"]]
        raise _failure(last)

    def look(self) -> Look:
        """Wait for what `look` has seen; raises as `run`."""
        last = self._last_word(lambda _done, _total: None)
        if "columns" in last:
            return Look(tuple(last["columns"]), tuple(last["rows"]), last["text"])
        raise _failure(last)

    def _last_word(self, progress: Progress) -> dict[str, Any]:
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
        return last

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


def look(source: Path, rows: int) -> Child:
    """A first look at a source."""
    return Child({"do": "look", "source": str(source), "rows": rows})


def demo(root: Path, task: str = "classify") -> Child:
    """As `core.demo.making.make`."""
    return Child({"do": "demo", "root": str(root), "task": task})


def _failure(said: Mapping[str, Any]) -> HandfulError:
    if "title" in said:
        return InputError(said["title"], said["what"], said["hint"])
    return HandfulError(_("The import ended without a word."), "", _("Nothing was changed; try it again."))


def _reports(reports: Iterable[ImportReport]) -> dict[str, Any]:
    return {"reports": [asdict(report) for report in reports]}


def _new(task: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    from core.intake import new_project as make

    options = {k: v for k, v in task["options"].items() if v is not None}
    for name in ("data", "test"):
        if name in options:
            options[name] = Path(options[name])
    _project, reports = make(Path(task["root"]), progress=progress, **options)
    return _reports(reports)


def _import(task: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    from core.importing.importer import import_file as take
    from core.project import find

    project = find(Path(task["root"]))
    with project.open() as con:
        return _reports([take(project, con, Path(task["path"]), progress=progress, **task["options"])])


def _look(task: Mapping[str, Any], _progress: Progress) -> dict[str, Any]:
    from core.importing import columns
    from core.importing.importer import preview

    names, rows = preview(Path(task["source"]), task["rows"])
    text = columns.text_column(rows, None, None, task["source"]) if rows else ""
    shown = [{name: value[:_SHOWN] if isinstance(value, str) else value for name, value in row.items()} for row in rows]
    return {"columns": names, "rows": shown, "text": text}


def _demo(task: Mapping[str, Any], _progress: Progress) -> dict[str, Any]:
    from core.demo.making import make

    make(Path(task["root"]), task["task"])
    return _reports([])


_TASKS = {"new": _new, "import": _import, "demo": _demo, "look": _look}


def main() -> None:
    """The child: one task from stdin, lines of JSON to stdout."""
    os.umask(0o077)
    task = json.load(sys.stdin)

    def tell(value: Mapping[str, Any]) -> None:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()

    try:
        answer = _TASKS[task["do"]](task, lambda done, total: tell({"done": done, "total": total}))
    except HandfulError as error:
        tell({"title": error.title, "what": error.what, "hint": error.hint})
    except OSError as error:
        tell({"title": _("The system refused something."), "what": str(error), "hint": ""})
    except KeyboardInterrupt:
        tell({"title": _("Cancelled."), "what": "", "hint": _("Nothing was changed.")})
    else:
        tell(answer)


if __name__ == "__main__":
    main()
