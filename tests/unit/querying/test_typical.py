import numpy as np
import pytest

from core.querying import typical as module
from core.querying.base import PoolView
from core.querying.typical import typical
from tests.unit.querying.worlds import blobs, unit


def picked(view: PoolView, n: int, seed: int = 0) -> list[int]:
    return [pick.row for pick in typical(view, n, np.random.default_rng(seed))]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("sizes", [[20, 20, 20, 20], [60, 25, 10, 5], [30, 3]])
def test_each_group_is_asked_about_before_one_is_repeated(sizes: list[int], seed: int) -> None:
    view, group = blobs(sizes, seed=seed)
    assert sorted(group[picked(view, len(sizes), seed)]) == list(range(len(sizes)))


@pytest.mark.parametrize("seed", range(5))
def test_a_long_queue_begins_as_a_short_one(seed: int) -> None:
    view, group = blobs([150, 12, 12, 12], seed=seed)
    assert set(group[picked(view, 100, seed)[:8]]) == set(range(4))


def test_the_largest_group_comes_first() -> None:
    view, group = blobs([10, 50, 25])
    assert group[picked(view, 3)].tolist() == [1, 2, 0]


def test_groups_with_a_label_wait() -> None:
    view, group = blobs([50, 30, 20])
    labelled = np.array([0, 50])
    rest = np.setdiff1d(view.open, labelled)
    for seed in range(5):
        assert group[picked(PoolView(view.features, rest, labelled), 1, seed)[0]] == 2


def test_dense_centres_are_preferred_to_outskirts() -> None:
    draw = np.random.default_rng(0)
    spread = np.repeat([0.02, 0.4], [30, 70])[:, None]
    x = unit(np.eye(1, 24) + draw.normal(size=(100, 24)) * spread)
    view = PoolView(x, draw.permutation(100), np.empty(0, np.int64))
    assert all(picked(view, 1, seed)[0] < 30 for seed in range(10))


def test_near_copies_come_after_all_others() -> None:
    view, _group = blobs([1] * 12, spread=0.0)
    x = np.concatenate([view.features, view.features[:5]])
    order = picked(PoolView(x, np.arange(17), np.empty(0, np.int64)), 17)
    first = {row % 12 for row in order[:12]}
    assert first == set(range(12))


def test_copies_of_a_labelled_text_come_last() -> None:
    view, _group = blobs([1] * 12, spread=0.0)
    x = np.concatenate([view.features, view.features[:2]])
    order = picked(PoolView(x, np.arange(2, 14), np.array([0, 1])), 12)
    assert sorted(order[-2:]) == [12, 13]


def test_the_reason_counts_the_texts_a_pick_stands_for() -> None:
    view, group = blobs([50, 30])
    for pick in typical(view, 2, np.random.default_rng(0)):
        assert pick.reason.args["similar"] == [50, 30][group[pick.row]]


def test_large_pools_are_sampled_and_served_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_POOL", 40)
    view, group = blobs([100, 60, 40])
    picks = typical(view, 3, np.random.default_rng(0))
    assert sorted(group[[p.row for p in picks]]) == [0, 1, 2]
    assert sum(p.reason.args["similar"] for p in picks) == pytest.approx(200, abs=3)
    assert len(set(picked(view, 120))) == 120
