"""Intervals: hand-computed values, and how often they hold what they claim to hold."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.evaluation.intervals import f1_interval, mean_interval, tail, wilson
from core.evaluation.report import macro_f1, macro_f1_interval
from core.tasks.base import Cells
from core.tasks.classify import CLASSIFY

counts = st.integers(0, 500)
quick = settings(max_examples=200, deadline=None, database=None, derandomize=True)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (5, 10, 0.2693, 0.7307),
        (0, 10, 0.0, 0.2129),
        (10, 10, 0.7871, 1.0),
        (1, 1, 0.2699, 1.0),
        (81, 100, 0.7376, 0.8660),
    ],
)
def test_wilson_against_values_by_hand(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


def test_nothing_counted_is_no_interval() -> None:
    assert wilson(0, 0) is None
    assert f1_interval(0, 0, 0) is None


@pytest.mark.parametrize("n", [20, 48, 150])
def test_wilson_holds_the_truth_in_about_nine_of_ten_samples(n: int) -> None:
    inside = [wilson(hits, n) or (0.0, 0.0) for hits in range(n + 1)]
    shares = []
    for truth in (0.2, 0.5, 0.7, 0.9):
        chances = [math.comb(n, k) * truth**k * (1 - truth) ** (n - k) for k in range(n + 1)]
        shares.append(sum(c for c, (low, high) in zip(chances, inside, strict=True) if low <= truth <= high))
    assert min(shares) > 0.83
    assert sum(shares) / len(shares) == pytest.approx(0.9, abs=0.02)


@quick
@given(counts, counts)
def test_wilson_lies_in_bounds_around_the_share(hits: int, misses: int) -> None:
    found = wilson(hits, hits + misses)
    if found is not None:
        low, high = found
        assert 0.0 <= low <= hits / (hits + misses) <= high <= 1.0
        assert low < high


@quick
@given(counts, counts, counts)
def test_an_f1_interval_lies_in_bounds_around_f1(tp: int, fp: int, fn: int) -> None:
    found = f1_interval(tp, fp, fn)
    if found is not None:
        low, high = found
        assert 0.0 <= low <= 2 * tp / (2 * tp + fp + fn) + 1e-12
        assert 2 * tp / (2 * tp + fp + fn) - 1e-12 <= high <= 1.0


def test_more_texts_make_narrower_intervals() -> None:
    widths = [high - low for low, high in (wilson(8 * k, 10 * k) or (0, 0) for k in (1, 3, 10, 100))]
    assert widths == sorted(widths, reverse=True)


def test_the_interval_of_a_mean_by_hand() -> None:
    low, high = mean_interval([0.5, 0.9], [(0.2, 0.7), (0.5, 1.0)])
    assert low == pytest.approx(0.7 - math.hypot(0.3, 0.4) / 2)
    assert high == pytest.approx(0.7 + math.hypot(0.2, 0.1) / 2)
    assert mean_interval([1.0], [(0.8, 1.0)]) == (0.8, 1.0)


def interval(cells: Cells, classes: int) -> tuple[float, float]:
    found = macro_f1_interval(cells, lambda drawn: CLASSIFY.class_counts(drawn, range(classes)))
    assert found is not None
    return found


def test_macro_f1_of_a_faultless_model_still_has_a_width() -> None:
    low, high = interval({(0, 0): 10, (1, 1): 10}, 2)
    assert low < 0.93
    assert high == 1.0


def test_macro_f1_of_nothing_has_no_interval() -> None:
    assert macro_f1_interval({}, lambda drawn: CLASSIFY.class_counts(drawn, range(3))) is None


def test_the_same_counts_always_give_the_same_interval() -> None:
    one: Cells = {(0, 0): 10, (1, 0): 3, (1, 1): 7}
    assert interval(one, 2) == interval(dict(reversed(list(one.items()))), 2)


@pytest.mark.parametrize(("good", "n"), [(0.7, 48), (0.95, 48), (0.7, 200)])
def test_macro_f1_intervals_hold_the_truth_about_as_often_as_they_say(good: float, n: int) -> None:
    classes, draw = 4, np.random.default_rng(5)
    prior = np.array([0.4, 0.3, 0.2, 0.1])
    joint = prior[:, None] * (np.eye(classes) * (good - (1 - good) / 3) + (1 - good) / 3)
    keys = [(g, p) for g in range(classes) for p in range(classes)]
    exact = CLASSIFY.class_counts({k: round(j * 1e9) for k, j in zip(keys, joint.ravel(), strict=True)}, range(classes))
    truth = macro_f1(exact)
    assert truth is not None
    held = 0
    for sample in draw.multinomial(n, joint.ravel(), size=120):
        low, high = interval({k: int(v) for k, v in zip(keys, sample, strict=True) if v}, classes)
        held += low <= truth <= high
    assert held / 120 >= 0.83


@pytest.mark.parametrize("n", [5, 20, 40, 400])
def test_percentiles_are_taken_as_far_out_as_student_s_t_asks(n: int) -> None:
    wanted = stats.norm.cdf(-np.sqrt(n / (n - 1)) * stats.t.ppf(0.95, n - 1))
    assert tail(n) == pytest.approx(wanted, rel=0.06)
    assert tail(n) < 0.05


def test_of_a_single_text_nothing_is_known_of_its_spread() -> None:
    assert tail(1) == pytest.approx(0.05)
