"""Clusters of features by direction, for picking and for labelling alike texts together."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def unit(features: NDArray[Any]) -> NDArray[np.float32]:
    """Rows of length one, [n, dim]."""
    x = np.asarray(features, np.float32)
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9), np.float32)


def k_means(x: NDArray[np.float32], k: int, rng: np.random.Generator, rounds: int = 6) -> NDArray[np.int64]:
    """Spherical k-means with k-means++ starts (Arthur and Vassilvitskii 2007); cluster numbers [n]."""
    centres = x[_spread_starts(x, k, rng)]
    cluster = np.zeros(len(x), np.int64)
    for _round in range(rounds):
        cluster = np.argmax(x @ centres.T, axis=1)
        sums = _sums(x, cluster, k)
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(length > 0, sums / np.maximum(length, 1e-9), centres)
    return cluster


def _sums(x: NDArray[np.float32], cluster: NDArray[np.int64], k: int) -> NDArray[np.float32]:
    """Sum of each cluster's rows, [k, dim]; zeros for an empty one."""
    order = np.argsort(cluster, kind="stable")
    filled, starts = np.unique(cluster[order], return_index=True)
    sums = np.zeros((k, x.shape[1]), np.float32)
    sums[filled] = np.add.reduceat(x[order], starts, axis=0)
    return sums


def _spread_starts(x: NDArray[np.float32], k: int, rng: np.random.Generator) -> list[int]:
    first = int(rng.integers(len(x)))
    starts, distance = [first], 1.0 - x @ x[first]
    for _start in range(k - 1):
        weight = np.maximum(distance, 0.0).astype(np.float64) ** 2
        total = weight.sum()
        chosen = int(rng.choice(len(x), p=weight / total)) if total > 0 else int(rng.integers(len(x)))
        starts.append(chosen)
        distance = np.minimum(distance, 1.0 - x @ x[chosen])
    return starts
