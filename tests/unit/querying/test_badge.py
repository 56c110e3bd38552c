import numpy as np
import pytest

from core.querying import badge as module
from core.querying.badge import badge, residuals_of, squared_distances
from tests.unit.querying.worlds import blobs, pool, scored, unit


def test_distances_are_those_between_the_gradients_themselves() -> None:
    draw = np.random.default_rng(0)
    x, p = unit(draw.normal(size=(9, 5))), draw.dirichlet(np.ones(4), 9).astype(np.float32)
    residuals = residuals_of(p)
    gradients = np.einsum("nc,nd->ncd", residuals, x).reshape(9, -1)
    squares = (residuals**2).sum(axis=1) * (x**2).sum(axis=1)
    for to in range(9):
        found, cosine = squared_distances(x, residuals, squares, to)
        assert found == pytest.approx(((gradients - gradients[to]) ** 2).sum(axis=1), abs=1e-5)
        assert cosine == pytest.approx(x @ x[to], abs=1e-6)


def test_the_longest_gradient_comes_first() -> None:
    view = scored([[0.9, 0.05, 0.05], [0.4, 0.3, 0.3], [0.6, 0.4, 0.0], [0.99, 0.01, 0.0]])
    assert {badge(view, 1, np.random.default_rng(seed))[0].row for seed in range(9)} == {1}


def test_texts_the_model_is_sure_of_are_left_for_last() -> None:
    view = scored([[1.0, 0.0, 0.0]] * 20 + [[0.5, 0.5, 0.0]] * 5)
    for seed in range(5):
        assert {pick.row for pick in badge(view, 5, np.random.default_rng(seed))} == set(range(20, 25))


def test_a_batch_reaches_more_groups_of_doubts_than_the_most_doubtful_texts_do() -> None:
    view, group = blobs([60, 10, 10, 10], spread=0.07)
    p = np.where(group[:, None] == 0, [0.5, 0.49, 0.01], [0.5, 0.01, 0.49]).astype(np.float32)
    view = type(view)(view.features, view.open, view.labelled, (), (3, 5, 9), p)
    reached = [len(set(group[[pick.row for pick in badge(view, 4, np.random.default_rng(s))]])) for s in range(20)]
    drawn = [len(set(group[np.random.default_rng(s).choice(90, 4, replace=False)])) for s in range(20)]
    assert np.mean(reached) > np.mean(drawn) + 0.5


def test_a_queue_longer_than_the_draws_goes_on_by_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [pick.row for pick in badge(pool(), 30, np.random.default_rng(0))]
    monkeypatch.setattr(module, "MAX_DRAWS", 5)
    short = [pick.row for pick in badge(pool(), 30, np.random.default_rng(0))]
    assert short[:5] == whole[:5]
    assert len(set(short)) == 30


def test_without_a_model_typical_texts_are_asked() -> None:
    assert {pick.strategy for pick in badge(pool(model=False), 9, np.random.default_rng(0))} == {"typical"}
