"""The bars that another format of numbers is held to."""

import pytest

from core.tasks.classify import CLASSIFY, ClassAnswer
from core.tasks.multilabel import MULTILABEL, label_set
from exports.precision import gates

NAMES = {1: "refund", 2: "login", 3: "speed"}


def answers(*ids: int) -> list[ClassAnswer]:
    return [ClassAnswer(i) for i in ids]


def test_one_in_a_hundred_may_be_answered_otherwise_and_two_may_not() -> None:
    before = answers(*[1, 2, 3, 1] * 50)
    for changed, passed in ((0, True), (2, True), (3, False)):
        after = [
            ClassAnswer(3) if i < 2 * changed and i % 2 == 0 and a.class_id == 1 else a for i, a in enumerate(before)
        ]
        after = before[:]
        for i in range(changed):
            after[4 * i] = ClassAnswer(2)
        found = gates.agreement(CLASSIFY, before, after, NAMES)
        assert found.passed is passed
        assert found.same == 200 - changed
        assert {s.name for s in found.suffered} == ({"refund", "login"} if changed else set())


def test_a_fall_of_macro_f1_is_told_with_its_interval_and_the_classes() -> None:
    golds = answers(*[1, 2, 3] * 40)
    before = list(golds)
    after = [ClassAnswer(1) if i % 30 == 2 else a for i, a in enumerate(golds)]
    found = gates.fall(CLASSIFY, golds, before, after, NAMES)
    assert not found.passed
    assert found.before == 1.0
    assert found.interval[0] < found.fall < found.interval[1]
    assert found.suffered[0].name == "speed"
    words = gates.why_not(gates.agreement(CLASSIFY, before, before, NAMES), found)
    assert words.startswith("macro-F1 on 120 labelled texts falls by ")
    assert "speed 1.00 → 0.95" in words


def test_mistakes_that_cancel_out_are_no_fall_but_have_a_width() -> None:
    golds = answers(*[1, 2] * 100)
    before = [ClassAnswer(2) if i == 0 else a for i, a in enumerate(golds)]
    after = [ClassAnswer(2) if i == 2 else a for i, a in enumerate(golds)]
    found = gates.fall(CLASSIFY, golds, before, after, NAMES)
    assert found.passed
    assert found.fall == pytest.approx(0.0)
    assert found.interval[0] < 0 < found.interval[1]


def test_no_labelled_and_no_unlabelled_texts_stop_nothing() -> None:
    same, lost = gates.agreement(CLASSIFY, [], [], NAMES), gates.fall(CLASSIFY, [], [], [], NAMES)
    said = gates.as_json(same, lost)
    assert said["passed"]
    assert said["why"] == ""


def test_sets_are_the_same_only_as_a_whole() -> None:
    before = [label_set([1, 2])] * 50
    after = [label_set([1]), *before[1:]]
    found = gates.agreement(MULTILABEL, before, after, NAMES)
    assert found.same == 49
    assert not found.passed
    assert [s.name for s in found.suffered] == ["login"]
