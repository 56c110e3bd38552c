"""Decisions, one promise at a time: the newest answer stands, undo and redo are a stack, and nothing is lost."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import connection
from core.connection import Connection
from core.project import Project
from core.store import classes, examples, labels, meta
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.acting import redo, undo
from tests.children import exit_code, in_child, told_by
from tests.folding import assert_folded

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
    for _ in range(10):
        with project.open() as con:
            for _step in range(10):
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
    assert picks == {
        1: {"strategy": "random", "probability": 0.1},
        2: {"strategy": "margin"},
        3: {},
        4: {"strategy": "mine"},
    }


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
