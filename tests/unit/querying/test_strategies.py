"""What every query strategy owes, whoever wrote it: one battery over all that are registered."""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import plugins
from core.querying import reasons
from core.querying.base import Pick, PoolExhaustedError, PoolView, Strategy
from tests.unit.querying.worlds import cold, pool, unit

NAMES = plugins.names(plugins.STRATEGIES)


@pytest.fixture(params=NAMES)
def strategy(request: pytest.FixtureRequest) -> Strategy:
    found: Strategy = plugins.load(plugins.STRATEGIES, request.param)
    return found


@pytest.fixture(params=["warm", "cold"])
def view(request: pytest.FixtureRequest) -> PoolView:
    return pool() if request.param == "warm" else cold(pool())


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def rows(picks: Iterable[Pick]) -> list[int]:
    return [pick.row for pick in picks]


def check(view: PoolView, picks: list[Pick], n: int) -> None:
    assert len(picks) == min(n, len(view.open))
    assert len(set(rows(picks))) == len(picks), "a row twice"
    assert set(rows(picks)) <= set(view.open.tolist()), "a row that is not open"


def test_the_promised_strategies_are_registered() -> None:
    assert {"auto", "entropy", "least-confidence", "margin", "random", "typical"} <= set(NAMES)


@pytest.mark.parametrize("n", [1, 2, 7, 20, 46])
def test_who_asks_for_n_gets_n_different_open_rows(strategy: Strategy, view: PoolView, n: int) -> None:
    check(view, strategy(view, n, rng()), n)


def test_a_number_larger_than_the_pool_gets_all_of_it(strategy: Strategy, view: PoolView) -> None:
    picks = strategy(view, 1000, rng())
    assert sorted(rows(picks)) == view.open.tolist()


def test_an_exhausted_pool_is_an_exception_of_its_own(strategy: Strategy, view: PoolView) -> None:
    with pytest.raises(PoolExhaustedError):
        strategy(replace(view, open=view.open[:0]), 5, rng())


def test_one_open_row_is_picked(strategy: Strategy, view: PoolView) -> None:
    alone = replace(view, open=view.open[7:8])
    assert rows(strategy(alone, 5, rng())) == alone.open.tolist()


def test_two_rows_are_pool_enough(strategy: Strategy) -> None:
    x = unit(np.array([[1.0, 0.2], [0.1, 1.0]]))
    check(small := PoolView(x, np.arange(2), np.empty(0, np.int64)), strategy(small, 2, rng()), 2)


@pytest.mark.parametrize("model", [True, False])
def test_one_class_only_is_no_reason_to_fail(strategy: Strategy, *, model: bool) -> None:
    view = pool(classes=1, model=model)
    check(view, strategy(view, 12, rng()), 12)


def test_duplicates_in_the_pool_cost_no_place_in_the_queue(strategy: Strategy) -> None:
    view = pool(80)
    copies = replace(view, features=view.features[np.arange(80) % 4])
    for start in (copies, cold(copies)):
        check(start, strategy(start, 30, rng()), 30)
        assert sorted(rows(strategy(start, 1000, rng()))) == start.open.tolist()


def test_all_rows_the_same_is_fine(strategy: Strategy) -> None:
    view = pool(40)
    same = replace(view, features=np.ones_like(view.features))
    check(same, strategy(same, 10, rng()), 10)


def test_a_row_without_features_does_no_harm(strategy: Strategy) -> None:
    view = pool(40)
    view.features[view.open[:3]] = 0.0
    check(view, strategy(view, 26, rng()), 26)


def test_the_same_seed_gives_the_same_picks(strategy: Strategy, view: PoolView) -> None:
    assert strategy(view, 15, rng(4)) == strategy(view, 15, rng(4))


def test_another_seed_may_pick_otherwise_but_keeps_the_rules(strategy: Strategy, view: PoolView) -> None:
    for seed in range(5):
        check(view, strategy(view, 15, rng(seed)), 15)


def test_a_read_only_memory_map_in_half_precision_is_enough(strategy: Strategy, view: PoolView, tmp_path: Path) -> None:
    half = view.features.astype(np.float16)
    half.tofile(tmp_path / "vectors.f16")
    mapped = np.memmap(tmp_path / "vectors.f16", np.float16, "r", shape=half.shape)
    picks = strategy(replace(view, features=mapped), 15, rng())
    check(view, picks, 15)
    assert picks == strategy(replace(view, features=half), 15, rng())


def test_no_global_random_state_is_touched(strategy: Strategy, view: PoolView) -> None:
    np.random.seed(1)
    before = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]
    strategy(view, 15, rng())
    assert before == (random.getstate(), np.random.get_state()[1].tolist())  # type: ignore[index]


def test_what_it_is_shown_stays_as_it_was(strategy: Strategy) -> None:
    view, same = pool(), pool()
    strategy(view, 15, rng())
    assert np.array_equal(view.features, same.features)
    assert np.array_equal(view.open, same.open)
    assert np.array_equal(view.labelled, same.labelled)
    assert np.array_equal(view.probabilities, same.probabilities)  # type: ignore[arg-type]


def test_every_pick_says_who_picked_it_and_why(strategy: Strategy, view: PoolView) -> None:
    for pick in strategy(view, 30, rng()):
        assert pick.strategy
        assert reasons.words(pick.reason) != pick.reason.kind
        assert pick.probability is None or 0.0 < pick.probability <= 1.0


@pytest.mark.parametrize("name", NAMES)
def test_any_pool_is_served_in_full(name: str) -> None:
    strategy: Callable[[PoolView, int, np.random.Generator], list[Pick]] = plugins.load(plugins.STRATEGIES, name)

    @settings(max_examples=40, deadline=None, database=None, derandomize=True)
    @given(st.data())
    def serves(data: st.DataObject) -> None:
        size = data.draw(st.integers(1, 40))
        labelled = data.draw(st.integers(0, size - 1))
        skipped = data.draw(st.integers(0, size - 1 - labelled))
        seed = data.draw(st.integers(0, 99))
        view = pool(
            size,
            labelled=labelled,
            skipped=skipped,
            classes=data.draw(st.integers(1, 4)),
            model=data.draw(st.booleans()),
            seed=seed,
        )
        view = replace(view, audit_share=data.draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])))
        n = data.draw(st.integers(1, 50))
        check(view, strategy(view, n, rng(seed)), n)

    serves()
