"""The queue: the newest ranking less what was answered, something to ask even without one, and never a test text."""

import random
from collections.abc import Callable

import pytest

from core import queue
from core.connection import Connection
from core.project import Project
from core.records import QueueItem, Reason, Suggestion
from core.settings import Settings, changed
from core.store import imports, labels, models
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.acting import undo
from tests.conftest import AddTexts

PutQueue = Callable[[str, bytes], None]


def item(example_id: int, **more: object) -> QueueItem:
    return QueueItem(example_id, "margin", Reason("margin", {"first": "refund", "p": 0.5}), **more)  # type: ignore[arg-type]


def rank(con: Connection, put: PutQueue, *ids: int, directory: str = "000001") -> None:
    put(directory, queue.encode([item(i) for i in ids], labels.last_seq(con)))
    models.add_ranking(con, directory, labels.last_seq(con), {})


def give(con: Connection, example_id: int, class_id: int | None = 1, who: str = "ann") -> None:
    stored = None if class_id is None else CLASSIFY.encode(ClassAnswer(class_id))
    decide(con, CLASSIFY, [Decision(example_id, stored)], who)


def asked(project: Project, con: Connection, n: int) -> list[int]:
    return [one.example_id for one in queue.upcoming(project, con, n)]


def test_a_ranking_is_read_as_it_was_written(project: Project, con: Connection, queue_file: PutQueue) -> None:
    items = [
        item(4, suggestion=Suggestion("退款", 0.75, "head")),
        item(2, probability=0.01),
        QueueItem(1, "rule", Reason("rule", {"said": "\x1b[2J"}), None, Suggestion(["a"], None, "rule")),
    ]
    queue_file("000001", queue.encode(items, 7))
    models.add_ranking(con, "000001", 7, {})
    assert queue.upcoming(project, con, 3) == items


def test_what_was_answered_or_skipped_since_is_left_out(
    project: Project, con: Connection, queue_file: PutQueue
) -> None:
    rank(con, queue_file, 9, 8, 7, 6)
    give(con, 9)
    give(con, 7, None)
    assert asked(project, con, 2) == [8, 6]
    undo(con, CLASSIFY, "ann")
    assert asked(project, con, 3) == [8, 7, 6]


def test_of_rankings_the_newest_counts(project: Project, con: Connection, queue_file: PutQueue) -> None:
    rank(con, queue_file, 1, 2, 3)
    rank(con, queue_file, 5, 4, directory="000002")
    assert asked(project, con, 2) == [5, 4]


def test_after_the_ranking_the_rest_of_the_pool_follows(
    project: Project, con: Connection, queue_file: PutQueue
) -> None:
    rank(con, queue_file, 9, 8)
    give(con, 8)
    found = queue.upcoming(project, con, 100)
    assert [one.strategy for one in found] == ["margin"] + ["unranked"] * 10
    assert sorted(one.example_id for one in found) == [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12]
    assert found[0].example_id == 9


def test_without_a_ranking_there_is_something_to_ask_in_an_order_that_stays(project: Project, con: Connection) -> None:
    first = asked(project, con, 12)
    assert sorted(first) == list(range(1, 13))
    assert first != sorted(first)
    assert asked(project, con, 5) == first[:5]
    give(con, first[0])
    assert asked(project, con, 11) == first[1:]


def test_a_ranking_whose_files_are_gone_is_no_reason_to_stop(project: Project, con: Connection) -> None:
    models.add_ranking(con, "000001", 0, {})
    assert len(asked(project, con, 3)) == 3


def test_an_empty_ranking_and_an_exhausted_pool_are_fine(
    project: Project, con: Connection, queue_file: PutQueue
) -> None:
    rank(con, queue_file)
    assert len(asked(project, con, 3)) == 3
    for example_id in range(1, 13):
        give(con, example_id)
    assert asked(project, con, 3) == []


def test_no_test_text_is_ever_asked(
    project: Project, con: Connection, queue_file: PutQueue, add_texts: AddTexts
) -> None:
    """Not even one that a stale ranking still names, or that a test file has taken out of the pool since."""
    rank(con, queue_file, 13, 5, 14, 6, 999)
    assert asked(project, con, 2) == [5, 6]
    add_texts(con, ["money back please!!!"], "test")  # it has been text 4 so far
    add_texts(con, ["password reset mail never comes"], "test")  # and this one 5
    found = asked(project, con, 100)
    assert sorted(found) == [1, 2, 3, 6, 7, 8, 9, 10, 11, 12]


def test_texts_of_an_import_that_is_not_whole_are_not_asked(
    project: Project, con: Connection, queue_file: PutQueue
) -> None:
    import_id = imports.begin(con, "half.csv", "pool")
    imports.add_rows(con, import_id, [imports.Row(1, "half", "{}", None)])
    rank(con, queue_file, 16, 1)
    assert 16 not in asked(project, con, 100)


@pytest.mark.parametrize("n", [0, 1, 5, 12, 50])
def test_never_more_than_wanted_and_nothing_twice(
    n: int, project: Project, con: Connection, queue_file: PutQueue
) -> None:
    ranked = random.Random(n).sample(range(1, 16), 8)
    rank(con, queue_file, *ranked)
    found = asked(project, con, n)
    assert len(found) == len(set(found)) == min(n, 12)


def test_a_ranking_is_fresh_until_the_next_decision(project: Project, con: Connection, queue_file: PutQueue) -> None:
    assert not queue.is_fresh(con)
    rank(con, queue_file, 1)
    assert queue.is_fresh(con)
    give(con, 1)
    assert not queue.is_fresh(con)
    rank(con, queue_file, 2, directory="000002")
    assert queue.is_fresh(con)
    undo(con, CLASSIFY, "ann")
    assert not queue.is_fresh(con)


def test_a_ranking_is_stale_once_another_encoder_is_in_use_or_an_option_that_shapes_it_moved(
    con: Connection, queue_file: PutQueue
) -> None:
    options = Settings()
    queue_file("000001", queue.encode([], labels.last_seq(con)))
    info = {"encoder": models.BASE, "shape": queue.shape(options)}
    models.add_ranking(con, "000001", labels.last_seq(con), info)
    assert queue.is_fresh(con, options)
    assert queue.is_fresh(con, changed(options, "epochs", 3))
    for key, value in {"strategy": "random", "audit_share": "0.5", "max_length": "64", "seed": "1"}.items():
        assert not queue.is_fresh(con, changed(options, key, value)), key
    models.use_encoder(con, "1", "better")
    assert not queue.is_fresh(con)
