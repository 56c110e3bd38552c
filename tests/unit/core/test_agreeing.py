"""The report on people: who counts, what counts as evidence, and answers that are alike in part."""

import pytest

from core import agreeing
from core.connection import Connection, transaction
from core.store import bulk, labels, people
from core.store.labels import Decision
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.tasks.multilabel import MULTILABEL, label_set
from core.tasks.spans import SPANS
from tests.acting import undo


def decide(
    con: Connection, who: str, given: dict[int, int | None], *, settles: bool = False, seconds: float | None = None
) -> None:
    for example_id, class_id in given.items():
        stored = None if class_id is None else CLASSIFY.encode(ClassAnswer(class_id))
        labels.decide(con, CLASSIFY, [Decision(example_id, stored, settles=settles, seconds=seconds)], who)


def test_counts_and_speed_of_everybody_but_of_files(con: Connection) -> None:
    with transaction(con):
        bulk.record(con, CLASSIFY, [(9, CLASSIFY.encode(ClassAnswer(1)))], "import")
    decide(con, "ada", {1: 1, 2: 2, 3: None}, seconds=2.0)
    decide(con, "bo", {1: 2}, seconds=4.0)
    decide(con, "bo", {2: 1}, settles=True)
    assert people.everybody(con) == [people.Person("ada", 2, 1, 0, 2.0), people.Person("bo", 2, 0, 1, 4.0)]


def test_only_what_people_said_on_their_own_is_evidence(con: Connection) -> None:
    decide(con, "ada", {1: 1, 2: 2, 3: 3, 4: 1})
    decide(con, "bo", {1: 1, 2: 1, 3: None})
    before = people.independent(con)
    assert {i: sorted(said) for i, said in before.items()} == {1: ["ada", "bo"], 2: ["ada", "bo"]}
    decide(con, "bo", {2: 2, 4: 2}, settles=True)
    assert people.independent(con) == before
    undo(con, CLASSIFY, "ada")
    undo(con, CLASSIFY, "ada")
    undo(con, CLASSIFY, "ada")
    assert list(people.independent(con)) == [1]


def test_a_report_on_classes_tells_kappa_of_pairs_and_alpha_of_classes(con: Connection) -> None:
    decide(con, "ada", {1: 1, 2: 1, 3: 2, 4: 2})
    decide(con, "bo", {1: 1, 2: 1, 3: 2, 4: 1})
    found = agreeing.report(con, CLASSIFY)
    assert (found.shared, found.same, found.contested, found.raters) == (4, 3, 1, 2)
    assert found.pairs[0].kappa.value == pytest.approx(0.5)
    assert found.fleiss is not None
    assert found.fleiss.value == pytest.approx(7 / 15)
    assert found.alpha.value == pytest.approx(8 / 15)
    assert found.classes[1].value == found.classes[2].value == found.alpha.value


def test_sets_and_spans_that_overlap_agree_in_part() -> None:
    sets = agreeing.distance(MULTILABEL)
    one, both, none = (MULTILABEL.encode(label_set(ids)) for ids in ([1], [1, 2], []))
    assert sets(one, one) == sets(none, none) == 0.0
    assert sets(one, both) == sets(both, one) == pytest.approx(1 / 3)
    assert sets(one, none) == 1.0
    ids, text = {"a": 1, "b": 2}, "one two three"
    rows = [
        [{"start": 0, "end": 3, "label": "a"}],
        [{"start": 0, "end": 3, "label": "a"}, {"start": 4, "end": 7, "label": "b"}],
        [{"start": 0, "end": 3, "label": "b"}],
    ]  # fmt: skip
    first, second, other = (SPANS.encode(SPANS.from_file(row, ids, text)) for row in rows)
    spans = agreeing.distance(SPANS)
    assert spans(first, first) == 0.0
    assert spans(first, second) == spans(second, first) == pytest.approx(1 / 3)
    assert spans(first, other) == 1.0
