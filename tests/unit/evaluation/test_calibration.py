"""Calibration: against scikit-learn, in bounds, and what answering alone would cost."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from core.evaluation.calibration import BINS, LIMITS, alone, brier, expected_error, off, off_words, reliability
from core.evaluation.intervals import wilson

quick = settings(max_examples=150, deadline=None, database=None, derandomize=True)
judged = st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=1, max_size=120)
Judged = list[tuple[float, bool]]


@quick
@given(judged)
def test_bins_are_those_of_scikit_learn(rows: Judged) -> None:
    said, right = np.array([p for p, _hit in rows]), np.array([hit for _p, hit in rows])
    edges = np.linspace(0, 1, BINS + 1)[1:-1]
    said = np.where(
        np.abs(said[:, None] - edges).min(axis=1) < 1e-6, 0.05, said
    )  # which side an edge is on is a custom
    rows = list(zip(said.tolist(), right.tolist(), strict=True))
    shares, means = calibration_curve(right, said, n_bins=BINS, pos_label=True)
    ours = [one for one in reliability(rows) if one.n]
    assert [one.share for one in ours] == pytest.approx(shares.tolist())
    assert [one.confidence for one in ours] == pytest.approx(means.tolist())


@quick
@given(judged)
def test_the_brier_score_is_that_of_scikit_learn(rows: Judged) -> None:
    said, right = [p for p, _hit in rows], [hit for _p, hit in rows]
    assert brier(rows) == pytest.approx(brier_score_loss(right, said, pos_label=True))


@quick
@given(judged, st.randoms(use_true_random=False))
def test_the_error_lies_in_bounds_whatever_the_order(rows: Judged, shuffler: Any) -> None:
    error = expected_error(rows)
    again = list(rows)
    shuffler.shuffle(again)
    assert error is not None
    assert 0 <= error <= 1
    assert expected_error(again) == pytest.approx(error)
    assert sum(one.n for one in reliability(rows)) == len(rows)


def test_the_error_by_hand() -> None:
    rows = [(0.95, True)] * 9 + [(0.95, False)] + [(0.65, True)] * 5 + [(0.65, False)] * 5
    assert expected_error(rows) == pytest.approx((10 * 0.05 + 10 * 0.15) / 20)
    assert expected_error([(1.0, True)] * 4) == 0
    assert expected_error([]) is brier([]) is None


@quick
@given(judged, st.lists(st.integers(0, 50), min_size=100, max_size=100))
def test_a_higher_limit_never_answers_more(rows: Judged, levels: list[int]) -> None:
    found = [alone(rows, levels, limit) for limit in LIMITS]
    assert [one.n for one in found] == sorted((one.n for one in found), reverse=True)
    if sum(levels):
        shares = [one.coverage for one in found]
        assert shares == sorted(shares, key=lambda share: -(share or 0))
    for one in found:
        assert one.precision_interval == wilson(round((one.precision or 0) * one.n), one.n)


def test_answering_alone_by_hand() -> None:
    levels = [0] * 100
    levels[50], levels[90], levels[99] = 40, 30, 30
    found = alone([(0.9, True)] * 19 + [(0.95, False), (0.5, False)], levels, 0.9)
    assert (found.coverage, found.n, found.precision, found.enough) == (0.6, 20, 0.95, True)
    assert alone([], (), 0.9).coverage is alone([], (), 0.9).precision is None


def said(n: int, seed: int, wrong: float = 0.0) -> Judged:
    """Confidences that are too high by so much."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.5, 0.95, n)
    return list(zip(p.tolist(), (rng.random(n) < p - wrong).tolist(), strict=True))


@quick
@given(judged, st.randoms(use_true_random=False))
def test_how_far_it_is_off_lies_in_its_interval_whatever_the_order(rows: Judged, shuffler: Any) -> None:
    found = off(rows)
    assert (found is None) == (len(rows) < 20)
    if found is None:
        return
    low, high = found.interval
    assert 0.0 <= low <= found.value <= high <= 1.0
    again = list(rows)
    shuffler.shuffle(again)
    assert off(again) == found
    assert ("can't tell yet" in off_words(found)) == (low == 0.0)


def test_a_confidence_that_is_right_is_not_accused_of_what_chance_does() -> None:
    for n in (20, 40, 100, 400):
        found = [off(said(n, seed)) for seed in range(200)]
        accused = sum(one is not None and one.told for one in found) / len(found)
        assert accused <= 0.12, f"of {n} texts"
    plain = [expected_error(said(40, seed)) or 0.0 for seed in range(200)]
    ours = [one.value for seed in range(200) if (one := off(said(40, seed))) is not None]
    assert np.mean(plain) > 0.1, "counted as it is, the error of a perfect confidence looks like one"
    assert np.mean(ours) < 0.6 * np.mean(plain)


def test_its_interval_holds_the_truth_and_an_error_is_told_with_more_texts() -> None:
    for n in (60, 200, 1000):
        found = [off(said(n, seed, 0.2)) for seed in range(200)]
        held = sum(one is not None and one.interval[0] <= 0.2 <= one.interval[1] for one in found) / len(found)
        assert held >= 0.85, f"of {n} texts"
    few, many = (sum(o is not None and o.told for o in (off(said(n, s, 0.2)) for s in range(100))) for n in (20, 400))
    assert few < 70
    assert many >= 95


@quick
@given(judged, st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.floats(0.1, 1)), max_size=20))
def test_a_spot_check_counts_above_its_own_limit_alone(rows: Judged, spots: list[tuple[float, bool, float]]) -> None:
    for limit in LIMITS:
        plain, found = alone(rows, (), limit), alone(rows, (), limit, spots)
        fit = [right for p, right, above in spots if p >= limit and above <= limit]
        assert (found.n, found.checked) == (plain.n + len(fit), len(fit))
        if found.n:
            assert found.precision == pytest.approx(((plain.precision or 0.0) * plain.n + sum(fit)) / found.n)
