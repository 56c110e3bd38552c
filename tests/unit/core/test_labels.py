"""Decisions: what is derived always equals a fold over the events, undo and redo are a stack, and nothing is lost."""

import json
import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from core import connection
from core.connection import Connection, transaction
from core.project import Project
from core.records import ImportReport
from core.store import bulk, classes, examples, imports, labels, meta
from core.store.labels import Decision, decide, redo, undo
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.children import exit_code, in_child, told_by

ANN, BEN = "ann", "ben"


def answer(class_id: int | None) -> str | None:
    return None if class_id is None else CLASSIFY.encode(ClassAnswer(class_id))


def give(con: Connection, example_id: int, class_id: int | None, annotator: str = ANN) -> int:
    return decide(con, CLASSIFY, [Decision(example_id, answer(class_id))], annotator)


def state_of(con: Connection, example_id: int) -> tuple[str, str | None]:
    row = con.execute(
        "SELECT x.state, a.value FROM examples x LEFT JOIN answers a ON a.seq = x.answer_seq AND a.example_id = x.id"
        " WHERE x.id = ?",
        (example_id,),
    ).fetchone()
    return row[0], row[1]


# --- the fold, written down a second time, as plainly as can be


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
        {(r[0], r[1]): (r[2], r[3], r[4]) for r in con.execute("SELECT example_id, annotator, state, value, seq FROM answers")},
        {r[0]: (r[1], r[2]) for r in con.execute("SELECT id, state, answer_seq FROM examples")},
        Counter({name: n for name, n in meta.counters(con).items() if n}),
        Counter({(r[0], r[1]): r[2] for r in con.execute("SELECT split, class_id, n FROM class_counts WHERE n <> 0")}),
        {r[0]: tuple(r)[1:] for r in con.execute("SELECT seq, act, annotator, example_id, undone FROM decisions")},
    )


def assert_folded(con: Connection) -> None:
    assert stored(con) == fold(con)


# --- a machine that does what people, scripts, imports and crashes do


@dataclass
class Hand:
    """What one annotator can take back and bring back."""

    done: list[tuple[str, list[tuple[int, int | None]]]] = field(default_factory=list)
    undone: list[tuple[str, list[tuple[int, int | None]]]] = field(default_factory=list)


choice = st.one_of(st.none(), st.integers(1, 3))
somebody = st.sampled_from([ANN, BEN])


