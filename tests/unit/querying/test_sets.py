"""Picking where classes don't exclude each other."""

from dataclasses import replace

import numpy as np
import pytest

from core import plugins
from core.querying import herding as herds
from core.querying import reasons
from core.querying.base import PoolView
from core.querying.cvirs import borda, cvirs, inconsistency
from core.querying.herding import herding
from core.querying.uncertainty import entropy, least_confidence, margin
from tests.unit.querying.worlds import blobs, scored

SCORES = [[0.9, 0.1, 0.02], [0.55, 0.1, 0.1], [0.7, 0.3, 0.3], [0.98, 0.97, 0.01]]


def view(scores: list[list[float]] = SCORES) -> PoolView:
    return replace(scored(scores), exclusive=False)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    ("strategy", "order"), [(margin, [1, 2, 0, 3]), (least_confidence, [2, 1, 0, 3]), (entropy, [2, 1, 0, 3])]
)
def test_uncertainty_is_about_having_a_label_or_not(strategy: "object", order: list[int]) -> None:
    picks = strategy(view(), 4, rng())  # type: ignore[operator]
    assert [pick.row for pick in picks] == order


def test_the_reason_names_the_label_in_doubt() -> None:
    (pick,) = margin(view(), 1, rng())
    assert reasons.words(pick.reason) == "refund or not, 0.55"


def test_one_label_alone_can_be_in_doubt() -> None:
    one = replace(scored([[0.9], [0.5], [0.2]]), exclusive=False, class_ids=(3,))
    assert [pick.row for pick in margin(one, 3, rng())] == [1, 2, 0]
    assert herding(one, 1, rng())[0].reason.kind == reasons.EITHER


def test_herding_follows_the_doubts_it_is_given() -> None:
    pool, group = blobs([60, 60])
    scores = np.full((120, 2), 0.5, np.float32)
    pool = replace(pool, class_ids=(7, 8), probabilities=scores, names={7: "a", 8: "b"}, exclusive=False)
    for wanted in (0, 1):
        told = replace(pool, doubt=lambda rows, w=wanted: np.where(group[rows] == w, 0.9, 0.01).astype(np.float32))
        assert {int(group[pick.row]) for pick in herding(told, 1, rng())} == {wanted}


def test_many_likely_labels_weigh_no_more_than_one_but_rare_ones_do() -> None:
    pool, _group = blobs([10, 10])
    scores = np.zeros((20, 4), np.float32)
    scores[:, 0] = 0.9
    scores[1] = [0.9, 0.9, 0.9, 0.0]
    scores[2] = [0.0, 0.0, 0.0, 0.9]
    pool = replace(
        pool,
        class_ids=(1, 2, 3, 4),
        probabilities=scores,
        exclusive=False,
        doubt=lambda rows: np.ones(len(rows), np.float32),
    )
    even = herds._weights(pool, np.arange(3))
    assert even[0] == pytest.approx(even[1])
    short = herds._weights(replace(pool, classes=[(1, 2, 3)] * 9 + [(4,)]), np.arange(3))
    assert short[2] > 2 * short[0]


def test_every_label_ranks_and_equal_margins_share_a_place() -> None:
    found = borda(np.array([[0.1, 0.9], [0.2, 0.9], [0.3, 0.9]], np.float32))
    assert found[0] > found[1] > found[2]
    assert found[0] - found[1] == pytest.approx(1 / 6)


def test_a_set_like_no_other_is_inconsistent_and_one_that_was_given_is_not() -> None:
    given = np.array([[1, 0, 0, 0], [1, 0, 0, 0]], np.bool_)
    said = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 1]], np.bool_)
    same, near, far = inconsistency(said, given)
    assert same == pytest.approx(0.0)
    assert 0.0 < near < far == 1.0


def test_cvirs_asks_the_doubtful_and_unlike_first() -> None:
    pool = replace(view([[0.99, 0.01, 0.01], [0.51, 0.52, 0.5], [0.98, 0.02, 0.02]]), classes=[(3,)])
    picks = plugins.load(plugins.STRATEGIES, "cvirs")(pool, 3, rng())
    assert picks[0].row == 1
    assert {pick.row for pick in picks} == {0, 1, 2}
    blind = replace(pool, probabilities=None, class_ids=())
    assert cvirs(blind, 1, rng())[0].strategy == "typical"
