"""The patterns that suggest spans, as people wrote them; every version is an act that can be undone."""

import json
from collections.abc import Callable

from core.connection import Connection, transaction
from core.store import changes


def current(con: Connection) -> str:
    """The text in force; empty if nobody has written any."""
    row = con.execute(
        "SELECT payload FROM changes WHERE kind = 'patterns' AND undone = 0 ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return str(json.loads(row[0])["text"]) if row else ""


def write(con: Connection, text: str, annotator: str) -> None:
    """Put a new text in force."""
    with transaction(con):
        changes.append(con, changes.PATTERNS, {"text": text}, annotator)


def versions(con: Connection) -> list[str]:
    """Every text there ever was, undone ones included, oldest first."""
    rows = con.execute("SELECT payload FROM events WHERE kind = 'patterns' ORDER BY seq")
    return [str(json.loads(row[0])["text"]) for row in rows]


def rewrite(con: Connection, change: Callable[[str], str]) -> None:
    """Put another text in the place of every version, for what must not be there any more."""
    con.execute("PRAGMA secure_delete=ON").fetchone()
    with transaction(con):
        for row in con.execute("SELECT seq, payload FROM events WHERE kind = 'patterns'").fetchall():
            said = json.loads(row[1])
            payload = json.dumps(said | {"text": change(str(said["text"]))}, ensure_ascii=False)
            if payload != row[1]:
                con.execute("UPDATE events SET payload = ? WHERE seq = ?", (payload, row[0]))
                con.execute("UPDATE changes SET payload = ? WHERE seq = ?", (payload, row[0]))
