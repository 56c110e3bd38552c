"""Typical and spread out: good first labels when there is no model, or none worth its doubts.

After TypiClust (Hacohen, Dekel and Weinshall 2022, arXiv 2202.02794): cut the pool into as many clusters as there will
be labels, and take from the largest clusters without a label the text that lies closest to its neighbours. Nobody knows
how many labels there will be, and a queue cut for two hundred makes a poor first ten: so it is lined up in stages, a
few large clusters first, then ever finer ones around what is picked already.
"""

import numpy as np
from numpy.typing import NDArray

from core.querying import reasons
from core.querying.base import Pick, PoolView
from core.querying.clusters import k_means, unit
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
    x = unit(view.features[np.concatenate([rows, done])])
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
    cluster = k_means(x, k, rng)
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


def _by_typicality(x: NDArray[np.float32], members: NDArray[np.int64]) -> NDArray[np.int64]:
    """Members of one cluster, the one most similar to its nearest neighbours first."""
    if len(members) < 3:
        return members
    sample = members[:1000]
    similar = x[members] @ x[sample].T
    near = min(NEIGHBOURS, len(sample))
    score = np.partition(similar, len(sample) - near, axis=1)[:, -near:].mean(axis=1)
    return members[np.argsort(-score, kind="stable")]
