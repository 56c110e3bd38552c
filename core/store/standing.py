"""Which of several people's answers to a text is its current one: what models learn and files hold.

1. What came with a file counts only until a person answers.
2. Somebody who saw the others' answers and settled the matter overrules all that was said before.
3. Of what is left, the answer that most people gave stands; among answers given equally often, the newest.

Answers given equally often leave the text contested: it has a current answer, but no model learns it or is judged by it
until somebody settles the matter or another answer tips the scales.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.connection import Connection

OUTSIDE = "import"
"""The name of answers that came with a file: nobody who could be asked."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one person says about one text."""

    annotator: str
    stored: str | None
    """In the task's stored form; None: skipped."""
    seq: int
    """Number of the decision; later ones have higher numbers."""
    settles: bool = False
    """Whether it overrules what was said before."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a text's state follows from."""

    state: str = "open"
    seq: int | None = None
    """Number of the decision that gave the current answer."""
    stored: str | None = None
    contested: bool = False


def of(con: Connection, example_id: int) -> Standing:
    """How a text stands by what is on record."""
    return current(said(con, example_id))


def said(con: Connection, example_id: int) -> list[Said]:
    """What everybody says about a text, in the order of their decisions."""
    rows = con.execute(
        "SELECT annotator, value, seq, settles FROM answers WHERE example_id = ? ORDER BY seq", (example_id,)
    )
    return [Said(row[0], row[1], row[2], bool(row[3])) for row in rows]


def current(everything: Sequence[Said]) -> Standing:
    """The current answer by the rules above; `everything` holds one entry a person."""
    given = [one for one in everything if one.stored is not None]
    if not given:
        newest = max((one.seq for one in everything), default=None)
        return Standing("open") if newest is None else Standing("skipped", newest)
    given = [one for one in given if one.annotator != OUTSIDE] or given
    last = max((one.seq for one in given if one.settles), default=0)
    votes = Counter(one.stored for one in given if one.seq >= last)
    most = max(votes.values())
    newest_of_most = max((one for one in given if one.seq >= last and votes[one.stored] == most), key=lambda o: o.seq)
    contested = sum(n == most for n in votes.values()) > 1
    return Standing("answered", newest_of_most.seq, newest_of_most.stored, contested)
