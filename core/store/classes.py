"""Classes: permanent ids, names that may change, and one event for each change."""

import json
import os
from collections.abc import Iterable

from core import clock
from core.connection import Connection
from core.records import LabelClass


def all_classes(con: Connection) -> list[LabelClass]:
    """Every class in the order of creation, archived ones included."""
    rows = con.execute("SELECT id, name, key, description, examples, active FROM classes ORDER BY id")
    return [LabelClass(r[0], r[1], r[2], r[3], tuple(json.loads(r[4])), bool(r[5])) for r in rows]


def names(con: Connection) -> dict[int, str]:
    """id → name of every class."""
    return {row[0]: row[1] for row in con.execute("SELECT id, name FROM classes ORDER BY id")}


def ids(con: Connection) -> dict[str, int]:
    """name → id of the classes that can be chosen now."""
    return {row[0]: row[1] for row in con.execute("SELECT name, id FROM classes WHERE active = 1 ORDER BY id")}


def add(con: Connection, new: Iterable[LabelClass], annotator: str) -> None:
    """Create classes (their `id` is ignored) inside the caller's transaction, each with its event."""
    for item in new:
        cursor = con.execute(
            "INSERT INTO classes(name, key, description, examples) VALUES (?, ?, ?, ?)",
            (item.name, item.key, item.description, json.dumps(item.examples, ensure_ascii=False)),
        )
        payload = {"id": cursor.lastrowid, "name": item.name}
        con.execute(
            "INSERT INTO events(uuid, act, kind, annotator, payload, created) VALUES (?, ?, 'class.new', ?, ?, ?)",
            (
                os.urandom(16).hex(),
                os.urandom(16).hex(),
                annotator,
                json.dumps(payload, ensure_ascii=False),
                clock.now(),
            ),
        )


def ensure(con: Connection, wanted: Iterable[str], annotator: str) -> dict[str, int]:
    """name → id, creating what is missing inside the caller's transaction."""
    known = ids(con)
    missing = [LabelClass(0, name) for name in dict.fromkeys(wanted) if name not in known]
    if missing:
        add(con, missing, annotator)
        known = ids(con)
    return known


def counts(con: Connection, split: str = "pool") -> dict[int, int]:
    """class id → how many texts of the split have it in their current answer."""
    return {r[0]: r[1] for r in con.execute("SELECT class_id, n FROM class_counts WHERE split = ? AND n > 0", (split,))}
