"""What the instant head learns from texts without a label: guesses about a sample of the pool, each with its weight.

A few labelled texts stand where they happen to stand; the pool knows which texts belong together. Two classic ways
guess from that: labels that flow along near texts (`core.training.propagation`) and the model's own surest answers
(`core.training.self_training`). Either helps much where classes lie apart and hurts where they don't, so a way is taken
only if labels that were held out speak for it (`core.training.classify`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.training.head import Guesses, Head, one_thread

SAMPLE = 2000
"""Texts of the pool that are guessed about: more cost time after each label, and gain little."""
LEAST = 50
"""A smaller pool is left alone."""
NEIGHBOURS = 15
"""Nearest texts by which a text is joined to others."""
WIDTH = 0.1
"""Distance (1 − cosine) at which an affinity has fallen to 1/e."""
SHARE = 0.5
"""What all guesses weigh together, as a share of all labels."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """A sample of the pool, and which of its texts are near each other."""

    features: NDArray[np.float32]
    """[m, dim], as the head gets them."""
    nearest: NDArray[np.int64]
    """[m, k] rows of the nearest others."""
    affinity: NDArray[np.float32]
    """[m, k]"""


Way = Callable[[Pool, NDArray[Any], NDArray[np.int64], Callable[[Guesses | None], Head]], Guesses]
"""(pool, features [n, dim], class ids [n], fit with such guesses) → guesses."""


def sample(vectors: NDArray[Any], rows: NDArray[np.int64]) -> Pool | None:
    """A sample of some rows of `vectors` [n, dim] (memory-mapped or not), evenly spread; None if they are too few."""
    if len(rows) < LEAST:
        return None
    spread = np.unique(np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows))).astype(np.int64))
    features = np.asarray(vectors[rows[spread]], np.float32)
    similar = similarity(features, features)
    np.fill_diagonal(similar, -np.inf)
    return Pool(features, *joined(similar))


def similarity(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float32]:
    """Cosines [n, m] of features [n, dim] and [m, dim]."""
    with one_thread():
        return np.asarray(_unit(x) @ _unit(y).T, np.float32)


def joined(similar: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each row of cosines [n, m] its nearest columns [n, k] and their affinities [n, k]."""
    k = min(NEIGHBOURS, similar.shape[1] - 1)
    nearest = np.argpartition(similar, similar.shape[1] - k, axis=1)[:, -k:]
    near = np.take_along_axis(similar, nearest, axis=1)
    return nearest.astype(np.int64), np.exp((near - 1.0) / WIDTH).astype(np.float32)


def guesses(
    way: str, pool: Pool, features: NDArray[Any], classes: NDArray[np.int64], fit: Callable[[Guesses | None], Head]
) -> Guesses:
    """What one of `ways` says with these labels: features [n, dim], class ids [n]; `fit` fits a head on them."""
    return ways()[way](pool, features, classes, fit)


def ways() -> Mapping[str, Way]:
    """Name → way to guess."""
    from core.training import propagation, self_training

    return {"propagated": propagation.guess, "self-trained": self_training.guess}


def _unit(x: NDArray[Any]) -> NDArray[np.float32]:
    x = np.asarray(x, np.float32)
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12), np.float32)
