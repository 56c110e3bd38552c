"""Which of several people's answers is the current one."""

from core.connection import Connection, transaction
from core.store import browse, bulk, examples, labels, meta
from core.store.browse import TextFilter
from core.store.labels import Decision
from core.store.standing import Said, Standing, current
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.acting import undo
from tests.folding import assert_folded


def answer(class_id: int) -> str:
    return CLASSIFY.encode(ClassAnswer(class_id))


def decide(con: Connection, who: str, class_id: int, example_id: int = 1, *, settles: bool = False) -> None:
    labels.decide(con, CLASSIFY, [Decision(example_id, answer(class_id), settles=settles)], who)


def now(con: Connection, example_id: int = 1) -> tuple[str | None, bool]:
    row = con.execute("SELECT contested FROM examples WHERE id = ?", (example_id,)).fetchone()
    given = labels.answers_of(con, [example_id]).get(example_id)
    return given.stored if given else None, bool(row[0])


def test_nobody_one_and_many() -> None:
    assert current([]) == Standing()
    assert current([Said("ann", None, 3), Said("ben", None, 5)]) == Standing("skipped", 5)
    assert current([Said("ann", "a", 3), Said("ben", None, 5)]) == Standing("answered", 3, "a")


def test_most_people_win_and_among_equals_the_newest() -> None:
    two = [Said("ann", "a", 1), Said("ben", "b", 2)]
    assert current(two) == Standing("answered", 2, "b", contested=True)
    assert current([*two, Said("cyd", "a", 3)]) == Standing("answered", 3, "a")
    assert current([Said("ann", "a", 1), Said("ben", "a", 2), Said("cyd", "b", 3)]) == Standing("answered", 2, "a")


def test_a_file_s_answer_counts_only_until_a_person_answers() -> None:
    assert current([Said("import", "a", 1)]) == Standing("answered", 1, "a")
    assert current([Said("import", "a", 1), Said("ann", "b", 2)]) == Standing("answered", 2, "b")
    assert current([Said("import", "a", 1), Said("ann", None, 2)]) == Standing("answered", 1, "a")


def test_who_settles_overrules_what_was_said_before_and_nothing_later() -> None:
    said = [Said("ann", "a", 1), Said("ben", "a", 2), Said("cyd", "b", 3, settles=True)]
    assert current(said) == Standing("answered", 3, "b")
    assert current([*said, Said("dan", "a", 4)]) == Standing("answered", 4, "a", contested=True)


def test_a_contested_text_is_neither_learnt_nor_lost(con: Connection) -> None:
    decide(con, "ann", 1)
    decide(con, "ben", 2)
    assert now(con) == (answer(2), True)
    assert [item.example.id for item in examples.labelled(con)] == [1]
    assert examples.labelled(con, learnable=True) == []
    assert [*browse.ids(con, TextFilter(contested=True))] == [1]
    assert meta.counters(con)["pool.contested"] == 1
    decide(con, "cyd", 1)
    assert now(con) == (answer(1), False)
    assert [item.annotator for item in examples.labelled(con, learnable=True)] == ["cyd"]
    assert meta.counters(con)["pool.contested"] == 0
    assert_folded(con)


def test_settling_leaves_what_others_said_on_record_and_can_be_taken_back(con: Connection) -> None:
    decide(con, "ann", 1)
    decide(con, "ben", 2)
    decide(con, "ann", 3, settles=True)
    assert now(con) == (answer(3), False)
    assert labels.answer_of(con, 1, "ben").stored == answer(2)  # type: ignore[union-attr]
    decide(con, "ann", 2)  # who has settled it once has seen it all
    assert now(con) == (answer(2), False)
    assert_folded(con)
    assert undo(con, CLASSIFY, "ann") == [1]
    assert undo(con, CLASSIFY, "ann") == [1]
    assert now(con) == (answer(2), True)
    assert_folded(con)


def test_settling_what_nobody_else_has_answered_is_a_plain_answer(con: Connection) -> None:
    with transaction(con):
        bulk.record(con, CLASSIFY, [(2, answer(1))], "import")
    decide(con, "ann", 2, example_id=1, settles=True)
    decide(con, "ann", 2, example_id=2, settles=True)
    assert con.execute("SELECT count(*) FROM events WHERE kind = 'settle'").fetchone()[0] == 0
    assert now(con, 2) == (answer(2), False)
