"""Removing texts from the database for good, with all that was said about them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.connection import Connection, transaction
from core.store import labels
from core.store.meta import bump
from core.store.search import indexed
from core.tasks.base import Task

OF_A_TEXT: Mapping[str, str] = {
    "answers": "DELETE FROM answers WHERE example_id = ?",
    "decisions": "DELETE FROM decisions WHERE example_id = ?",
    "changes": "DELETE FROM changes WHERE example_id = ?",
    "events": "DELETE FROM events WHERE example_id = ?",
    "marks": "DELETE FROM marks WHERE example_id = ?",
    "example_classes": "DELETE FROM example_classes WHERE example_id = ?",
    "served": "DELETE FROM served WHERE example_id = ?",
    "leases": "DELETE FROM leases WHERE example_id = ?",
    "overlap": "DELETE FROM overlap WHERE example_id = ?",
    "import_answers": "DELETE FROM import_answers WHERE example_id = ?",
}
"""Every table with a column example_id, those that refer to others first."""


def texts(con: Connection, ids: Sequence[int]) -> dict[int, str]:
    """id → text of those that exist, also of an import that is not whole."""
    rows = con.execute(
        "SELECT id, text FROM examples WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),)
    )
    return {row[0]: row[1] for row in rows}


def remove(con: Connection, task: Task[Any], found: Mapping[int, str]) -> None:
    """Remove texts (id → text) in one transaction; acts that were about others too keep the rest."""
    con.execute("PRAGMA secure_delete=ON").fetchone()
    with transaction(con):
        for example_id, text in found.items():
            con.execute("UPDATE decisions SET undone = 1 WHERE example_id = ?", (example_id,))
            who = con.execute("SELECT annotator FROM answers WHERE example_id = ?", (example_id,)).fetchall()
            for row in who:  # so that it counts for nothing any more
                labels.refold(con, task, example_id, row[0])
            bump(con, con.execute("SELECT split FROM examples WHERE id = ?", (example_id,)).fetchone()[0], -1)
            for statement in OF_A_TEXT.values():
                con.execute(statement, (example_id,))
            con.execute("DELETE FROM meta WHERE key GLOB ?", (f"draft:note:{example_id:d}:*",))
            con.execute("INSERT INTO search(search, rowid, text) VALUES ('delete', ?, ?)", (example_id, indexed(text)))
            con.execute("DELETE FROM examples WHERE id = ?", (example_id,))


def squeeze(con: Connection) -> None:
    """Leave nothing of what was removed in the file or its log; the index keeps words until it is merged."""
    con.execute("INSERT INTO search(search) VALUES ('optimize')")
    con.execute("VACUUM")
    con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
