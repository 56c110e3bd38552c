"""What follows from the events, written down once more, as plainly as can be: the yardstick of what is derived."""

import json
from collections import Counter
from dataclasses import dataclass, field

from core.connection import Connection
from core.store import meta


@dataclass
class Folded:
    """Everything that follows from the events."""

    answers: dict[tuple[int, str], tuple[str, str | None, int, int]] = field(default_factory=dict)
    states: dict[int, tuple[str, int | None]] = field(default_factory=dict)
    counters: Counter[str] = field(default_factory=Counter)
    classes: Counter[tuple[str, int]] = field(default_factory=Counter)
    contested: set[int] = field(default_factory=set)
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
        if kind in ("label", "skip", "settle"):
            out.decisions[seq] = (act, annotator, example_id, int(act in undone))
            if act not in undone:
                state, known = ("skipped", None) if kind == "skip" else ("answered", payload)
                settled = kind == "settle" or out.answers.get((example_id, annotator), (0, 0, 0, 0))[3] == 1
                out.answers[example_id, annotator] = (state, known, seq, int(settled))
    for example_id, split in con.execute("SELECT id, split FROM examples"):
        found = {who: value for (where, who), value in out.answers.items() if where == example_id}
        chosen, even = _chosen(found)
        if even:
            out.contested.add(example_id)
            out.counters[f"{split}.contested"] += 1
        out.states[example_id] = (chosen[0], chosen[2])
        out.counters[split] += 1
        if chosen[0] != "open":
            out.counters[f"{split}.{chosen[0]}"] += 1
        if chosen[1] is not None:
            out.classes[split, json.loads(chosen[1])["class"]] += 1
    return out


def _chosen(found: dict[str, tuple[str, str | None, int, int]]) -> tuple[tuple[str, str | None, int | None], bool]:
    """The text's current (state, answer, seq), and whether others were given as often."""
    if not found:
        return ("open", None, None), False
    given = {who: value for who, value in found.items() if value[0] == "answered"}
    if not given:
        return max(found.values(), key=lambda value: value[2])[:3], False
    people = {who: value for who, value in given.items() if who != "import"} or given
    overruled_before = max((value[2] for value in people.values() if value[3]), default=0)
    votes = [value for value in people.values() if value[2] >= overruled_before]
    counts = Counter(value[1] for value in votes)
    best = [value for value in votes if counts[value[1]] == max(counts.values())]
    return max(best, key=lambda value: value[2])[:3], len({value[1] for value in best}) > 1


def stored(con: Connection) -> Folded:
    return Folded(
        {
            (r[0], r[1]): (r[2], r[3], r[4], r[5])
            for r in con.execute("SELECT example_id, annotator, state, value, seq, settles FROM answers")
        },
        {r[0]: (r[1], r[2]) for r in con.execute("SELECT id, state, answer_seq FROM examples")},
        Counter({name: n for name, n in meta.counters(con).items() if n}),
        Counter({(r[0], r[1]): r[2] for r in con.execute("SELECT split, class_id, n FROM class_counts WHERE n <> 0")}),
        {r[0] for r in con.execute("SELECT id FROM examples WHERE contested = 1")},
        {r[0]: tuple(r)[1:] for r in con.execute("SELECT seq, act, annotator, example_id, undone FROM decisions")},
    )


def assert_folded(con: Connection) -> None:
    assert stored(con) == fold(con)
