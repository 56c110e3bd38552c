"""The task `multilabel`: sets of labels in files, on record and under the rules a project declares."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import plugins
from core.errors import InputError
from core.records import LabelClass
from core.tasks import rules
from core.tasks.base import Task
from core.tasks.multilabel import MULTILABEL, LabelSet, Multilabel, label_set, parted

IDS = {"angry": 1, "urgent": 2, "thanks": 5, "退款": 9}
NAMES = {class_id: name for name, class_id in IDS.items()}
quick = settings(max_examples=80, deadline=None, database=None, derandomize=True)
sets = st.frozensets(st.sampled_from(sorted(NAMES))).map(label_set)


def ruled(*classes: LabelClass) -> Multilabel:
    return MULTILABEL.bound(classes)


MOODS = ruled(
    LabelClass(1, "angry", group="mood"),
    LabelClass(2, "urgent", implies=("退款",)),
    LabelClass(5, "thanks", group="mood"),
    LabelClass(9, "退款", implies=("angry",)),
)


def test_it_is_found_by_its_name() -> None:
    found: Task[LabelSet] = plugins.load(plugins.TASKS, "multilabel")
    assert (found.name, found.field, found.exclusive) == ("multilabel", "labels", False)


@quick
@given(sets)
def test_every_form_of_an_answer_leads_back_to_it(answer: LabelSet) -> None:
    assert MULTILABEL.decode(MULTILABEL.encode(answer)) == answer
    assert MULTILABEL.from_file(MULTILABEL.to_file(answer, NAMES), IDS, "") == answer


@quick
@given(sets, sets)
def test_a_cell_keeps_both_sets(gold: LabelSet, predicted: LabelSet) -> None:
    (cell,) = MULTILABEL.compare(gold, predicted)
    assert parted(cell) == (gold.class_ids, predicted.class_ids)
    assert MULTILABEL.correct({cell: 3}) == (3 if gold == predicted else 0)


def test_no_label_fits_is_an_answer_and_nothing_said_is_none() -> None:
    assert MULTILABEL.from_row({"labels": "[]"}) == []
    assert MULTILABEL.from_row({"labels": []}) == []
    assert MULTILABEL.from_row({"labels": "  "}) is None
    assert MULTILABEL.from_row({"labels": None}) is None
    assert MULTILABEL.encode(MULTILABEL.from_file([], IDS, "")) == MULTILABEL.encode(LabelSet())


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("angry", ["angry"]),
        ("angry; urgent", ["angry", "urgent"]),
        ("angry|urgent|", ["angry", "urgent"]),
        ("a;b|c", ["a;b", "c"]),
        ('["a;b", "c|d"]', ["a;b", "c|d"]),
        (["angry", "angry", " urgent "], ["angry", "urgent"]),
    ],
)
def test_a_cell_holds_a_list_in_any_of_its_forms(cell: object, names: list[str]) -> None:
    raw = MULTILABEL.from_row({"tags": cell})
    assert list(MULTILABEL.names_in(raw)) == names


@pytest.mark.parametrize("cell", ["[1, 2]", '["a"', [""], [["a"]], {"a": 1}])
def test_what_is_no_list_of_names_is_refused(cell: object) -> None:
    with pytest.raises(InputError):
        MULTILABEL.names_in(MULTILABEL.from_row({"tags": cell}))


def test_a_column_for_each_label_says_yes_or_no() -> None:
    row = {"angry": "1", "urgent": "", "thanks": "FALSE", "退款": True}
    assert MULTILABEL.from_row(row) == ["angry", "退款"]
    assert MULTILABEL.from_row({"angry": "0", "urgent": "0"}) == []
    assert MULTILABEL.from_row({"angry": " ", "urgent": None}) is None
    with pytest.raises(InputError, match=r"angry.*maybe"):
        MULTILABEL.from_row({"angry": "maybe", "urgent": "1"})


def test_what_a_label_implies_comes_with_it() -> None:
    assert MOODS.from_file(["urgent"], IDS, "") == LabelSet((1, 2, 9))


def test_labels_of_one_group_are_refused_together_by_name() -> None:
    with pytest.raises(InputError, match="angry and thanks exclude each other"):
        MOODS.from_file(["thanks", "urgent"], IDS, "")


@quick
@given(st.lists(st.sampled_from(sorted(NAMES)), max_size=12))
def test_toggling_never_leaves_a_set_that_the_rules_forbid(keys: list[int]) -> None:
    chosen: frozenset[int] = frozenset()
    for key in keys:
        had = key in chosen
        chosen = MOODS.rules.toggled(chosen, key)
        assert MOODS.rules.conflict(chosen) is None
        assert MOODS.rules.closed(chosen) == chosen
        assert (key in chosen) is not had


def test_toggling_a_label_off_takes_along_what_implied_it() -> None:
    assert MOODS.rules.toggled(frozenset({1, 2, 9}), 9) == {1}
    assert MOODS.rules.toggled(frozenset({1, 2, 9}), 5) == {5}


def test_a_model_answers_each_label_from_its_own_cut() -> None:
    assert MULTILABEL.from_scores([0.6, 0.2, 0.4], (1, 2, 5)) == LabelSet((1,))
    assert MULTILABEL.from_scores([0.6, 0.2, 0.4], (1, 2, 5), (0.7, 0.1, 0.4)) == LabelSet((2, 5))
    assert MULTILABEL.from_scores([0.1, 0.2, 0.3], (1, 2, 5)) == LabelSet()


def test_of_two_that_exclude_each_other_a_model_answers_the_one_further_over_its_cut() -> None:
    assert MOODS.from_scores([0.8, 0.9], (1, 5), (0.5, 0.7)) == LabelSet((1,))
    assert MOODS.from_scores([0.6, 0.9], (2, 5)) == LabelSet((5,))


def test_a_suggestion_tells_every_label_it_answers_and_how_sure_the_set_is() -> None:
    ids = tuple(range(1, 15))
    said = MULTILABEL.suggest([0.9] * 12 + [0.2, 0.1], ids, {i: f"t{i}" for i in ids}, "head")
    assert said.value == [f"t{i}" for i in range(1, 13)]
    assert len(said.scores) == 12
    assert said.score == pytest.approx(0.9**12 * 0.8 * 0.9, abs=1e-4)


@pytest.mark.parametrize(
    ("answers", "enough"),
    [([], False), ([(), ()], False), ([(1,), (1,)], False), ([(1,), ()], True), ([(1, 2), (1,)], True)],
)
def test_something_must_be_told_apart(answers: list[tuple[int, ...]], enough: bool) -> None:
    assert (MULTILABEL.training_problem(map(LabelSet, answers)) == "") is enough


def test_rules_speak_of_classes_in_use_only() -> None:
    found = rules.of([LabelClass(1, "a", implies=("b",)), LabelClass(2, "b", active=False)])
    assert found.closed([1]) == {1}


def test_a_merged_class_leaves_a_set() -> None:
    assert MULTILABEL.replaced(LabelSet((1, 2)), 1, 2) == LabelSet((2,))
