"""Who chooses passes through here: the best first, twins last, never fewer than asked for."""

import numpy as np
import pytest

from core.querying import pool as pools
from core.querying import twins as module
from core.querying.base import PoolExhaustedError, PoolView
from core.querying.pool import best_of_each, margins, sampled
from core.querying.twins import Chooser
from tests.unit.querying.worlds import pool


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def meanings(of: list[int], labelled: int = 0) -> PoolView:
    """A text per number; equal numbers are twins; the first ones are labelled."""
    x = np.eye(max(of) + 1, dtype=np.float32)[of]
    return PoolView(x, np.arange(labelled, len(of)), np.arange(labelled))


def test_offers_are_taken_in_their_order_and_twins_wait() -> None:
    chooser = Chooser(meanings([0, 1, 1, 2, 0, 3]), 6, rng())
    chooser.offer_all(np.array([4, 1, 2, 0, 3, 5]))
    assert chooser.missing == 2
    assert chooser.rows() == [4, 1, 3, 5, 2, 0]


def test_a_twin_of_a_labelled_text_is_refused_and_so_is_a_second_offer() -> None:
    chooser = Chooser(meanings([0, 1, 0, 2], labelled=2), 2, rng())
    assert not chooser.offer(2)
    assert chooser.offer(3)
    assert not chooser.offer(3)
    assert chooser.rows() == [3, 2]


def test_what_was_never_offered_comes_before_twins() -> None:
    chooser = Chooser(meanings([0, 0, 0, 1, 2]), 4, rng())
    chooser.offer_all(np.array([0, 1, 2]))
    rows = chooser.rows()
    assert rows[0] == 0
    assert set(rows[1:3]) == {3, 4}
    assert rows[3] == 1


@pytest.mark.parametrize("block", [1, 2, 3, 100])
def test_blocks_make_no_difference(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    view = meanings([*range(12), *range(12)])
    order = rng(3).permutation(24)
    monkeypatch.setattr(module, "BLOCK", block)
    chooser = Chooser(view, 12, rng())
    chooser.offer_all(order)
    assert sorted(row % 12 for row in chooser.rows()) == list(range(12))
    assert chooser.rows()[0] == order[0]


def test_nothing_open_is_an_exception_and_enough_is_enough() -> None:
    with pytest.raises(PoolExhaustedError):
        Chooser(meanings([0, 1], labelled=2), 1, rng())
    chooser = Chooser(meanings([0, 1, 2]), 1, rng())
    chooser.offer_all(np.array([2, 1, 0]))
    assert (chooser.missing, chooser.rows()) == (0, [2])


def test_margins_are_those_of_the_two_best_and_leave_the_scores_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "CHUNK", 7)
    view = pool(50, classes=4)
    assert view.probabilities is not None
    before = view.probabilities.copy()
    ordered = np.sort(before[view.open], axis=1)
    assert margins(view, view.open) == pytest.approx(ordered[:, -1] - ordered[:, -2], abs=1e-7)
    assert np.array_equal(before, view.probabilities)


def test_the_best_of_each_class_are_found_across_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "CHUNK", 7)
    p = rng().random((50, 3)).astype(np.float32)
    rows = rng(1).permutation(50)[:40]
    found = best_of_each(rows, (5, 6, 9), lambda piece: p[piece], 4)
    for number, class_id in enumerate((5, 6, 9)):
        expected = rows[np.argsort(-p[rows, number])][:4]
        assert found[class_id][0].tolist() == expected.tolist()
        assert found[class_id][1].tolist() == p[expected, number].tolist()


def test_a_sample_is_in_order_without_doubles_and_a_small_pool_is_left_whole() -> None:
    rows = np.arange(100, 200)
    assert sampled(rows, 100, rng()) is rows
    few = sampled(rows, 10, rng())
    assert len(set(few.tolist())) == 10
    assert few.tolist() == sorted(few.tolist())
    assert set(few.tolist()) <= set(rows.tolist())
