"""Typical and spread out: good first labels when there is no model, or none worth its doubts.

After TypiClust (Hacohen, Dekel and Weinshall 2022, arXiv 2202.02794): cut the pool into as many clusters as there will
be labels, and take from the largest clusters without a label the text that lies closest to its neighbours.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.querying import reasons
from core.querying.base import Pick, PoolView
from core.records import Reason

MAX_POOL = 20_000
"""Rows that are looked at; larger pools are sampled."""
MAX_CLUSTERS = 500
NEIGHBOURS = 20
NEAR = 0.95
"""Cosine above which a text counts as asked already."""


def typical(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows, each the most typical one of a cluster without a label, large clusters first."""
    take = view.take(n)
    rows = view.open if len(view.open) <= MAX_POOL else np.sort(rng.choice(view.open, MAX_POOL, replace=False))
    done = view.labelled[-MAX_POOL:]
    x = _unit(view.features[np.concatenate([rows, done])])
    k = min(len(done) + take, MAX_CLUSTERS, len(x))
    cluster = _k_means(x, k, rng)
    scale = len(view.open) / len(rows)
    labels_in = np.bincount(cluster[len(rows) :], minlength=k)
    sizes = np.bincount(cluster[: len(rows)], minlength=k)
    ranked = [_by_typicality(x[: len(rows)], np.flatnonzero(cluster[: len(rows)] == c)) for c in range(k)]
    used = np.zeros(k, np.int64)
    picked: list[int] = []
    picks: list[Pick] = []
    while len(picks) < take and len(picks) < len(rows):
        # fewest labels first, then the largest cluster that still has texts
        left = used < sizes
        order = np.lexsort((-sizes, labels_in, ~left))
        c = int(order[0])
        if not left[c]:
            break
        local = int(ranked[c][used[c]])
        used[c] += 1
        labels_in[c] += 1
        if _too_near(x, local, picked) and left.sum() > 1:
            continue
        picked.append(local)
        picks.append(Pick(int(rows[local]), "typical", Reason(reasons.TYPICAL, {"similar": int(sizes[c] * scale)})))
    return picks


def _unit(features: NDArray[Any]) -> NDArray[np.float32]:
    x = np.asarray(features, np.float32)
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9), np.float32)


def _too_near(x: NDArray[np.float32], row: int, picked: list[int]) -> bool:
    return bool(picked) and float((x[picked] @ x[row]).max()) > NEAR


def _by_typicality(x: NDArray[np.float32], members: NDArray[np.int64]) -> NDArray[np.int64]:
    """Members of one cluster, the one most similar to its nearest neighbours first."""
    if len(members) < 3:
        return members
    sample = members[:1000]
    similar = x[members] @ x[sample].T
    near = min(NEIGHBOURS, len(sample))
    score = np.partition(similar, len(sample) - near, axis=1)[:, -near:].mean(axis=1)
    return members[np.argsort(-score, kind="stable")]


def _k_means(x: NDArray[np.float32], k: int, rng: np.random.Generator, rounds: int = 8) -> NDArray[np.int64]:
    """Spherical k-means with k-means++ starts (Arthur and Vassilvitskii 2007); cluster numbers [n]."""
    centres = x[_spread_starts(x, k, rng)]
    cluster = np.zeros(len(x), np.int64)
    for _round in range(rounds):
        cluster = np.argmax(x @ centres.T, axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, cluster, x)
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(length > 0, sums / np.maximum(length, 1e-9), centres)
    return cluster


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