class Machine(RuleBasedStateMachine):
    template: Path

    @initialize()
    def start(self) -> None:
        self.home = Path(tempfile.mkdtemp())
        self.moves = 0
        self.root = self.home / "0"
        shutil.copytree(self.template, self.root)
        self.con = connection.connect(self.root / "labels.db")
        self.hands = {ANN: Hand(), BEN: Hand()}
        self.uuids: list[str] = []
        self.held: set[int] = set()

    def teardown(self) -> None:
        if hasattr(self, "con"):
            self.con.close()
            shutil.rmtree(self.home)

    def _events(self) -> int:
        return int(self.con.execute("SELECT count(*) FROM events").fetchone()[0])

    @rule(who=somebody, given=st.lists(st.tuples(st.integers(1, 6), choice), min_size=1, max_size=4), named=st.booleans())
    def decides(self, who: str, given: list[tuple[int, int | None]], named: bool) -> None:
        given = [(i, c) for i, c in given if i not in self.held]
        if not given:
            return
        names = [f"u{len(self.uuids) + n}" if named else "" for n in range(len(given))]
        decisions = [Decision(i, answer(c), uuid=u) for (i, c), u in zip(given, names, strict=True)]
        assert decide(self.con, CLASSIFY, decisions, who) == len(given)
        self.uuids += filter(None, names)
        act = self.con.execute("SELECT act FROM events ORDER BY seq DESC LIMIT 1").fetchone()[0]
        self.hands[who].done.append((act, given))
        self.hands[who].undone.clear()

    @rule(who=somebody, example=st.integers(1, 6), given=choice)
    def repeats(self, who: str, example: int, given: int | None) -> None:
        """A client that got no answer sends its decisions again."""
        if self.uuids:
            before = self._events()
            assert decide(self.con, CLASSIFY, [Decision(example, answer(given), uuid=self.uuids[-1])], who) == 0
            assert self._events() == before

    @rule(who=somebody)
    def undoes(self, who: str) -> None:
        hand = self.hands[who]
        touched = undo(self.con, CLASSIFY, who)
        if hand.done:
            hand.undone.append(hand.done.pop())
            assert touched == [i for i, _c in hand.undone[-1][1]]
        else:
            assert touched == []

    @rule(who=somebody)
    def redoes(self, who: str) -> None:
        hand = self.hands[who]
        touched = redo(self.con, CLASSIFY, who)
        if hand.undone:
            hand.done.append(hand.undone.pop())
            assert touched == [i for i, _c in hand.done[-1][1]]
        else:
            assert touched == []

    @rule(given=st.dictionaries(st.integers(1, 8), st.integers(1, 3), min_size=1, max_size=5))
    def imports_answers(self, given: dict[int, int]) -> None:
        with transaction(self.con):
            rows = self.con.execute("SELECT id FROM examples WHERE state <> 'answered'").fetchall()
            there = {row[0] for row in rows}
            pairs = [(i, str(answer(c))) for i, c in given.items() if i in there]
            assert bulk.record(self.con, CLASSIFY, pairs, imports.ANNOTATOR) == len(pairs)

    @rule(example=st.integers(5, 8))
    def is_held_out(self, example: int) -> None:
        """A test file comes that holds a text of the pool; it moves unless a person has answered it."""
        text = self.con.execute("SELECT text FROM examples WHERE id = ?", (example,)).fetchone()[0]
        row = self.con.execute(
            "SELECT count(*) FROM answers WHERE example_id = ? AND state = 'answered' AND annotator <> 'import'", (example,)
        ).fetchone()
        import_id = imports.begin(self.con, "test.csv", "test")
        added = imports.add_rows(self.con, import_id, [imports.Row(1, text, "{}", None)])
        imports.finish(self.con, import_id, CLASSIFY, (), ImportReport("test.csv", "test"))
        if example not in self.held:
            assert len(added.held) == bool(row[0])
            if not row[0]:
                self.held.add(example)

    @rule(who=somebody, example=st.integers(1, 4), after=st.integers(0, 3))
    def is_cut_off(self, who: str, example: int, after: int) -> None:
        """A failure in the middle of an act of three leaves nothing of it."""
        before, events, counted = stored(self.con), self._events(), 0
        original = labels.count_answer

        def failing(*args: Any) -> None:
            nonlocal counted
            counted += 1
            if counted > after:
                raise KeyboardInterrupt
            original(*args)

        labels.count_answer = failing
        try:
            with pytest.raises(KeyboardInterrupt):
                decide(self.con, CLASSIFY, [Decision(example, answer(c)) for c in (1, None, 2)], who)
        finally:
            labels.count_answer = original
        assert stored(self.con) == before
        assert self._events() == events

    @rule()
    def reopens(self) -> None:
        self.con.close()
        self.con = connection.connect(self.root / "labels.db")

    @rule()
    def is_killed(self) -> None:
        """What a kill leaves: the files as they are, the log not moved into the database."""
        self.moves += 1
        there = self.home / str(self.moves)
        there.mkdir()
        for name in ("labels.db", "labels.db-wal"):
            if (self.root / name).exists():
                shutil.copy(self.root / name, there / name)
        self.con.close()
        self.root = there
        self.con = connection.connect(self.root / "labels.db")

    @invariant()
    def everything_follows_from_the_events(self) -> None:
        if hasattr(self, "con"):
            assert_folded(self.con)
            for who, hand in self.hands.items():
                mine = {i: c for _act, given in hand.done for i, c in given}
                found = self.con.execute("SELECT example_id, value FROM answers WHERE annotator = ?", (who,))
                assert {i: value for i, value in found} == {i: answer(c) for i, c in mine.items()}


def test_L4_what_is_derived_equals_a_fold_over_the_events_whatever_happens(_template: Path) -> None:
    class Here(Machine):
        template = _template

    run_state_machine_as_test(Here, settings=settings(max_examples=30, stateful_step_count=30, deadline=None))


@pytest.mark.slow
def test_L4_the_same_over_a_long_life(con: Connection) -> None:
    chance = random.Random(4)
    for n in range(5000):
        who = chance.choice([ANN, BEN])
        kind = chance.random()
        if kind < 0.6:
            given = [Decision(chance.randint(1, 12), answer(chance.choice([None, 1, 2, 3]))) for _ in range(chance.randint(1, 3))]
            decide(con, CLASSIFY, given, who)
        elif kind < 0.85:
            undo(con, CLASSIFY, who)
        else:
            redo(con, CLASSIFY, who)
        if n % 250 == 0:
            assert_folded(con)
    assert_folded(con)


# --- one promise at a time


def test_an_answer_is_there_when_the_call_returns(con: Connection, project: Project) -> None:
    assert give(con, 1, 2) == 1
    with project.open(readonly=True) as other:
        assert state_of(other, 1) == ("answered", answer(2))
        assert meta.counters(other)["pool.answered"] == 1
        assert classes.counts(other) == {2: 1}


