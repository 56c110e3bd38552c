"""Decisions: append-only events, and the current answers that follow from them in the same transaction.

The fold: an annotator's answer to a text is their newest decision on it that is not undone. Which of several people's
answers is the text's current one, `core.store.standing` says.
"""

import json
import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core import clock
from core.connection import Connection, transaction
from core.store import meta, standing
from core.store.meta import bump
from core.store.standing import Standing
from core.tasks.base import Task

LABEL, SKIP, SETTLE = "label", "skip", "settle"
_STATE = {LABEL: "answered", SKIP: "skipped", SETTLE: "answered"}
_LAST_SERVED = "served:"
_ALL = 2**62


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
    seconds: float | None = None
    """How long the person looked at the text; None where nobody measured."""
    settles: bool = False
    """Whether it was made knowing what others had said: then it overrules them."""


@dataclass(frozen=True, slots=True)
class Given:
    """An answer on record."""

    example_id: int
    stored: str | None
    """In its task's stored form; None: the text was skipped."""
    annotator: str
    seq: int
    """Number of the event that gave it."""


def decide(con: Connection, task: Task[Any], decisions: Sequence[Decision], annotator: str) -> int:
    """Commit decisions as one act, which one undo takes back; returns how many were new.

    A decision whose uuid is known already changes nothing.
    """
    with transaction(con):
        return record(con, task, decisions, annotator)


