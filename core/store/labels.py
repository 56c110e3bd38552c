"""Decisions: append-only events, and the current answers that follow from them in the same transaction.

The fold: an annotator's answer to a text is their newest decision on it that is not undone. A text's current answer is
the newest `answered` among its annotators' answers; it is `skipped` if there are only skips, else open.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core import clock
from core.connection import Connection, transaction
from core.store.meta import bump
from core.tasks.base import Task

LABEL, SKIP, UNDO, REDO = "label", "skip", "undo", "redo"
_STATE = {LABEL: "answered", SKIP: "skipped"}


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's answer to one text, or the wish to skip it."""

    example_id: int
    stored: str | None
    """The answer in its task's stored form; None skips the text."""
    pick: Mapping[str, Any] = field(default_factory=dict)
    """How the text came to be asked; empty: what the queue recorded when it served the text."""
    uuid: str = ""
    """Made by the client, so that a retried commit is not a second decision; empty: a new one."""


def decide(con: Connection, task: Task[Any], decisions: Sequence[Decision], annotator: str) -> int:
    """Commit decisions as one act, which one undo takes back; returns how many were new.

    A decision whose uuid is known already changes nothing.
    """
    with transaction(con):
        return record(con, task, decisions, annotator)


def record(con: Connection, task: Task[Any], decisions: Sequence[Decision], annotator: str) -> int:
    """As `decide`, inside the caller's transaction."""
    act, moment, new = os.urandom(16).hex(), clock.now(), 0
    for decision in decisions:
        kind = LABEL if decision.stored is not None else SKIP
        pick = decision.pick or served_pick(con, decision.example_id)
        row = con.execute(
            "INSERT INTO events(uuid, act, kind, example_id, annotator, payload, pick, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(uuid) DO NOTHING RETURNING seq",
            (
                decision.uuid or os.urandom(16).hex(),
                act,
                kind,
                decision.example_id,
                annotator,
                decision.stored or "{}",
                json.dumps(dict(pick), ensure_ascii=False),
                moment,
            ),
        ).fetchone()
        if row is None:
            continue
        new += 1
        con.execute(
            "INSERT INTO decisions(seq, act, annotator, example_id) VALUES (?, ?, ?, ?)",
            (row[0], act, annotator, decision.example_id),
        )
        refold(con, task, decision.example_id, annotator)
    return new


def served_pick(con: Connection, example_id: int) -> Mapping[str, Any]:
    """What the queue recorded when it last served this text; empty if it never did."""
    row = con.execute("SELECT pick FROM served WHERE example_id = ?", (example_id,)).fetchone()
    return json.loads(row[0]) if row else {}


def undo(con: Connection, task: Task[Any], annotator: str) -> list[int]:
    """Take back the annotator's newest act that stands; returns the ids of its texts (empty: nothing to undo)."""
    with transaction(con):
        row = con.execute(
            "SELECT act FROM decisions WHERE annotator = ? AND undone = 0 ORDER BY seq DESC LIMIT 1", (annotator,)
        ).fetchone()
        return _turn(con, task, annotator, UNDO, row[0]) if row else []


def redo(con: Connection, task: Task[Any], annotator: str) -> list[int]:
    """Bring back the act undone last, unless something was decided since; returns the ids of its texts.

    What was undone before a newer decision is gone for good, even if that decision is undone later.
    """
    with transaction(con):
        row = con.execute(
            "SELECT act FROM events e WHERE annotator = ?1 AND kind = 'undo'"
            " AND seq > coalesce((SELECT max(seq) FROM decisions WHERE annotator = ?1 AND undone = 0), 0)"
            " AND EXISTS (SELECT 1 FROM decisions d WHERE d.act = e.act AND d.undone = 1) ORDER BY seq DESC LIMIT 1",
            (annotator,),
        ).fetchone()
        return _turn(con, task, annotator, REDO, row[0]) if row else []


def _turn(con: Connection, task: Task[Any], annotator: str, kind: str, act: str) -> list[int]:
    con.execute(
        "INSERT INTO events(uuid, act, kind, annotator, payload, created) VALUES (?, ?, ?, ?, ?, ?)",
        (os.urandom(16).hex(), act, kind, annotator, json.dumps({"act": act}), clock.now()),
    )
    con.execute("UPDATE decisions SET undone = ? WHERE act = ?", (int(kind == UNDO), act))
    touched = [r[0] for r in con.execute("SELECT example_id FROM decisions WHERE act = ? ORDER BY seq", (act,))]
    for example_id in dict.fromkeys(touched):
        refold(con, task, example_id, annotator)
    return touched


def refold(con: Connection, task: Task[Any], example_id: int, annotator: str) -> None:
    """Derive the annotator's answer, the text's state and all counts anew, inside the caller's transaction."""
    before = _standing(con, example_id)
    row = con.execute(
        "SELECT e.seq, e.kind, e.payload FROM decisions d JOIN events e ON e.seq = d.seq"
        " WHERE d.example_id = ? AND d.annotator = ? AND d.undone = 0 ORDER BY d.seq DESC LIMIT 1",
        (example_id, annotator),
    ).fetchone()
    if row is None:
        con.execute("DELETE FROM answers WHERE example_id = ? AND annotator = ?", (example_id, annotator))
    else:
        con.execute(
            "INSERT INTO answers(example_id, annotator, state, value, seq) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO"
            " UPDATE SET state = excluded.state, value = excluded.value, seq = excluded.seq",
            (example_id, annotator, _STATE[row[1]], row[2] if row[1] == LABEL else None, row[0]),
        )
    after = _effective(con, example_id)
    con.execute("UPDATE examples SET state = ?, answer_seq = ? WHERE id = ?", (after[0], after[1], example_id))
    count_answer(con, task, before, -1)
    count_answer(con, task, (*after, before[3]), 1)


_Standing = tuple[str, int | None, str | None, str]
"""state, seq of the answer, its stored form, split of the text"""


def _standing(con: Connection, example_id: int) -> _Standing:
    row = con.execute("SELECT split FROM examples WHERE id = ?", (example_id,)).fetchone()
    return (*_effective(con, example_id), row[0])


def _effective(con: Connection, example_id: int) -> tuple[str, int | None, str | None]:
    row = con.execute(
        "SELECT state, seq, value FROM answers WHERE example_id = ? ORDER BY state = 'answered' DESC, seq DESC LIMIT 1",
        (example_id,),
    ).fetchone()
    return (row[0], row[1], row[2]) if row else ("open", None, None)


def count_answer(con: Connection, task: Task[Any], standing: _Standing, by: int) -> None:
    """Add one standing answer to the counters (or take it out), inside the caller's transaction."""
    state, _seq, stored, split = standing
    if state == "open":
        return
    bump(con, f"{split}.{state}", by)
    if stored is None:
        return
    for class_id in task.classes_of(task.decode(stored)):
        con.execute(
            "INSERT INTO class_counts(split, class_id, n) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET n = n + excluded.n",
            (split, class_id, by),
        )


def last_seq(con: Connection) -> int:
    """Number of the newest event; 0 if there is none."""
    return int(con.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])


def record_served(con: Connection, picks: Mapping[int, Mapping[str, Any]], annotator: str) -> None:
    """Remember how these texts (id → strategy, reason, probability …) came to be asked."""
    moment = clock.now()
    with transaction(con):
        con.executemany(
            "INSERT INTO served(example_id, annotator, pick, created) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " annotator = excluded.annotator, pick = excluded.pick, created = excluded.created",
            [(i, annotator, json.dumps(dict(p), ensure_ascii=False), moment) for i, p in picks.items()],
        )
