"""Doubts about labels: bounded, blind to the order of texts, and pointing at what was turned over."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation import suspects
from core.evaluation.suspects import BLOCK, MOST, PRIOR, judge, nearest_with, neighbours, odds, ranked

quick = settings(max_examples=40, deadline=None, database=None, derandomize=True)
seeds = st.integers(0, 10_000)


def world(seed: int, n: int = 24, classes: int = 3, *, exclusive: bool = True) -> tuple["np.ndarray", ...]:
    """(given [n, classes], head [n, classes], features [n, 5]) at random."""
    rng = np.random.default_rng(seed)
    head = rng.random((n, classes))
    if exclusive:
        given = np.eye(classes, dtype=bool)[rng.integers(0, classes, n)]
        head /= head.sum(axis=1, keepdims=True)
    else:
        given = rng.random((n, classes)) < 0.4
    return given, head, rng.normal(size=(n, 5)).astype(np.float32)


def clusters(n: int, classes: int, rng: np.random.Generator) -> tuple["np.ndarray", "np.ndarray"]:
    """(class [n], features [n, 16]): each class around a centre of its own."""
    numbers = np.arange(n) % classes
    return numbers, np.eye(16)[numbers] + 0.1 * rng.normal(size=(n, 16))


@quick
@given(seeds, st.booleans())
def test_doubts_are_probabilities(seed: int, exclusive: bool) -> None:
    given_, head, features = world(seed, exclusive=exclusive)
    found = judge(given_, head, features, exclusive=exclusive)
    assert found.doubt.shape == found.confident.shape == (24,)
    assert ((found.doubt >= 0) & (found.doubt <= 1)).all()
    assert ((found.blend >= 0) & (found.blend <= 1)).all()
    if exclusive:
        assert found.blend.sum(axis=1) == pytest.approx(1.0)


@quick
@given(seeds, st.booleans())
def test_the_order_of_texts_makes_no_difference(seed: int, exclusive: bool) -> None:
    given_, head, features = world(seed, exclusive=exclusive)
    order = np.random.default_rng(seed + 1).permutation(24)
    found = judge(given_, head, features, exclusive=exclusive)
    mixed = judge(given_[order], head[order], features[order], exclusive=exclusive)
    assert mixed.doubt == pytest.approx(found.doubt[order], abs=1e-5)
    assert (mixed.confident == found.confident[order]).mean() > 0.9  # at the rule's edge rounding may decide


@quick
@given(seeds, st.booleans())
def test_the_less_models_believe_an_answer_the_more_it_is_doubted(seed: int, exclusive: bool) -> None:
    given_, head, features = world(seed, exclusive=exclusive)
    less = head.copy()
    mine = given_[0]
    less[0] = np.where(mine, head[0] * 0.1, head[0] + (1 - head[0]) * 0.5)
    if exclusive:
        less[0] /= less[0].sum()
    assert (
        judge(given_, less, features, exclusive=exclusive).doubt[0]
        >= judge(given_, head, features, exclusive=exclusive).doubt[0] - 1e-9
    )


@quick
@given(seeds)
def test_with_several_classes_two_that_exclude_each_other_are_one_question(seed: int) -> None:
    given_, head, features = world(seed, classes=2)
    one = judge(given_, head, features, exclusive=True)
    several = judge(given_, head, features, exclusive=False)
    assert several.doubt == pytest.approx(one.doubt, abs=1e-6)


@quick
@given(seeds, st.booleans())
def test_who_is_not_judged_still_has_a_say(seed: int, exclusive: bool) -> None:
    given_, head, features = world(seed, exclusive=exclusive)
    rows = np.arange(5, 15)
    whole = judge(given_, head, features, exclusive=exclusive)
    some = judge(given_, head, features, exclusive=exclusive, rows=rows)
    alone = judge(given_[rows], head[rows], features[rows], exclusive=exclusive)
    assert some.doubt == pytest.approx(whole.doubt[rows])
    assert not np.allclose(some.doubt, alone.doubt)


def test_a_text_has_no_say_about_itself_and_the_nearest_has_most() -> None:
    features = np.array([[1.0, 0.0], [0.99, 0.1], [0.0, 1.0]])
    given_ = np.array([[True, False], [False, True], [True, False]])
    near = neighbours(features, given_, choices=2)
    assert near[0, 1] > 0.9
    assert near.sum(axis=1) == pytest.approx(1.0)
    assert near.min() >= PRIOR / 2 - 1e-9


def test_texts_in_several_blocks_are_judged_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    given_, _head, features = world(3, n=50)
    whole = neighbours(features, given_, choices=3)
    assert BLOCK > 50
    monkeypatch.setattr(suspects, "BLOCK", 7)
    assert neighbours(features, given_, choices=3) == pytest.approx(whole)


@pytest.mark.parametrize("exclusive", [True, False])
def test_turned_labels_are_the_most_suspicious(exclusive: bool) -> None:
    rng = np.random.default_rng(5)
    numbers, features = clusters(120, 4, rng)
    head = np.full((120, 4), 0.1)
    head[np.arange(120), numbers] = 0.7
    given_ = np.eye(4, dtype=bool)[numbers]
    wrong = rng.choice(120, 6, replace=False)
    given_[wrong] = np.roll(given_[wrong], 1, axis=1)
    found = judge(given_, head, features, exclusive=exclusive)
    assert set(ranked(found)[:6]) == set(wrong.tolist())
    # of sets, the model's 0.1 for a wrong label is no less than what it says of labels that are rightly missing
    assert found.confident[wrong].all() if exclusive else found.confident[wrong].any()
    assert not np.delete(found.confident, wrong).any()


def test_where_models_know_nothing_neighbours_decide() -> None:
    numbers, features = clusters(40, 4, np.random.default_rng(1))
    given_ = np.eye(4, dtype=bool)[numbers]
    given_[7] = np.roll(given_[7], 1)
    assert ranked(judge(given_, np.full((40, 4), 0.25), features, exclusive=True))[0] == 7


def test_one_class_that_is_surely_wrong_counts_more_than_many_that_may_be() -> None:
    given_ = np.zeros((2, 5), bool)
    head = np.array([[0.95, 0.01, 0.01, 0.01, 0.01], [0.4, 0.4, 0.4, 0.4, 0.4]])
    found = judge(given_, head, np.eye(2), exclusive=False)
    assert found.doubt[0] > found.doubt[1]
    for row in range(2):
        alone = [judge(given_[:, [c]], head[:, [c]], np.eye(2), exclusive=False).doubt[row] for c in range(5)]
        assert found.doubt[row] == pytest.approx(max(alone))


def test_the_nearest_is_never_the_text_itself() -> None:
    features = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]], np.float32)
    assert nearest_with(features, 0, [0, 1, 2]) == 1
    assert nearest_with(features, 0, [0]) is None


def test_one_text_alone_is_judged_by_the_model_alone() -> None:
    found = judge(np.array([[True, False]]), np.array([[0.2, 0.8]]), np.ones((1, 3)), exclusive=True)
    assert 0.5 < found.doubt[0] < 1.0


@quick
@given(st.floats(0, 1))
def test_odds_grow_with_the_doubt_and_stay_within_bounds(doubt: float) -> None:
    assert 0.0 <= odds(doubt) <= MOST
    assert odds(min(1.0, doubt + 0.01)) >= odds(doubt)
    assert odds(0.5) == pytest.approx(1.0)
    assert odds(0.9) == pytest.approx(9.0)