def test_a_new_answer_replaces_one_s_own_and_both_events_stay(con: Connection) -> None:
    give(con, 1, 2)
    give(con, 1, 3)
    assert state_of(con, 1) == ("answered", answer(3))
    assert classes.counts(con) == {3: 1}
    assert meta.counters(con)["pool.answered"] == 1
    assert labels.last_seq(con) >= 2
    assert con.execute("SELECT count(*) FROM events WHERE example_id = 1").fetchone()[0] == 2


def test_of_two_annotators_the_newest_answer_stands_and_a_skip_never_hides_one(con: Connection) -> None:
    give(con, 1, 2, ANN)
    give(con, 1, 3, BEN)
    assert state_of(con, 1) == ("answered", answer(3))
    give(con, 1, None, BEN)
    assert state_of(con, 1) == ("answered", answer(2))
    give(con, 1, None, ANN)
    assert state_of(con, 1) == ("skipped", None)
    assert meta.counters(con)["pool.answered"] == 0
    assert meta.counters(con)["pool.skipped"] == 1


def test_undo_takes_back_one_s_own_newest_act_as_a_whole(con: Connection) -> None:
    give(con, 1, 1, ANN)
    decide(con, CLASSIFY, [Decision(2, answer(1)), Decision(3, answer(2)), Decision(2, None)], ANN)
    give(con, 4, 1, BEN)
    assert undo(con, CLASSIFY, ANN) == [2, 3, 2]
    assert [state_of(con, i)[0] for i in (1, 2, 3, 4)] == ["answered", "open", "open", "answered"]
    assert undo(con, CLASSIFY, ANN) == [1]
    assert undo(con, CLASSIFY, ANN) == []
    assert state_of(con, 4)[0] == "answered"


def test_undoing_a_second_thought_brings_the_first_one_back(con: Connection) -> None:
    give(con, 1, 1)
    give(con, 1, 2)
    undo(con, CLASSIFY, ANN)
    assert state_of(con, 1) == ("answered", answer(1))


def test_redo_goes_back_up_step_by_step(con: Connection) -> None:
    for example in (1, 2, 3):
        give(con, example, 1)
    assert [undo(con, CLASSIFY, ANN) for _ in range(3)] == [[3], [2], [1]]
    assert [redo(con, CLASSIFY, ANN) for _ in range(4)] == [[1], [2], [3], []]


def test_what_was_undone_before_a_new_decision_is_gone_for_good(con: Connection) -> None:
    give(con, 1, 1)
    give(con, 2, 1)
    undo(con, CLASSIFY, ANN)
    give(con, 3, 1)
    assert redo(con, CLASSIFY, ANN) == []
    undo(con, CLASSIFY, ANN)
    assert redo(con, CLASSIFY, ANN) == [3]
    undo(con, CLASSIFY, ANN)
    undo(con, CLASSIFY, ANN)
    assert [redo(con, CLASSIFY, ANN) for _ in range(3)] == [[1], [3], []]
    assert state_of(con, 2)[0] == "open"


def test_L8_a_hundred_steps_can_be_undone_after_a_restart(project: Project) -> None:
    with project.open() as con:
        for n in range(100):
            give(con, n % 12 + 1, n % 3 + 1)
    for _ in range(100):
        with project.open() as con:
            assert undo(con, CLASSIFY, ANN)
    with project.open() as con:
        assert undo(con, CLASSIFY, ANN) == []
        assert meta.counters(con)["pool.answered"] == 0
        assert classes.counts(con) == {}
        assert_folded(con)


def test_L7_the_latest_answer_is_told_by_number_and_never_by_the_clock(
    con: Connection, still_clock: Callable[[float], None]
) -> None:
    give(con, 1, 1)
    still_clock(1_600_000_000.0)
    give(con, 1, 2)
    assert state_of(con, 1) == ("answered", answer(2))
    assert [item.stored for item in examples.labelled(con)] == [answer(2)]
    undo(con, CLASSIFY, ANN)
    assert state_of(con, 1) == ("answered", answer(1))


def test_L11_a_decision_that_is_sent_twice_is_one_event(con: Connection) -> None:
    first = [Decision(1, answer(1), uuid="a"), Decision(2, answer(1), uuid="b"), Decision(2, answer(3), uuid="b")]
    assert decide(con, CLASSIFY, first, ANN) == 2
    assert decide(con, CLASSIFY, [*first, Decision(3, answer(1), uuid="c")], ANN) == 1
    assert state_of(con, 2) == ("answered", answer(1))
    assert [r[0] for r in con.execute("SELECT uuid FROM events WHERE kind = 'label' ORDER BY seq")] == ["a", "b", "c"]
    assert undo(con, CLASSIFY, ANN) == [3]


