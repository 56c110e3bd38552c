"""Calibration: against scikit-learn, in bounds, and what answering alone would cost."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from core.evaluation.calibration import BINS, LIMITS, alone, brier, expected_error, reliability
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
