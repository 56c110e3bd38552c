"""What every query strategy owes, whoever wrote it: one battery over all that are registered."""

import random
import tracemalloc
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
from tests.unit.querying.worlds import cold, described, pool, topics, unit

NAMES = plugins.names(plugins.STRATEGIES)
BLIND = {"random", "auto"}
"""Draw at random, all or in part, so that copies are as likely as any text."""
BY_SCORE_ALONE = {"entropy", "least-confidence", "margin"}
"""Compare their picks with each other, not with what is labelled."""


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
    first = {"auto", "entropy", "least-confidence", "margin", "random", "typical"}
    others = {"badge", "balance", "committee", "contrastive", "diverse", "named", "probcover", "seeds"}
    assert first | others <= set(NAMES)


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


@pytest.mark.parametrize("name", sorted(set(NAMES) - BLIND))
def test_near_copies_are_not_asked_twice_while_others_remain(name: str) -> None:
    strategy: Strategy = plugins.load(plugins.STRATEGIES, name)
    for start in (copies := thrice(30), *([] if name in BY_SCORE_ALONE else [cold(copies)])):
        for seed in range(4):
            meanings = [row % 30 for row in rows(strategy(start, 22, rng(seed)))]
            assert len(set(meanings)) == 22
            assert sorted(rows(strategy(start, 1000, rng(seed)))) == start.open.tolist(), "copies come last, but come"


@pytest.mark.parametrize("name", sorted(set(NAMES) - BLIND - BY_SCORE_ALONE))
def test_near_copies_of_labelled_texts_wait_too(name: str) -> None:
    strategy: Strategy = plugins.load(plugins.STRATEGIES, name)
    view = thrice(30, labelled=6)
    for seed in range(4):
        meanings = [row % 30 for row in rows(strategy(view, 24, rng(seed)))]
        assert sorted(meanings) == list(range(6, 30))


def thrice(meanings: int, *, labelled: int = 0) -> PoolView:
    """Each text three times, nearly equal; the first `labelled` ones have an answer, their copies have none."""
    draw = np.random.default_rng(0)
    x = np.tile(draw.normal(size=(meanings, 16)), (3, 1))
    x = unit(x + draw.normal(size=x.shape) * 0.02)
    p = draw.dirichlet(np.ones(3), len(x)).astype(np.float32)
    done = np.arange(labelled)
    ids = (10, 11, 12)
    given = [(ids[i % 3],) for i in range(labelled)]
    view = PoolView(x, np.arange(labelled, len(x)), done, given, ids, p, {i: f"class {i}" for i in ids})
    return described(view, ids)


@pytest.mark.parametrize("n", [5, 150])
def test_seventy_seven_classes_are_normal(strategy: Strategy, n: int) -> None:
    view, _group = topics([12] * 77, labels=1, spread=0.05)
    for start in (view, cold(view)):
        check(start, strategy(start, n, rng()), n)


def test_classes_of_one_percent_are_normal(strategy: Strategy) -> None:
    view, _group = topics([600, 380, 10, 10])
    for start in (view, cold(view)):
        check(start, strategy(start, 60, rng()), 60)


def test_a_class_nobody_has_met_is_no_reason_to_fail(strategy: Strategy) -> None:
    view = pool(60, classes=2)
    unmet = replace(view, names=view.names | {99: "unmet"})
    vectors = dict(view.class_vectors) | {99: unit(np.ones((1, 16)))[0]}
    unmet = replace(unmet, class_vectors=vectors, seeded=dict(view.seeded) | {99: view.open[:4]})
    check(unmet, strategy(unmet, 20, rng()), 20)


def test_keywords_found_in_texts_that_are_not_open_are_not_asked(strategy: Strategy, view: PoolView) -> None:
    stale = replace(view, seeded={10: view.labelled.copy(), 11: np.arange(len(view.features))})
    check(stale, strategy(stale, 46, rng()), 46)


def test_a_pool_of_one_text_is_served(strategy: Strategy) -> None:
    single = PoolView(unit(np.ones((1, 8))), np.arange(1), np.empty(0, np.int64))
    assert rows(strategy(single, 5, rng())) == [0]


def test_a_queue_of_thousands_is_lined_up(strategy: Strategy) -> None:
    view = pool(3000, labelled=40)
    check(view, strategy(view, 2500, rng()), 2500)


def test_of_a_large_pool_on_disk_only_pieces_come_into_memory(strategy: Strategy, large: PoolView) -> None:
    tracemalloc.start()
    try:
        picks = strategy(large, 50, rng())
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    check(large, picks, 50)
    assert peak < 110e6, "the features alone are 154 MB in float32"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> PoolView:
    """300,000 texts, their features memory-mapped."""
    n, dim, draw = 300_000, 128, np.random.default_rng(0)
    path = tmp_path_factory.mktemp("large") / "vectors.f16"
    with path.open("wb") as file:
        for _piece in range(10):
            unit(draw.normal(size=(n // 10, dim))).astype(np.float16).tofile(file)
    features = np.memmap(path, np.float16, "r", shape=(n, dim))
    p = draw.random((n, 5), np.float32)
    p /= p.sum(axis=1, keepdims=True)
    done, ids = np.arange(0, 3000, 30), tuple(range(10, 15))
    given = [(ids[i % 5],) for i in range(len(done))]
    view = PoolView(features, np.setdiff1d(np.arange(n), done), done, given, ids, p, {i: str(i) for i in ids})
    return described(view, ids)


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
