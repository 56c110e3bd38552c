"""The patterns that suggest spans, as people wrote them; every version is an act that can be undone."""

import json

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
