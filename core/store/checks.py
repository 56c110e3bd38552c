"""What a person found out about labels: that one is right after all, and what they answered when asked again.

Neither changes an answer. Both are acts that can be undone, and count for the very answer they were given about: once
the text is answered otherwise, they say nothing any more.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from core import clock
from core.connection import Connection, transaction
from core.store import changes
from core.store.labels import Given


@dataclass(frozen=True, slots=True)
class Again:
    """A second, blind answer to a text."""

    example_id: int
    annotator: str
    first: str
    """The answer on record then, in its task's stored form."""
    second: str
    """The blind answer."""
    answer_seq: int
    """Number of the event that gave the first answer."""
    seq: int
    """Number of this event."""


def keep(con: Connection, answers: Mapping[int, int], annotator: str) -> None:
    """Write down that answers (example id → number of the event that gave it) were checked together and stand.

    One act: of near-copies, that both are right as they are.
    """
    with transaction(con):
        note_kept(con, answers, annotator)


def note_kept(con: Connection, answers: Mapping[int, int], annotator: str, *, act: str = "") -> None:
    """As `keep`, inside the caller's transaction, as part of a larger act if one is given."""
    act, said = act or os.urandom(16).hex(), {"answers": [[i, seq] for i, seq in sorted(answers.items())]}
    for example_id in sorted(answers):
        changes.append(con, changes.KEEP, said, annotator, act=act, example_id=example_id)


def answer_again(con: Connection, first: Given, second: str, annotator: str) -> None:
    """Write down a second answer, in its task's stored form, beside the one on record, which stays."""
    with transaction(con):
        note_again(con, first, second, annotator)


def note_again(con: Connection, first: Given, second: str, annotator: str, *, act: str = "") -> None:
    """As `answer_again`, inside the caller's transaction, as part of a larger act if one is given."""
    said = {"first": first.stored, "second": second, "answer_seq": first.seq}
    changes.append(con, changes.AGAIN, said, annotator, act=act, example_id=first.example_id)


def kept(con: Connection) -> set[frozenset[tuple[int, int]]]:
    """Every lot of answers, as (example id, number of its event), that was checked and stands."""
    rows = con.execute("SELECT DISTINCT payload FROM changes WHERE kind = ? AND undone = 0", (changes.KEEP,))
    return {frozenset((int(i), int(seq)) for i, seq in json.loads(row[0])["answers"]) for row in rows}


def answered_again(con: Connection, annotator: str | None = None) -> list[Again]:
    """Second answers that stand, the newest for each text and person, oldest first; of one person or of all."""
    rows = con.execute(
        "SELECT example_id, annotator, payload, max(seq) FROM changes WHERE kind = ?1 AND undone = 0"
        " AND (?2 IS NULL OR annotator = ?2) GROUP BY example_id, annotator ORDER BY 4",
        (changes.AGAIN, annotator),
    )
    found = []
    for example_id, who, payload, seq in rows:
        said = json.loads(payload)
        found.append(Again(example_id, who, said["first"], said["second"], int(said["answer_seq"]), seq))
    return found


def askable(con: Connection, annotator: str, *, older_than: float, passed: int) -> list[Given]:
    """A person's own answers that can be asked again blind, by text.

    They are in force, on texts of the pool and of classes in use; were given at least `older_than` seconds ago, or have
    at least `passed` later decisions of the same person behind them; and were not asked again yet.
    """
    rows = con.execute(
        "SELECT a.example_id, a.value, a.annotator, a.seq FROM answers a JOIN examples x ON x.id = a.example_id"
        " JOIN events e ON e.seq = a.seq WHERE a.annotator = ?1 AND a.state = 'answered' AND x.answer_seq = a.seq"
        " AND x.split = 'pool' AND (e.created <= ?2 OR a.seq <= coalesce((SELECT seq FROM decisions"
        " WHERE annotator = ?1 AND undone = 0 ORDER BY seq DESC LIMIT 1 OFFSET ?3), -1))"
        " AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.example_id = a.example_id AND c.kind = ?4 AND c.undone = 0"
        " AND c.annotator = ?1 AND json_extract(c.payload, '$.answer_seq') = a.seq)"
        " AND NOT EXISTS (SELECT 1 FROM example_classes k JOIN classes c ON c.id = k.class_id"
        " WHERE k.example_id = x.id AND c.active = 0) ORDER BY a.example_id",
        (annotator, clock.now() - older_than, passed, changes.AGAIN),
    )
    return [Given(*row) for row in rows]