def record(con: Connection, task: Task[Any], decisions: Sequence[Decision], annotator: str, *, act: str = "") -> int:
    """As `decide`, inside the caller's transaction, as part of a larger act if one is given."""
    act, moment, new = act or os.urandom(16).hex(), clock.now(), 0
    for decision in decisions:
        kind = _kind(con, decision, annotator)
        pick = decision.pick or served_pick(con, decision.example_id)
        row = con.execute(
            "INSERT INTO events(uuid, act, kind, example_id, annotator, payload, pick, created, seconds)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(uuid) DO NOTHING RETURNING seq",
            (
                decision.uuid or os.urandom(16).hex(),
                act,
                kind,
                decision.example_id,
                annotator,
                decision.stored or "{}",
                json.dumps(dict(pick), ensure_ascii=False),
                moment,
                decision.seconds,
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


def _kind(con: Connection, decision: Decision, annotator: str) -> str:
    """What kind of event a decision is; it settles only where somebody else has said something."""
    if decision.stored is None:
        return SKIP
    if not decision.settles:
        return LABEL
    others = con.execute(
        "SELECT 1 FROM answers WHERE example_id = ? AND annotator NOT IN (?, ?) AND state = 'answered' LIMIT 1",
        (decision.example_id, annotator, standing.OUTSIDE),
    ).fetchone()
    return SETTLE if others else LABEL


def served_pick(con: Connection, example_id: int) -> Mapping[str, Any]:
    """What the queue recorded when it last served this text; empty if it never did."""
    row = con.execute("SELECT pick FROM served WHERE example_id = ?", (example_id,)).fetchone()
    return json.loads(row[0]) if row else {}


def refold(con: Connection, task: Task[Any], example_id: int, annotator: str) -> None:
    """Derive the annotator's answer, the text's state and all counts anew, inside the caller's transaction."""
    before, split = _stands(con, example_id)
    row = con.execute(
        "SELECT e.seq, e.kind, e.payload FROM decisions d JOIN events e ON e.seq = d.seq"
        " WHERE d.example_id = ? AND d.annotator = ? AND d.undone = 0 ORDER BY d.seq DESC LIMIT 1",
        (example_id, annotator),
    ).fetchone()
    if row is None:
        con.execute("DELETE FROM answers WHERE example_id = ? AND annotator = ?", (example_id, annotator))
    else:
        con.execute(
            "INSERT INTO answers(example_id, annotator, state, value, seq, settles) VALUES (?1, ?2, ?3, ?4, ?5,"
            " EXISTS (SELECT 1 FROM decisions d JOIN events e ON e.seq = d.seq WHERE d.example_id = ?1"
            " AND d.annotator = ?2 AND d.undone = 0 AND e.kind = 'settle')) ON CONFLICT DO UPDATE SET"
            " state = excluded.state, value = excluded.value, seq = excluded.seq, settles = excluded.settles",
            (example_id, annotator, _STATE[row[1]], None if row[1] == SKIP else row[2], row[0]),
        )
    after = standing.of(con, example_id)
    con.execute(
        "UPDATE examples SET state = ?, answer_seq = ?, contested = ? WHERE id = ?",
        (after.state, after.seq, int(after.contested), example_id),
    )
    con.execute(
        "UPDATE overlap SET done = (SELECT count(*) FROM answers WHERE example_id = ?1) >= people"
        " WHERE example_id = ?1",
        (example_id,),
    )
    for found, by in ((before, -1), (after, 1)):
        count_answer(con, task, (found.state, found.seq, found.stored, split), by)
    bump(con, f"{split}.contested", after.contested - before.contested)
    if before.stored != after.stored:
        _classify(con, task, example_id, after.stored)


def _classify(con: Connection, task: Task[Any], example_id: int, stored: str | None) -> None:
    """Note which classes the text's current answer counts for."""
    con.execute("DELETE FROM example_classes WHERE example_id = ?", (example_id,))
    if stored is not None:
        found = task.classes_of(task.decode(stored))
        con.executemany(
            "INSERT INTO example_classes(class_id, example_id) VALUES (?, ?)", [(c, example_id) for c in found]
        )


def _stands(con: Connection, example_id: int) -> tuple[Standing, str]:
    """What was derived for a text so far, and its split."""
    row = con.execute(
        "SELECT x.state, x.answer_seq, a.value, x.contested, x.split FROM examples x LEFT JOIN answers a"
        " ON a.example_id = x.id AND a.seq = x.answer_seq WHERE x.id = ?",
        (example_id,),
    ).fetchone()
    return Standing(row[0], row[1], row[2], bool(row[3])), row[4]


_Counted = tuple[str, int | None, str | None, str]
"""state, seq of the answer, its stored form, split of the text"""


def count_answer(con: Connection, task: Task[Any], counted: _Counted, by: int) -> None:
    """Add one current answer to the counters (or take it out), inside the caller's transaction."""
    state, _seq, stored, split = counted
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


def last_moment(con: Connection) -> float | None:
    """When the newest event was; None if there is none. For people and for daily work, never for order."""
    row = con.execute("SELECT created FROM events ORDER BY seq DESC LIMIT 1").fetchone()
    return row[0] if row else None


def record_served(con: Connection, picks: Mapping[int, Mapping[str, Any]], annotator: str) -> None:
    """Remember how these texts (id → strategy, reason, probability …) came to be asked."""
    with transaction(con):
        note_served(con, picks, annotator)


def note_served(con: Connection, picks: Mapping[int, Mapping[str, Any]], annotator: str) -> None:
    """As `record_served`, inside the caller's transaction."""
    moment = clock.now()
    con.executemany(
        "INSERT INTO served(example_id, annotator, pick, created) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " annotator = excluded.annotator, pick = excluded.pick, created = excluded.created",
        [(i, annotator, json.dumps(dict(p), ensure_ascii=False), moment) for i, p in picks.items()],
    )
    if len(picks) == 1:
        meta.put(con, f"{_LAST_SERVED}{annotator}", next(iter(picks)))


def last_served(con: Connection, annotator: str) -> tuple[int, Mapping[str, Any]] | None:
    """(id, pick) of the text that was shown to this annotator last, if it is still open."""
    example_id = meta.get(con, f"{_LAST_SERVED}{annotator}")
    row = con.execute(
        "SELECT 1 FROM examples WHERE id = ? AND state = 'open' AND split = 'pool'", (example_id,)
    ).fetchone()
    return (example_id, served_pick(con, example_id)) if row else None


def pace(con: Connection, annotator: str, last: int = 50) -> float | None:
    """Median seconds of the annotator's last decisions that stand; None if none was measured."""
    rows = con.execute(
        "SELECT e.seconds FROM decisions d JOIN events e ON e.seq = d.seq WHERE d.annotator = ? AND d.undone = 0"
        " ORDER BY d.seq DESC LIMIT ?",
        (annotator, last),
    )
    measured = [row[0] for row in rows if row[0] is not None]
    return statistics.median(measured) if measured else None


def pick_of(con: Connection, seq: int) -> Mapping[str, Any]:
    """How the text of a decision came to be asked."""
    row = con.execute("SELECT pick FROM events WHERE seq = ?", (seq,)).fetchone()
    return json.loads(row[0]) if row else {}


def history(con: Connection, annotator: str, *, before: int | None = None, limit: int = 1) -> list[Given]:
    """The annotator's standing answers and skips, one per text, newest first, with numbers below `before`."""
    rows = con.execute(
        "SELECT d.example_id, a.value, a.annotator, d.seq FROM decisions d JOIN answers a"
        " ON a.example_id = d.example_id AND a.annotator = d.annotator AND a.seq = d.seq"
        " WHERE d.annotator = ? AND d.undone = 0 AND d.seq < ? ORDER BY d.seq DESC LIMIT ?",
        (annotator, _ALL if before is None else before, limit),
    )
    return [Given(*row) for row in rows]


def answer_of(con: Connection, example_id: int, annotator: str) -> Given | None:
    """What one annotator said about one text."""
    row = con.execute(
        "SELECT example_id, value, annotator, seq FROM answers WHERE example_id = ? AND annotator = ?",
        (example_id, annotator),
    ).fetchone()
    return Given(*row) if row else None


def answers_of(con: Connection, ids: Sequence[int]) -> dict[int, Given]:
    """id → the current answer, or skip, of those texts that have one."""
    rows = con.execute(
        "SELECT x.id, a.value, a.annotator, a.seq FROM examples x JOIN answers a ON a.example_id = x.id"
        " WHERE x.id IN (SELECT value FROM json_each(?)) AND x.state <> 'open'"
        " AND a.seq = coalesce(x.answer_seq, (SELECT max(seq) FROM answers WHERE example_id = x.id))",
        (json.dumps(list(ids)),),
    )
    return {row[0]: Given(*row) for row in rows}
