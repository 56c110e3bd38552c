"""Comparing texts that come now with those of the pool."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation import drift

CLASSES = ("a", "b", "c")


def unit(rng: np.random.Generator, n: int, centre: np.ndarray, spread: float) -> np.ndarray:
    x = centre + spread * rng.normal(size=(n, len(centre)))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def test_no_text_is_its_own_neighbour_and_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    x = unit(np.random.default_rng(0), 50, np.zeros(4), 1.0)
    cosine = x @ x.T
    np.fill_diagonal(cosine, -1.0)
    wanted = 1.0 - cosine.max(axis=1)
    for block in (7, 50, 1024):
        monkeypatch.setattr(drift, "_BLOCK", block)
        np.testing.assert_allclose(drift.nearest(x, x, same=True), wanted, atol=1e-6)
        np.testing.assert_allclose(drift.nearest(x[:9], x), 0.0, atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_same_kind_of_texts_is_no_change_and_another_kind_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    here, there = np.eye(16)[0], np.eye(16)[1]
    pool = unit(rng, 400, here, 0.2)
    same, other = unit(rng, 200, here, 0.2), unit(rng, 200, there, 0.2)
    own = drift.nearest(pool, pool, same=True)
    quiet = drift.compare(own, drift.nearest(same, pool), CLASSES, {"a": 300, "b": 100}, {"a": 150, "b": 50})
    loud = drift.compare(own, drift.nearest(other, pool), CLASSES, {"a": 300, "b": 100}, {"a": 50, "b": 150})
    assert quiet.far.now / quiet.now < 0.05
    assert quiet.further is not None
    assert 0.4 < quiet.further < 0.62
    assert not any(share.changed for share in quiet.shares)
    assert loud.content_changed
    assert loud.far.now >= 190
    assert [share.changed for share in loud.shares] == [True, True, False]
    assert loud.shares[0].difference == pytest.approx(0.25 - 0.75)


def test_false_alarms_are_as_rare_as_they_say() -> None:
    """Shares of 10 classes without any change: one of them 'changes' in at most a tenth of all comparisons."""
    rng = np.random.default_rng(3)
    names, alarms = [str(i) for i in range(10)], 0
    for _ in range(200):
        pool, now = (dict(zip(names, rng.multinomial(n, [0.1] * 10).tolist(), strict=True)) for n in (500, 300))
        said = drift.compare(np.zeros(500, np.float32), np.zeros(300, np.float32), names, pool, now)
        alarms += any(share.changed for share in said.shares)
    assert alarms <= 30


def test_content_that_has_not_changed_seldom_seems_to() -> None:
    rng, alarms = np.random.default_rng(5), 0
    for _ in range(60):
        pool, now = (unit(rng, n, np.eye(16)[0], 0.3) for n in (300, 150))
        own = drift.nearest(pool, pool, same=True)
        alarms += drift.compare(own, drift.nearest(now, pool), (), {}, {}).content_changed
    assert alarms <= 10


def test_how_often_a_text_is_further_off_is_what_counting_all_pairs_gives() -> None:
    rng = np.random.default_rng(1)
    pool, now = rng.integers(0, 9, 40).astype(np.float32), rng.integers(2, 12, 30).astype(np.float32)
    pairs = (now[:, None] > pool).mean() + 0.5 * (now[:, None] == pool).mean()
    said = drift.compare(pool, now, CLASSES, {}, {})
    assert said.further == pytest.approx(pairs)
    assert said.further_interval is not None
    assert said.further_interval[0] < pairs < said.further_interval[1]


@settings(max_examples=60, deadline=None)
@given(n=st.integers(0, 40), m=st.integers(0, 40), seed=st.integers(0, 9))
def test_every_number_is_a_share_with_its_interval_around_it(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pool, now = rng.random(n).astype(np.float32), rng.random(m).astype(np.float32)
    said = drift.compare(pool, now, CLASSES, {"a": n}, {"a": m // 2, "b": m - m // 2})
    assert said.enough == (min(n, m) >= 20)
    for share in said.shares:
        assert -1.0 <= share.interval[0] <= share.difference <= share.interval[1] <= 1.0
    if said.further is not None and said.further_interval is not None:
        assert 0.0 <= said.further_interval[0] <= said.further <= said.further_interval[1] <= 1.0
    assert said.as_json()["enough"] == said.enough
