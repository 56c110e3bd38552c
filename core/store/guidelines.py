"""What the people who label have agreed on; every version is kept."""

import json
from dataclasses import dataclass

from core.connection import Connection, transaction
from core.store import changes


@dataclass(frozen=True, slots=True)
class GuidelineVersion:
    """The guidelines as somebody wrote them."""

    seq: int
    text: str
    annotator: str
    created: float


def current(con: Connection) -> str:
    """The guidelines in force; empty if nobody has written any."""
    found = versions(con, limit=1)
    return found[0].text if found else ""


def write(con: Connection, text: str, annotator: str) -> None:
    """Put a new version in force, as an act that can be undone."""
    clean = text.replace("\x00", "").encode("utf-8", "replace").decode()
    with transaction(con):
        changes.append(con, changes.GUIDELINES, {"text": clean}, annotator)


def versions(con: Connection, limit: int = 1000) -> list[GuidelineVersion]:
    """The versions that are not undone, newest first."""
    rows = con.execute(
        "SELECT c.seq, c.payload, c.annotator, e.created FROM changes c JOIN events e ON e.seq = c.seq"
        " WHERE c.kind = 'guidelines' AND c.undone = 0 ORDER BY c.seq DESC LIMIT ?",
        (limit,),
    )
    return [GuidelineVersion(row[0], json.loads(row[1])["text"], row[2], row[3]) for row in rows]
