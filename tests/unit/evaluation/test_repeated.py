"""Agreement of a person with themselves: bounds, and scikit-learn's kappa where it has the same."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from core.evaluation.repeated import self_agreement
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.tasks.multilabel import MULTILABEL, label_set

quick = settings(max_examples=40, deadline=None, database=None, derandomize=True)

PAIRS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=40)
SETS = st.lists(st.tuples(st.sets(st.integers(1, 4)), st.sets(st.integers(1, 4))), min_size=1, max_size=30)


@quick
@given(PAIRS)
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    assume(len({c for pair in pairs for c in pair}) > 1)
    found = self_agreement(CLASSIFY, [(ClassAnswer(a), ClassAnswer(b)) for a, b in pairs])
    theirs = cohen_kappa_score(*zip(*pairs, strict=True))
    if found.kappa is None:
        assert math.isnan(theirs)
        return
    assert found.kappa == pytest.approx(theirs)
    assert found.interval is not None
    assert found.interval[0] <= found.kappa <= found.interval[1] <= 1.0 + 1e-12


@quick
@given(SETS)
def test_of_sets_each_class_is_a_decision(pairs: list[tuple[set[int], set[int]]]) -> None:
    found = self_agreement(MULTILABEL, [(label_set(a), label_set(b)) for a, b in pairs])
    assert found.same == sum(a == b for a, b in pairs)
    assert found.observed is not None
    assert 0.0 <= found.observed <= 1.0
    if found.kappa is not None and found.interval is not None:
        assert found.interval[0] <= found.kappa <= found.interval[1]
        assert (found.kappa == pytest.approx(1.0)) == (found.same == len(pairs))


def test_chance_is_how_often_both_say_yes_or_both_say_no_to_a_class() -> None:
    pairs = [({1}, {1}), ({1}, set()), (set(), set()), ({1, 2}, {2})]
    found = self_agreement(MULTILABEL, [(label_set(a), label_set(b)) for a, b in pairs])
    # class 1: three of four, then one; two agree. Class 2: one of four, and one; all agree.
    chance = ((3 * 1 + 1 * 3) / 16 + (1 * 1 + 3 * 3) / 16) / 2
    assert found.observed == pytest.approx(6 / 8)
    assert found.kappa == pytest.approx((6 / 8 - chance) / (1 - chance))


def test_who_always_says_the_same_of_everything_has_no_kappa() -> None:
    found = self_agreement(CLASSIFY, [(ClassAnswer(1), ClassAnswer(1))] * 30)
    assert (found.observed, found.kappa, found.interval) == (1.0, None, None)
    assert self_agreement(CLASSIFY, []).observed is None


def test_below_twenty_texts_it_is_too_few_to_tell() -> None:
    assert not self_agreement(CLASSIFY, [(ClassAnswer(1), ClassAnswer(2))] * 19).enough
    assert self_agreement(CLASSIFY, [(ClassAnswer(1), ClassAnswer(2))] * 20).enough
