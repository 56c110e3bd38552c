"""Uncertainty sampling (Lewis and Gale 1994; Settles 2009): ask where the model hesitates, near-duplicates once."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.querying import reasons, sets
from core.querying.base import Pick, PoolView
from core.querying.pool import CHUNK
from core.querying.randomly import randomly
from core.records import Reason

NEAR = 0.95
"""Cosine above which two texts are not both asked."""
CANDIDATES = 4
"""How many times `n` are looked at for that."""


def margin(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """Smallest difference between the two most probable classes first (breaking ties).

    Where classes don't exclude each other, between having one and not having it.
    """

    def score(p: NDArray[np.float32]) -> NDArray[np.float32]:
        top = np.partition(p, -2, axis=1)[:, -2:]
        return np.asarray(top[:, 1] - top[:, 0], np.float32)

    return _by(view, n, rng, "margin", score if view.exclusive else sets.margin, _two_best)


def least_confidence(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """Lowest probability of the most probable class, or set of classes, first."""

    def score(p: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(p.max(axis=1), np.float32)

    return _by(view, n, rng, "least-confidence", score if view.exclusive else sets.confidence, _best)


def entropy(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """Highest entropy over classes first."""

    def score(p: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray((p * np.log(np.maximum(p, 1e-12))).sum(axis=1), np.float32)

    return _by(view, n, rng, "entropy", score if view.exclusive else sets.certainty, _spread)


def _by(
    view: PoolView,
    n: int,
    rng: np.random.Generator,
    name: str,
    score: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    why: Callable[[PoolView, NDArray[np.float32]], Reason],
) -> list[Pick]:
    """Rows with the lowest score first; random without a model. Ties are broken at random."""
    if view.probabilities is None or not view.decides:
        return randomly(view, n, rng)
    take, why = view.take(n), why if view.exclusive else sets.reason
    p = view.probabilities
    at = range(0, len(view.open), CHUNK)
    scores = np.concatenate([score(np.asarray(p[view.open[a : a + CHUNK]], np.float32)) for a in at])
    order = np.lexsort((rng.random(len(scores)), scores))[: take * CANDIDATES]
    picked = _without_twins(view.features, view.open[order], take)
    return [Pick(row, name, why(view, p[row])) for row in picked]


def _without_twins(features: NDArray[Any], rows: NDArray[np.int64], take: int) -> list[int]:
    """The first `take` rows, those too similar to an earlier one moved behind all others."""
    x = np.asarray(features[rows], np.float32)
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    chosen: list[int] = []
    twins: list[int] = []
    for i in range(len(rows)):
        if len(chosen) == take:
            break
        if chosen and float((x[chosen] @ x[i]).max()) > NEAR:
            twins.append(i)
        else:
            chosen.append(i)
    return [int(rows[i]) for i in (chosen + twins)[:take]]


def _named(view: PoolView, p: NDArray[np.float32]) -> list[tuple[str, float]]:
    order = np.argsort(-p)[:2]
    return [(view.names.get(view.class_ids[i], str(view.class_ids[i])), round(float(p[i]), 4)) for i in order]


def _two_best(view: PoolView, p: NDArray[np.float32]) -> Reason:
    (first, a), (second, b) = _named(view, p)
    return Reason(reasons.MARGIN, {"first": first, "p": a, "second": second, "q": b})


def _best(view: PoolView, p: NDArray[np.float32]) -> Reason:
    first, a = _named(view, p)[0]
    return Reason(reasons.LEAST, {"first": first, "p": a})


def _spread(_view: PoolView, p: NDArray[np.float32]) -> Reason:
    return Reason(reasons.ENTROPY, {"k": round(float(np.exp(-(p * np.log(np.maximum(p, 1e-12))).sum())), 2)})
