"""Many answers at once, for imports: the same state as `labels.record` leaves, reached set by set.

`labels.record` folds text by text, a dozen statements each. Here the texts are known to have no answer yet, so nothing
has to be folded: the new answers are the ones that stand.
"""

import os
import uuid
from collections.abc import Iterable
from typing import Any

from core import clock
from core.connection import Connection
from core.store import labels
from core.tasks.base import Task


def record(con: Connection, task: Task[Any], answers: Iterable[tuple[int, str]], annotator: str) -> int:
    """Record (example id, stored answer) pairs as one act inside the caller's transaction; returns how many.

    No text comes twice, and none has an `answered` answer of anybody; skips don't matter.
    """
    act, moment, before = uuid.uuid4().hex, clock.now(), labels.last_seq(con)
    new = con.executemany(
        "INSERT INTO events(uuid, act, kind, example_id, annotator, payload, pick, created) VALUES (?1, ?2, ?3, ?4, ?5,"
        " ?6, coalesce((SELECT pick FROM served WHERE example_id = ?4), '{}'), ?7)",
        ((os.urandom(16).hex(), act, labels.LABEL, i, annotator, stored, moment) for i, stored in answers),
    ).rowcount
    if new:
        _derive(con, task, before)
    return int(new)


def _derive(con: Connection, task: Task[Any], before: int) -> None:
    """What follows from the events after number `before`: decisions, current answers, states and counts."""
    con.execute(
        "INSERT INTO decisions(seq, act, annotator, example_id)"
        " SELECT seq, act, annotator, example_id FROM events WHERE seq > ?",
        (before,),
    )
    skipped = con.execute(
        "SELECT x.split, count(*) FROM events e JOIN examples x ON x.id = e.example_id"
        " WHERE e.seq > ? AND x.state = 'skipped' GROUP BY x.split",
        (before,),
    ).fetchall()
    con.execute(
        "INSERT INTO answers(example_id, annotator, state, value, seq)"
        " SELECT example_id, annotator, 'answered', payload, seq FROM events WHERE seq > ? ON CONFLICT DO"
        " UPDATE SET state = excluded.state, value = excluded.value, seq = excluded.seq",
        (before,),
    )
    con.execute(
        "UPDATE examples SET state = 'answered', answer_seq = e.seq FROM events e"
        " WHERE e.seq > ? AND examples.id = e.example_id",
        (before,),
    )
    answered = con.execute(
        "SELECT x.split, e.payload, count(*) FROM events e JOIN examples x ON x.id = e.example_id"
        " WHERE e.seq > ? GROUP BY x.split, e.payload",
        (before,),
    ).fetchall()
    con.executemany(
        "INSERT INTO example_classes(class_id, example_id) VALUES (?, ?)",
        (
            (class_id, row[0])
            for row in con.execute("SELECT example_id, payload FROM events WHERE seq > ?", (before,)).fetchall()
            for class_id in task.classes_of(task.decode(row[1]))
        ),
    )
    for split, n in skipped:
        labels.count_answer(con, task, ("skipped", None, None, split), -n)
    for split, stored, n in answered:
        labels.count_answer(con, task, ("answered", None, stored, split), n)
