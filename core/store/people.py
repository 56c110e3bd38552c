"""What is on record about the people who answer: how much, how fast, and what several of them said of one text."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from core.connection import Connection
from core.store.standing import OUTSIDE

_MEASURED = 1000
"""As many of a person's last decisions are timed."""


@dataclass(frozen=True, slots=True)
class Person:
    """How much one person has done."""

    name: str
    answered: int = 0
    """Texts with an answer of theirs."""
    skipped: int = 0
    settled: int = 0
    """Of the answered ones, those where they overruled others."""
    seconds: float | None = None
    """Median seconds they looked at a text lately; None where nobody measured."""


def everybody(con: Connection) -> list[Person]:
    """Everybody who has answered or skipped a text here, by name; not what came with files."""
    rows = con.execute(
        "SELECT annotator, sum(state = 'answered'), sum(state = 'skipped'), sum(settles AND state = 'answered')"
        " FROM answers WHERE annotator <> ? GROUP BY annotator ORDER BY annotator",
        (OUTSIDE,),
    ).fetchall()
    return [Person(row[0], row[1], row[2], row[3], _seconds(con, row[0])) for row in rows]


def _seconds(con: Connection, name: str) -> float | None:
    rows = con.execute(
        "SELECT e.seconds FROM decisions d JOIN events e ON e.seq = d.seq WHERE d.annotator = ? AND d.undone = 0"
        " ORDER BY d.seq DESC LIMIT ?",
        (name, _MEASURED),
    )
    measured = [row[0] for row in rows if row[0] is not None]
    return statistics.median(measured) if measured else None


def independent(con: Connection) -> dict[int, dict[str, str]]:
    """Text → person → stored answer, for texts that two or more people have answered without knowing of each other.

    An answer that overruled others was given with theirs in view, and says nothing about agreement; what its giver said
    before it does.
    """
    rows = con.execute(
        "SELECT d.example_id, d.annotator, e.kind, e.payload FROM decisions d JOIN events e ON e.seq = d.seq"
        " WHERE d.undone = 0 AND d.annotator <> ?1 AND e.kind <> 'settle' AND d.example_id IN"
        " (SELECT example_id FROM answers WHERE annotator <> ?1 GROUP BY example_id HAVING count(*) > 1)"
        " ORDER BY d.seq",
        (OUTSIDE,),
    )
    found: dict[int, dict[str, str]] = {}
    for example_id, name, kind, payload in rows:
        said = found.setdefault(example_id, {})
        if kind == "skip":
            said.pop(name, None)
        else:
            said[name] = payload
    return {example_id: said for example_id, said in found.items() if len(said) > 1}


def contested(con: Connection, limit: int = -1) -> Sequence[int]:
    """Texts about which people disagree and nobody has settled it, by number."""
    rows = con.execute("SELECT id FROM examples WHERE contested = 1 AND split = 'pool' ORDER BY id LIMIT ?", (limit,))
    return [row[0] for row in rows]
