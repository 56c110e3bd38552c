"""BADGE: texts that would move the model much, and in different directions.

Ash, Zhang, Krishnamurthy, Langford and Agarwal 2020, "Deep Batch Active Learning by Diverse, Uncertain Gradient Lower
Bounds" (arXiv 1906.03671). If a text x got the answer the model expects, the gradient of the last layer would be
g = r xᵀ with the residual r = p − one-hot(argmax p): long where the model doubts. k-means++ on these gradients (Arthur
and Vassilvitskii 2007) draws a batch. A gradient has classes × dim numbers, so none is ever made:
‖gᵢ − gⱼ‖² = |rᵢ|²|xᵢ|² + |rⱼ|²|xⱼ|² − 2 (rᵢ·rⱼ)(xᵢ·xⱼ). Of large pools a sample is looked at.
"""

import numpy as np
from numpy.typing import NDArray

from core.querying import reasons
from core.querying.base import Pick, PoolView
from core.querying.pool import has_model, scores_of, two_best
from core.querying.twins import NEAR, Chooser, candidates
from core.querying.typical import typical
from core.records import Reason

MAX_POOL = 5000
"""Rows that are looked at."""
MAX_DRAWS = 500
"""Picks that are drawn one after another; the rest of a longer queue is lined up by distance from them."""


def badge(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows, drawn far from each other in gradient space; typical ones while there is no model."""
    if not has_model(view):
        return typical(view, n, rng)
    chooser = Chooser(view, n, rng)
    rows, x = candidates(view, MAX_POOL, rng)
    residuals = residuals_of(scores_of(view)[rows])
    _draw(chooser, rows, x, residuals, rng)
    return chooser.picks("badge", lambda row: _why(view, row))


def residuals_of(p: NDArray[np.float32]) -> NDArray[np.float32]:
    """p − one-hot(argmax p), [m, classes]."""
    out = p.copy()
    out[np.arange(len(p)), np.argmax(p, axis=1)] -= 1.0
    return out


def squared_distances(
    x: NDArray[np.float32], residuals: NDArray[np.float32], squares: NDArray[np.float32], to: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """‖gᵢ − g_to‖² of every row, and its cosine to row `to`, both [m]; `squares` are the ‖gᵢ‖²."""
    cosine = x @ x[to]
    products = (residuals @ residuals[to]) * cosine
    return np.maximum(squares + squares[to] - 2.0 * products, 0.0), cosine


def _draw(
    chooser: Chooser,
    rows: NDArray[np.int64],
    x: NDArray[np.float32],
    residuals: NDArray[np.float32],
    rng: np.random.Generator,
) -> None:
    """k-means++: the longest gradient first, then each row with a chance that grows with its distance to all before."""
    squares = (residuals**2).sum(axis=1) * (x**2).sum(axis=1)
    distance = squares.copy()
    free = np.ones(len(rows), np.bool_)
    chosen = int(np.argmax(squares))
    for _draw_number in range(min(MAX_DRAWS, len(rows))):
        free[chosen] = False
        if chooser.offer(int(rows[chosen])):
            from_here, cosine = squared_distances(x, residuals, squares, chosen)
            distance = np.minimum(distance, from_here)
            free &= cosine <= NEAR
        weight = np.where(free, distance, 0.0).astype(np.float64)
        total = weight.sum()
        if not chooser.missing or total <= 0:
            return
        chosen = int(rng.choice(len(rows), p=weight / total))
    left = np.flatnonzero(free)
    chooser.offer_all(rows[left[np.argsort(-distance[left], kind="stable")]])


def _why(view: PoolView, row: int) -> Reason:
    first, p = two_best(view, scores_of(view)[row])[0]
    return Reason(reasons.GRADIENT, {"first": first, "p": p})
