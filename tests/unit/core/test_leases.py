"""Nobody gets the text that somebody else looks at, and nobody keeps one for ever."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from core import clock, deciding, queue
from core.connection import Connection, transaction
from core.project import Project
from core.serving import Serving, TakenError, serve
from core.store import examples, labels, leases
from core.store.labels import Decision
from core.store.leases import Holder, Overlap
from core.tasks.classify import CLASSIFY, ClassAnswer

ANN, BEN, CYD = Holder("ann", "a1"), Holder("ben", "b1"), Holder("cyd", "c1")
ALL = Overlap(1.0, people=2)
Pick = dict[str, object]


def take(con: Connection, holder: Holder, *ids: int, overlap: Overlap | None = None, n: int = 1) -> list[int]:
    return [*serve(con, Serving({i: {"strategy": "s"} for i in ids}, holder, overlap or Overlap(), n=n))]


def answer(con: Connection, who: str, example_id: int, class_id: int | None = 1) -> None:
    stored = None if class_id is None else CLASSIFY.encode(ClassAnswer(class_id))
    labels.decide(con, CLASSIFY, [Decision(example_id, stored)], who)


def next_of(project: Project, con: Connection, holder: Holder, n: int = 12) -> list[int]:
    return [item.example_id for item in queue.upcoming(project, con, n, holder)]


def test_C3_a_text_is_shown_in_one_terminal_at_a_time(con: Connection, project: Project) -> None:
    assert take(con, ANN, 1, 2) == [1]
    assert take(con, BEN, 1, 2) == [2]
    assert take(con, Holder("ann", "a2"), 1, 2, 3) == [3], "one person in two terminals has two texts"
    assert set(next_of(project, con, CYD)).isdisjoint({1, 2, 3})
    assert 1 in next_of(project, con, ANN), "one's own text stays in one's own queue"


def test_C3_taking_the_next_text_lets_go_of_the_one_before(con: Connection) -> None:
    assert take(con, ANN, 1) == [1]
    assert take(con, ANN, 2) == [2]
    assert take(con, BEN, 1) == [1]
    with transaction(con):
        leases.release(con, ANN)
    assert take(con, CYD, 2) == [2]


def test_C3_a_lease_that_is_not_renewed_ends_within_a_minute(
    con: Connection, still_clock: Callable[[float], None]
) -> None:
    start = clock.monotonic()
    take(con, ANN, 1)
    still_clock(start + 45)
    assert take(con, BEN, 1) == []
    with transaction(con):
        leases.renew(con, ANN)
    still_clock(start + 61)
    assert take(con, BEN, 1) == [], "a terminal that lives keeps its text"
    still_clock(start + 121)
    assert take(con, BEN, 1) == [1]


def test_C3_a_text_that_was_left_lying_is_not_kept(con: Connection, still_clock: Callable[[float], None]) -> None:
    start = clock.monotonic()
    take(con, ANN, 1)
    for after in range(0, 700, 15):
        still_clock(start + after)
        with transaction(con):
            leases.renew(con, ANN)
    assert take(con, BEN, 1) == [1]


def test_C3_the_leases_of_a_dead_process_are_free_at_once(con: Connection) -> None:
    child = subprocess.run(
        [sys.executable, "-c", "from core.store import leases; print(leases.new_client())"],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    dead, alive = Holder("ann", child.stdout.strip()), Holder("ann", leases.new_client())
    take(con, dead, 1)
    take(con, alive, 2)
    assert take(con, BEN, 2, 1) == [1]


def test_C3_leases_of_another_boot_or_a_stranger_s_process_space(
    con: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(con, ANN, 1)
    take(con, Holder("ben", f"pid:[1]/{os.getpid() + 1}:00"), 2)
    assert take(con, CYD, 1, 2, 3) == [3], "a process that can't be seen may well live"
    monkeypatch.setattr(clock, "boot_id", lambda: "after the reboot")
    assert take(con, CYD, 1) == [1]


def test_overlap_asks_each_text_of_as_many_people_as_wanted(con: Connection, project: Project) -> None:
    assert take(con, ANN, 1, overlap=ALL) == [1]
    assert take(con, BEN, 1, overlap=ALL) == [1], "two may look at it at once"
    assert take(con, CYD, 1, overlap=ALL) == []
    answer(con, "ann", 1)
    answer(con, "ben", 1, class_id=None)
    assert 1 not in next_of(project, con, CYD), "a skip is what this person said"
    assert take(con, ANN, 2, overlap=ALL) == [2]
    answer(con, "ann", 2)
    assert 2 in next_of(project, con, CYD)
    assert 2 not in next_of(project, con, ANN)
    take(con, CYD, 2)
    answer(con, "cyd", 2)
    assert 2 not in next_of(project, con, BEN)


def test_overlap_keeps_how_a_text_was_drawn_and_quotes_no_model(con: Connection, project: Project) -> None:
    drawn: Pick = {"strategy": "audit", "reason": {"kind": "audit", "args": {}}, "probability": 0.25}
    serve(con, Serving({3: drawn}, ANN, ALL))
    answer(con, "ann", 3)
    again = next(item for item in queue.upcoming(project, con, 9, BEN) if item.example_id == 3)
    assert (again.strategy, again.probability, again.suggestion) == ("audit", 0.25, None)
    serve(con, Serving({3: queue.pick_of(again)}, BEN, ALL))
    answer(con, "ben", 3)
    (item,) = examples.labelled(con)
    assert item.annotator == "ben"
    assert (item.pick["strategy"], item.pick["probability"]) == ("audit", 0.25)


def test_overlap_is_a_share_drawn_by_number_alone() -> None:
    tenth = Overlap(0.1, people=3, seed=7)
    chosen = [i for i in range(1, 5001) if tenth.wanted(i) == 3]
    assert 420 < len(chosen) < 580
    assert chosen == [i for i in range(1, 5001) if Overlap(0.1, people=3, seed=7).wanted(i) > 1]
    assert {i for i in range(1, 5001) if Overlap(0.1, people=3, seed=8).wanted(i) == 3} != set(chosen)
    assert {Overlap(0.0, people=3).wanted(i) for i in range(99)} == {1}


def test_U5_what_somebody_else_answered_meanwhile_is_told_and_not_overwritten(con: Connection) -> None:
    (example,) = examples.get(con, [1])
    take(con, ANN, 1)
    answer(con, "ben", 1, class_id=2)
    serving = Serving({2: {}}, ANN, current=1)
    with pytest.raises(TakenError, match="ben answered this text meanwhile"):
        deciding.give(con, CLASSIFY, "refund", [(example, {})], "ann", open_classes=True, serve=serving)
    assert labels.answers_of(con, [1])[1].annotator == "ben"
    assert con.execute("SELECT count(*) FROM events WHERE annotator = 'ann'").fetchone()[0] == 0
    assert serving.chosen == ()
