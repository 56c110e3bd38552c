"""Undo and redo: an act is all that one person committed together, and is taken back together.

What stands follows from the events that are not undone; so nothing needs to be remembered but that.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core import clock
from core.connection import Connection, transaction
from core.i18n import _, counted
from core.show import visible
from core.store import changes, classes, labels, marks
from core.tasks.base import Task

UNDO, REDO = "undo", "redo"


@dataclass(frozen=True, slots=True)
class Turned:
    """An act that was taken back or brought back."""

    kinds: tuple[str, ...]
    """The kinds of its events, each once, in order."""
    example_ids: tuple[int, ...] = ()
    """Texts whose answers or marks it is about."""
    class_ids: tuple[int, ...] = ()
    """Classes it made or changed."""
    stored: str | None = None
    """The answer that all of its decisions gave, in stored form; None if they gave several, or none."""


def undo(con: Connection, task: Task[Any], annotator: str) -> Turned | None:
    """Take back the annotator's newest act that stands; None if there is none.

    Raises InputError if a class can't have its old name back, because another one has it now.
    """
    with transaction(con):
        row = con.execute(
            "SELECT act FROM (SELECT * FROM (SELECT act, seq FROM decisions WHERE annotator = ?1 AND undone = 0"
            " ORDER BY seq DESC LIMIT 1) UNION ALL SELECT * FROM (SELECT act, seq FROM changes"
            " WHERE annotator = ?1 AND undone = 0 ORDER BY seq DESC LIMIT 1)) ORDER BY seq DESC LIMIT 1",
            (annotator,),
        ).fetchone()
        return _turn(con, task, annotator, UNDO, row[0]) if row else None


def redo(con: Connection, task: Task[Any], annotator: str) -> Turned | None:
    """Bring back the act undone last, unless something was done since; None if there is none.

    What was undone before something newer was done is gone for good, even if that is undone later. Raises InputError
    as `undo` does.
    """
    with transaction(con):
        row = con.execute(
            "SELECT act FROM events e WHERE annotator = ?1 AND kind = 'undo' AND seq > max("
            " coalesce((SELECT max(seq) FROM decisions WHERE annotator = ?1 AND undone = 0), 0),"
            " coalesce((SELECT max(seq) FROM changes WHERE annotator = ?1 AND undone = 0), 0))"
            " AND (EXISTS (SELECT 1 FROM decisions d WHERE d.act = e.act AND d.undone = 1)"
            " OR EXISTS (SELECT 1 FROM changes c WHERE c.act = e.act AND c.undone = 1)) ORDER BY seq DESC LIMIT 1",
            (annotator,),
        ).fetchone()
        return _turn(con, task, annotator, REDO, row[0]) if row else None


def _turn(con: Connection, task: Task[Any], annotator: str, kind: str, act: str) -> Turned:
    con.execute(
        "INSERT INTO events(uuid, act, kind, annotator, payload, created) VALUES (?, ?, ?, ?, ?, ?)",
        (os.urandom(16).hex(), act, kind, annotator, json.dumps({"act": act}), clock.now()),
    )
    undone = int(kind == UNDO)
    con.execute("UPDATE decisions SET undone = ? WHERE act = ?", (undone, act))
    con.execute("UPDATE changes SET undone = ? WHERE act = ?", (undone, act))
    decided = [r[0] for r in con.execute("SELECT example_id FROM decisions WHERE act = ? ORDER BY seq", (act,))]
    changed = con.execute(
        "SELECT kind, example_id, class_id FROM changes WHERE act = ? ORDER BY seq", (act,)
    ).fetchall()
    for example_id in dict.fromkeys(decided):
        labels.refold(con, task, example_id, annotator)
    marked = [row[1] for row in changed if row[1] is not None]
    for example_id in dict.fromkeys(marked):
        marks.refold(con, example_id)
    class_ids = tuple(dict.fromkeys(row[2] for row in changed if row[2] is not None))
    classes.refold(con, class_ids)
    events = con.execute("SELECT kind, payload FROM events WHERE act = ? AND kind NOT IN ('undo', 'redo')", (act,))
    found = [(row[0], row[1]) for row in events]
    answers = {payload for kind, payload in found if kind in (labels.LABEL, labels.SETTLE)}
    stored = answers.pop() if len(answers) == 1 else None
    return Turned(tuple(dict.fromkeys(kind for kind, _payload in found)), (*decided, *marked), class_ids, stored)


def words(turned: Turned, names: Mapping[int, str], answer: str = "") -> str:
    """What it was, as a piece of a sentence; `answer`: what `turned.stored` is called."""
    n = len(turned.example_ids)
    named = ", ".join(visible(names.get(i, "?")) for i in turned.class_ids[:3])
    for kind, said in _SAID.items():
        if kind in turned.kinds:
            return said(n).format(name=named) + (f": {visible(answer)}" if answer and turned.stored else "")
    return _("change of class {name}").format(name=named)


_SAID: Mapping[str, Callable[[int], str]] = {
    changes.CLASS_ARCHIVE: lambda _n: _("removal of class {name}"),
    labels.LABEL: lambda n: counted("{n} label", "{n} labels", n),
    labels.SETTLE: lambda n: counted("{n} answer that overruled others", "{n} answers that overruled others", n),
    labels.SKIP: lambda n: counted("skip of {n} text", "skip of {n} texts", n),
    changes.FLAG: lambda _n: _("a flag"),
    changes.NOTE: lambda _n: _("a note"),
    changes.GUIDELINES: lambda _n: _("a change of the guidelines"),
    changes.PATTERNS: lambda _n: _("a change of the patterns"),
    changes.KEEP: lambda n: counted("that {n} label is right", "that {n} labels are right", n),
    changes.AGAIN: lambda _n: _("a second answer"),
}
