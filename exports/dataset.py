"""The labelled data as a file: JSONL keeps everything, CSV is safe to open in a spreadsheet.

Tasks bring further formats: one of the task `x` for files that end in `.y` is the entry point `x.y` in the group
`handful.files`. Called by `handful labels`. What is read is of one moment; the file appears whole or not at all.
"""

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from core import plugins
from core.connection import Connection, one_moment
from core.errors import InputError
from core.i18n import _
from core.project import Project
from core.publish import publish_file
from core.records import LabelledExample
from core.show import json_line, visible
from core.store import classes, examples
from core.tasks.base import Task

FIXED = ("id", "annotator", "split", "seq", "picked")
"""Columns beside the text, the answer, and those the import brought."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# OWASP, "CSV injection": = + - @ and their full-width twins, behind blanks and unseen characters of any kind, at the
# start of the cell and of each line in it; TAB and CR at the start of the cell
_BREAK = "\\n\\v\\f\\r\\x85\\u2028\\u2029"
_UNSEEN = (
    "\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f\\u00ad\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff"
)
_FORMULA = re.compile(f"\\A(?=[\\t\\r])|(?:\\A|(?<=[{_BREAK}]))(?=(?:[^\\S{_BREAK}]|[{_UNSEEN}])*[=+\\-@＝＋－＠])")


Row = Mapping[str, Any]
"""One labelled text: `text`, the answer in file form under the task's field, and what else is known of it."""
Writer = Callable[[str, Sequence[Row]], tuple[str, int]]
"""(the task's field, rows) → (the file, rows that can't be said in it and were left out)"""


class Written(NamedTuple):
    """What became of the labelled texts."""

    texts: int
    left: int
    """Texts that the format has no way to say."""


def write_labels(project: Project, con: Connection, target: Path, *, force: bool = False) -> Written:
    """Write every labelled text, in the order the answers were given, as the ending asks.

    Raises InputError for an ending that this project's task has no format for, or if there is a file and not `force`.
    """
    write = _writer(target, project.task(con))
    _check_free(target, force=force)
    with one_moment(con):
        task, names = project.task(con), classes.names(con)
        found = sorted([*examples.labelled(con), *examples.labelled(con, "test")], key=lambda item: item.seq)
    rows = [_row(task, names, item) for item in found]
    content, left = write(task.field, rows)
    publish_file(target, content.encode("utf-8"))
    return Written(len(rows) - left, left)


def _row(task: Task[Any], names: Mapping[int, str], item: LabelledExample) -> dict[str, Any]:
    return {
        "text": item.example.text,
        task.field: task.to_file(task.decode(item.stored), names),
        "id": item.example.id,
        "annotator": item.annotator,
        "split": item.example.split,
        "seq": item.seq,
        "picked": item.pick.get("strategy"),
        "meta": dict(item.example.meta),
    }


def endings(task: Task[Any]) -> list[str]:
    """Endings of the files that answers of this task can be written to."""
    own = [name.removeprefix(task.name) for name in plugins.names(plugins.FILES) if name.startswith(f"{task.name}.")]
    return [*_KINDS, *own]


def _writer(target: Path, task: Task[Any]) -> Writer:
    ending, kinds = target.suffix.lower(), endings(task)
    if ending not in kinds:
        raise InputError(
            _("The ending of the file does not say what to write."),
            visible(os.fspath(target)),
            _("Name a file that ends in {endings}.").format(endings=_(" or ").join(kinds)),
        )
    if ending in _KINDS:
        return _KINDS[ending]
    found: Writer = plugins.load(plugins.FILES, f"{task.name}{ending}")
    return found


def _check_free(target: Path, *, force: bool) -> None:
    shown = visible(os.fspath(target))
    if "\0" in os.fspath(target) or not target.parent.is_dir():
        raise InputError(_("There is no such directory."), visible(os.fspath(target.parent)), _("Make it first."))
    if target.is_symlink() or target.is_dir():
        raise InputError(_("The labels can't be written there."), shown, _("Name a file, no directory and no link."))
    if target.exists() and not force:
        raise InputError(_("There is a file already."), shown, _("Name another, or add --force to replace it."))


def _jsonl(_field: str, rows: Iterable[Row]) -> tuple[str, int]:
    return "".join(json_line(row) + "\n" for row in rows), 0


def _csv(field: str, rows: Sequence[Row]) -> tuple[str, int]:
    """Columns of the import follow under their own names; one that is taken gets `meta.` before it."""
    own = ("text", field, *FIXED)
    meta = dict.fromkeys(name for row in rows for name in row["meta"])
    columns = {name: name if name not in own else f"meta.{name}" for name in meta}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([safe(name) for name in (*own, *columns.values())])
    for row in rows:
        writer.writerow([*(_cell(row[name]) for name in own), *(_cell(row["meta"].get(name)) for name in columns)])
    return out.getvalue(), 0


_KINDS: Mapping[str, Writer] = {".jsonl": _jsonl, ".csv": _csv}
"""What every task can be written to."""


def _cell(value: Any) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return safe(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def safe(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet would begin to read a formula; numbers stay numbers."""
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub("'", text)
