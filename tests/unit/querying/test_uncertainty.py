import math

import numpy as np
import pytest

from core.querying import reasons
from core.querying.base import Strategy
from core.querying.uncertainty import entropy, least_confidence, margin
from tests.unit.querying.worlds import scored, unit

SCORES = [[0.80, 0.15, 0.05], [0.50, 0.48, 0.02], [0.60, 0.20, 0.20], [0.40, 0.34, 0.26], [0.98, 0.01, 0.01]]


def order(strategy: Strategy, seed: int = 0) -> list[int]:
    return [pick.row for pick in strategy(scored(SCORES), 5, np.random.default_rng(seed))]


def test_margin_asks_the_smallest_margin_first() -> None:
    assert order(margin) == [1, 3, 2, 0, 4]


def test_least_confidence_asks_the_lowest_best_probability_first() -> None:
    assert order(least_confidence) == [3, 1, 2, 0, 4]


def test_entropy_asks_the_most_undecided_first() -> None:
    by_hand = sorted(range(5), key=lambda i: sum(p * math.log(p) for p in SCORES[i]))
    assert order(entropy) == by_hand == [3, 2, 1, 0, 4]


def test_scores_belong_to_rows_not_to_places_among_the_open_ones() -> None:
    view = scored(SCORES)
    few = type(view)(view.features, np.array([4, 0, 2]), view.labelled, (), view.class_ids, view.probabilities)
    assert [pick.row for pick in margin(few, 3, np.random.default_rng(0))] == [2, 0, 4]


def test_margin_asks_near_copies_once() -> None:
    x = unit(np.array([[1, 0, 0], [1, 0.01, 0], [0, 1, 0], [0, 0.99, 0.02], [0, 0, 1.0]]))
    view = scored([[0.51, 0.49, 0], [0.52, 0.48, 0], [0.6, 0.4, 0], [0.7, 0.3, 0], [0.9, 0.1, 0]], x)
    assert [pick.row for pick in margin(view, 3, np.random.default_rng(0))] == [0, 2, 4]
    assert [pick.row for pick in margin(view, 5, np.random.default_rng(0))] == [0, 2, 4, 1, 3]


def test_ties_are_broken_at_random() -> None:
    view = scored([[0.5, 0.5, 0.0]] * 6)
    firsts = {margin(view, 1, np.random.default_rng(seed))[0].row for seed in range(60)}
    assert firsts == set(range(6))


def test_impossible_classes_do_not_break_entropy() -> None:
    picks = entropy(scored([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]), 2, np.random.default_rng(0))
    assert [pick.reason.args["k"] for pick in picks] == [2.0, 1.0]


def test_picks_on_purpose_carry_no_probability() -> None:
    assert all(pick.probability is None for pick in margin(scored(SCORES), 5, np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        (margin, "refund 0.50 against login 0.48"),
        (least_confidence, "unsure: refund with only 0.40"),
        (entropy, "undecided between about 3.0 classes"),
    ],
)
def test_the_reason_names_the_classes_it_is_about(strategy: Strategy, said: str) -> None:
    assert reasons.words(strategy(scored(SCORES), 1, np.random.default_rng(0))[0].reason) == said


def test_without_a_model_uncertainty_is_random_and_says_so() -> None:
    view = scored(SCORES)
    blind = type(view)(view.features, view.open, view.labelled)
    picks = margin(blind, 2, np.random.default_rng(0))
    assert {(pick.strategy, pick.probability) for pick in picks} == {("random", 0.4)}
