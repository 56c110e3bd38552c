"""Changes a person can undo that are no answers: each an event, and a row that says whether it stands."""

import json
import os
from collections.abc import Mapping
from typing import Any

from core import clock
from core.connection import Connection

FLAG, NOTE, GUIDELINES, PATTERNS = "flag", "note", "guidelines", "patterns"
KEEP, AGAIN = "keep", "again"
"""An answer was checked and stands; a text was answered once more, blind (`core.store.checks`)."""
CLASS_NEW, CLASS_RENAME, CLASS_DESCRIBE, CLASS_KEY = "class.new", "class.rename", "class.describe", "class.key"
CLASS_ARCHIVE, CLASS_REVIVE = "class.archive", "class.revive"


def append(
    con: Connection,
    kind: str,
    payload: Mapping[str, Any],
    annotator: str,
    *,
    act: str = "",
    example_id: int | None = None,
    class_id: int | None = None,
) -> int:
    """Append one change inside the caller's transaction, as part of a larger act if one is given; returns its seq."""
    act, text = act or os.urandom(16).hex(), json.dumps(dict(payload), ensure_ascii=False)
    row = con.execute(
        "INSERT INTO events(uuid, act, kind, example_id, annotator, payload, created) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " RETURNING seq",
        (os.urandom(16).hex(), act, kind, example_id, annotator, text, clock.now()),
    ).fetchone()
    con.execute(
        "INSERT INTO changes(seq, act, annotator, kind, example_id, class_id, payload) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (row[0], act, annotator, kind, example_id, class_id, text),
    )
    return int(row[0])


def standing(con: Connection, class_id: int) -> list[tuple[str, dict[str, Any]]]:
    """(kind, payload) of a class's changes that are not undone, oldest first."""
    rows = con.execute("SELECT kind, payload FROM changes WHERE class_id = ? AND undone = 0 ORDER BY seq", (class_id,))
    return [(row[0], json.loads(row[1])) for row in rows]


def newest(con: Connection, example_id: int, kind: str) -> dict[str, Any] | None:
    """The payload of a text's newest change of one kind that is not undone."""
    row = con.execute(
        "SELECT payload FROM changes WHERE example_id = ? AND kind = ? AND undone = 0 ORDER BY seq DESC LIMIT 1",
        (example_id, kind),
    ).fetchone()
    return json.loads(row[0]) if row else None
