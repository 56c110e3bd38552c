"""Marks on texts: a flag to find one again, and a note. They say nothing about the answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from core.connection import Connection, transaction
from core.store import changes


@dataclass(frozen=True, slots=True)
class Mark:
    """What is marked on one text."""

    flagged: bool = False
    note: str = ""


def flag(con: Connection, example_id: int, on: bool, annotator: str) -> None:
    """Set or take away the flag, as an act that can be undone."""
    with transaction(con):
        changes.append(con, changes.FLAG, {"on": on}, annotator, example_id=example_id)
        refold(con, example_id)


def note(con: Connection, example_id: int, text: str, annotator: str) -> None:
    """Write the note, as an act that can be undone; an empty one removes it."""
    with transaction(con):
        clean = text.replace("\x00", "").encode("utf-8", "replace").decode()
        changes.append(con, changes.NOTE, {"text": clean.strip()}, annotator, example_id=example_id)
        refold(con, example_id)


def of(con: Connection, ids: Sequence[int]) -> dict[int, Mark]:
    """id → mark of those texts that have one."""
    rows = con.execute(
        "SELECT example_id, flagged, note FROM marks WHERE example_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    )
    return {row[0]: Mark(bool(row[1]), row[2]) for row in rows}


def refold(con: Connection, example_id: int) -> None:
    """Derive a text's marks from the changes that stand, inside the caller's transaction."""
    flagged = (changes.newest(con, example_id, changes.FLAG) or {}).get("on", False)
    text = (changes.newest(con, example_id, changes.NOTE) or {}).get("text", "")
    if flagged or text:
        con.execute(
            "INSERT INTO marks(example_id, flagged, note) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET"
            " flagged = excluded.flagged, note = excluded.note",
            (example_id, int(flagged), text),
        )
    else:
        con.execute("DELETE FROM marks WHERE example_id = ?", (example_id,))
