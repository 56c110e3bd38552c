"""A machine does what people, scripts, imports and crashes do; after each step all follows from the events."""

import random
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from core import connection
from core.connection import Connection, transaction
from core.records import ImportReport
from core.store import bulk, imports, labels
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.acting import redo, undo
from tests.folding import assert_folded, stored

ANN, BEN = "ann", "ben"


def answer(class_id: int | None) -> str | None:
    return None if class_id is None else CLASSIFY.encode(ClassAnswer(class_id))


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

    @rule(
        who=somebody, given=st.lists(st.tuples(st.integers(1, 6), choice), min_size=1, max_size=4), named=st.booleans()
    )
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
            "SELECT count(*) FROM answers WHERE example_id = ? AND state = 'answered' AND annotator <> 'import'",
            (example,),
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

        with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):  # noqa: PT012
            patch.setattr(labels, "count_answer", failing)
            decide(self.con, CLASSIFY, [Decision(example, answer(c)) for c in (1, None, 2)], who)
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
                assert dict(tuple(row) for row in found) == {i: answer(c) for i, c in mine.items()}


def test_L4_what_is_derived_equals_a_fold_over_the_events_whatever_happens(template: Path) -> None:
    here: type[Machine] = type("Here", (Machine,), {"template": template})
    run_state_machine_as_test(here, settings=settings(max_examples=20, stateful_step_count=25, deadline=None))


@pytest.mark.slow
def test_L4_the_same_over_a_long_life(con: Connection) -> None:
    chance = random.Random(4)
    for n in range(5000):
        who = chance.choice([ANN, BEN])
        kind = chance.random()
        if kind < 0.6:
            given = [
                Decision(chance.randint(1, 12), answer(chance.choice([None, 1, 2, 3])))
                for _ in range(chance.randint(1, 3))
            ]
            decide(con, CLASSIFY, given, who)
        elif kind < 0.85:
            undo(con, CLASSIFY, who)
        else:
            redo(con, CLASSIFY, who)
        if n % 250 == 0:
            assert_folded(con)
    assert_folded(con)
