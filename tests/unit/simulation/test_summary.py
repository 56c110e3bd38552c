"""From runs to curves: means, spreads, areas, and who is ahead."""

from typing import Any

import pytest

from core.simulation import summary
from core.simulation.summary import Spread


def made(strategy: str, seed: int, *accuracies: float) -> dict[str, Any]:
    steps = [{"labels": 4 * 2**n, "accuracy": a, "macro_f1": a / 2, "model": "head"} for n, a in enumerate(accuracies)]
    return {"strategy": strategy, "seed": seed, "steps": steps, "final": steps[-1]}


RUNS = [made("random", 0, 0.2, 0.4), made("auto", 0, 0.4, 0.8), made("random", 1, 0.4, 0.6), made("auto", 1, 0.2, 0.5)]


def test_a_curve_has_mean_and_spread_at_each_step() -> None:
    random, auto = summary.curves(RUNS)
    assert (random.name, auto.name) == ("random", "auto")
    assert [point.labels for point in auto.points] == [4, 8]
    assert random.points[0].accuracy.mean == pytest.approx(0.3)
    assert random.points[0].accuracy.sd == pytest.approx(0.1 * 2**0.5)
    assert auto.points[1].macro_f1.mean == pytest.approx(0.325)


def test_a_single_run_has_no_spread() -> None:
    (curve,) = summary.curves(RUNS[:1])
    assert curve.points[0].accuracy == Spread(0.2, None)


def test_the_area_weighs_each_stretch_by_its_labels() -> None:
    assert summary.area(made("a", 0, 0.0, 0.4, 0.8)["steps"]) == pytest.approx((4 * 0.2 + 8 * 0.6) / 12)
    assert summary.area(made("a", 0, 0.7)["steps"]) == pytest.approx(0.7)


def test_differences_are_taken_seed_by_seed() -> None:
    (found,) = summary.against_first(RUNS)
    assert (found.name, found.better, found.seeds) == ("auto", 1, 2)
    assert found.accuracy.mean == pytest.approx((0.4 - 0.1) / 2)
    assert summary.against_first(RUNS[:1]) == []
