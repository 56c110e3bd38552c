"""What follows from the events, written down once more, as plainly as can be: the yardstick of what is derived."""

import json
from collections import Counter
from dataclasses import dataclass, field

from core.connection import Connection
from core.store import meta


@dataclass
class Folded:
    """Everything that follows from the events."""

    answers: dict[tuple[int, str], tuple[str, str | None, int]] = field(default_factory=dict)
    states: dict[int, tuple[str, int | None]] = field(default_factory=dict)
    counters: Counter[str] = field(default_factory=Counter)
    classes: Counter[tuple[str, int]] = field(default_factory=Counter)
    decisions: dict[int, tuple[str, str, int, int]] = field(default_factory=dict)


def fold(con: Connection) -> Folded:
    events = con.execute("SELECT seq, act, kind, example_id, annotator, payload FROM events ORDER BY seq").fetchall()
    undone: set[str] = set()
    for _seq, act, kind, *_rest in events:
        if kind == "undo":
            undone.add(act)
        elif kind == "redo":
            undone.remove(act)
    out = Folded()
    for seq, act, kind, example_id, annotator, payload in events:
        if kind in ("label", "skip"):
            out.decisions[seq] = (act, annotator, example_id, int(act in undone))
            if act not in undone:
                known = payload if kind == "label" else None
                out.answers[example_id, annotator] = ("answered" if kind == "label" else "skipped", known, seq)
    for example_id, split in con.execute("SELECT id, split FROM examples"):
        found = [value for (where, _who), value in out.answers.items() if where == example_id]
        chosen = max(found, key=lambda value: (value[0] == "answered", value[2]), default=("open", None, None))
        out.states[example_id] = (chosen[0], chosen[2])
        out.counters[split] += 1
        if chosen[0] != "open":
            out.counters[f"{split}.{chosen[0]}"] += 1
        if chosen[1] is not None:
            out.classes[split, json.loads(chosen[1])["class"]] += 1
    return out


def stored(con: Connection) -> Folded:
    return Folded(
        {
            (r[0], r[1]): (r[2], r[3], r[4])
            for r in con.execute("SELECT example_id, annotator, state, value, seq FROM answers")
        },
        {r[0]: (r[1], r[2]) for r in con.execute("SELECT id, state, answer_seq FROM examples")},
        Counter({name: n for name, n in meta.counters(con).items() if n}),
        Counter({(r[0], r[1]): r[2] for r in con.execute("SELECT split, class_id, n FROM class_counts WHERE n <> 0")}),
        {r[0]: tuple(r)[1:] for r in con.execute("SELECT seq, act, annotator, example_id, undone FROM decisions")},
    )


def assert_folded(con: Connection) -> None:
    assert stored(con) == fold(con)