def test_L11_a_repetition_after_an_undo_does_not_decide_again(con: Connection) -> None:
    decide(con, CLASSIFY, [Decision(1, answer(1), uuid="a")], ANN)
    undo(con, CLASSIFY, ANN)
    assert decide(con, CLASSIFY, [Decision(1, answer(1), uuid="a")], ANN) == 0
    assert state_of(con, 1)[0] == "open"


def test_how_a_text_came_to_be_asked_is_kept_with_its_answer(con: Connection) -> None:
    labels.record_served(con, {1: {"strategy": "random", "probability": 0.1}, 2: {"strategy": "old"}}, ANN)
    labels.record_served(con, {2: {"strategy": "margin"}}, BEN)
    give(con, 1, 1)
    give(con, 2, 1)
    give(con, 3, 1)
    decide(con, CLASSIFY, [Decision(4, answer(1), pick={"strategy": "mine"})], ANN)
    picks = {item.example.id: dict(item.pick) for item in examples.labelled(con)}
    assert picks == {1: {"strategy": "random", "probability": 0.1}, 2: {"strategy": "margin"}, 3: {}, 4: {"strategy": "mine"}}


def test_a_text_that_does_not_exist_can_not_be_answered(con: Connection) -> None:
    before = labels.last_seq(con)
    with pytest.raises(TypeError):
        decide(con, CLASSIFY, [Decision(1, answer(1)), Decision(999, answer(1))], ANN)
    assert labels.last_seq(con) == before
    assert state_of(con, 1)[0] == "open"


def test_C5_every_write_begins_by_taking_the_write_lock(con: Connection) -> None:
    said: list[str] = []
    con.set_trace_callback(said.append)
    give(con, 1, 1)
    undo(con, CLASSIFY, ANN)
    redo(con, CLASSIFY, ANN)
    labels.record_served(con, {1: {}}, ANN)
    con.set_trace_callback(None)
    words = [statement.split()[0].upper() for statement in said]
    assert [s for s in said if s.upper().startswith("BEGIN")] == ["BEGIN IMMEDIATE"] * 4
    assert words.count("COMMIT") == 4
    open_now = False
    for word in words:
        open_now = word == "BEGIN" or (open_now and word not in ("COMMIT", "ROLLBACK"))
        assert open_now or word not in ("INSERT", "UPDATE", "DELETE")


def labelling(path: Path, who: str, n: int) -> Callable[[int], None]:
    """A child that labels and tells each uuid once it is committed."""

    def work(out: int) -> None:
        con = connection.connect(path)
        for k in range(n):
            name = f"{who}-{k}"
            decide(con, CLASSIFY, [Decision(k % 12 + 1, answer(k % 3 + 1), uuid=name)], who)
            os.write(out, f"{name}\n".encode())
        con.close()

    return work


@pytest.mark.parametrize("mode", ["wal", "truncate"])
def test_C1_eight_people_at_once_lose_and_double_nothing(
    mode: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "wanted_journal_mode", lambda _path: mode)
    monkeypatch.setattr(connection, "BUSY_MS", 30_000)
    with project.open():
        pass
    said = told_by(*(labelling(project.database, f"p{k}", 50) for k in range(8)))
    acked = [line for lines in said for line in lines]
    with project.open() as con:
        rows = [row[0] for row in con.execute("SELECT uuid FROM events WHERE kind = 'label'")]
        assert len(acked) == len(rows) == 400
        assert set(acked) == set(rows)
        assert connection.quick_check(con) == "ok"
        assert_folded(con)


def killed(path: Path, chance: random.Random) -> Iterator[str]:
    """The labels a child had told as saved when it was killed."""
    read_end, write_end = os.pipe()
    work = labelling(path, f"k{chance.random()}", 10_000)
    pid = in_child(lambda: work(write_end))
    os.close(write_end)
    time.sleep(chance.uniform(0.01, 0.08))
    os.kill(pid, signal.SIGKILL)
    assert exit_code(pid) == -signal.SIGKILL
    with os.fdopen(read_end, encoding="utf-8") as lines:
        yield from lines.read().splitlines()


def test_L1_a_kill_loses_no_label_that_was_told_as_saved(project: Project) -> None:
    chance = random.Random(1)
    acked: set[str] = set()
    for _kill in range(10):
        acked.update(killed(project.database, chance))
    assert acked
    with project.open() as con:
        assert acked <= {row[0] for row in con.execute("SELECT uuid FROM events")}
        assert connection.quick_check(con) == "ok"
        assert_folded(con)
