"""Typical and spread out: good first labels when there is no model, or none worth its doubts.

After TypiClust (Hacohen, Dekel and Weinshall 2022, arXiv 2202.02794): cut the pool into as many clusters as there will
be labels, and take from the largest clusters without a label the text that lies closest to its neighbours. Nobody knows
how many labels there will be, and a queue cut for two hundred makes a poor first ten: so it is lined up in stages, a
few large clusters first, then ever finer ones around what is picked already.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.querying import reasons
from core.querying.base import Pick, PoolView
from core.records import Reason

MAX_POOL = 6000
"""Rows that are looked at; larger pools are sampled."""
MAX_CLUSTERS = 500
FIRST_STAGE = 8
"""Picks of the first stage; each further one has four times as many as the one before."""
NEIGHBOURS = 20
NEAR = 0.95
"""Cosine above which a text counts as asked already."""
REMEMBERED = 2000
"""The newest labelled texts that are compared for that."""


def typical(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows, each the most typical one of a cluster without a label, large clusters first.

    Texts nearly equal to one that is labelled or picked come after all others.
    """
    take = view.take(n)
    most = max(MAX_POOL, take)
    rows = view.open if len(view.open) <= most else np.sort(rng.choice(view.open, most, replace=False))
    done = view.labelled[-MAX_POOL:]
    x = _unit(view.features[np.concatenate([rows, done])])
    asked = _Asked(x[len(rows) :][-REMEMBERED:], take)
    free = np.arange(len(x)) < len(rows)
    scale = len(view.open) / len(rows)
    picked: list[tuple[int, int]] = []
    twins: list[tuple[int, int]] = []
    stage = FIRST_STAGE
    while len(picked) < take and free.any():
        fresh, seen = _stage(x, free, asked, min(stage, take - len(picked)), rng)
        picked += fresh
        twins += seen
        free[[row for row, _size in [*fresh, *seen]]] = False
        stage *= 4
    return [
        Pick(int(rows[row]), "typical", Reason(reasons.TYPICAL, {"similar": int(size * scale)}))
        for row, size in [*picked, *twins][:take]
    ]


class _Asked:
    """What a further pick must not be nearly equal to: labelled texts and earlier picks, all of unit length."""

    def __init__(self, labelled: NDArray[np.float32], room: int) -> None:
        self._x = np.concatenate([labelled, np.empty((room, labelled.shape[1]), np.float32)])
        self._n = len(labelled)

    def has_twin_of(self, vector: NDArray[np.float32]) -> bool:
        return bool(self._n) and float((self._x[: self._n] @ vector).max()) > NEAR

    def add(self, vector: NDArray[np.float32]) -> None:
        self._x[self._n] = vector
        self._n += 1


def _stage(
    x: NDArray[np.float32], free: NDArray[np.bool_], asked: _Asked, size: int, rng: np.random.Generator
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Up to `size` picks and the twins that were passed over, each as (row of `x`, size of its cluster)."""
    k = min(int((~free).sum()) + size, MAX_CLUSTERS, len(x))
    cluster = _k_means(x, k, rng)
    labels_in = np.bincount(cluster[~free], minlength=k)
    sizes = np.bincount(cluster[free], minlength=k)
    ranked: dict[int, NDArray[np.int64]] = {}
    used = np.zeros(k, np.int64)
    picked: list[tuple[int, int]] = []
    twins: list[tuple[int, int]] = []
    while len(picked) < size and (used < sizes).any():
        # fewest labels first, then the largest cluster that still has texts
        c = int(np.lexsort((-sizes, labels_in, used >= sizes))[0])
        if c not in ranked:
            ranked[c] = _by_typicality(x, np.flatnonzero(free & (cluster == c)))
        row = int(ranked[c][used[c]])
        used[c] += 1
        if asked.has_twin_of(x[row]):
            twins.append((row, int(sizes[c])))
            continue
        labels_in[c] += 1
        asked.add(x[row])
        picked.append((row, int(sizes[c])))
    return picked, twins


def _unit(features: NDArray[Any]) -> NDArray[np.float32]:
    x = np.asarray(features, np.float32)
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9), np.float32)


def _by_typicality(x: NDArray[np.float32], members: NDArray[np.int64]) -> NDArray[np.int64]:
    """Members of one cluster, the one most similar to its nearest neighbours first."""
    if len(members) < 3:
        return members
    sample = members[:1000]
    similar = x[members] @ x[sample].T
    near = min(NEIGHBOURS, len(sample))
    score = np.partition(similar, len(sample) - near, axis=1)[:, -near:].mean(axis=1)
    return members[np.argsort(-score, kind="stable")]


def _k_means(x: NDArray[np.float32], k: int, rng: np.random.Generator, rounds: int = 6) -> NDArray[np.int64]:
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
