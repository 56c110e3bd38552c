"""ProbCover: as few texts as possible whose surroundings cover as much of the pool as possible.

Yehuda, Dekel, Hacohen and Weinshall 2022, "Active Learning Through a Covering Lens" (arXiv 2205.11603): lay a ball of
one radius around every text, and take again and again the text whose ball holds most texts that no labelled or picked
one covers. As in the paper the radius is the largest at which 95 % of the balls are pure, k-means clusters standing in
for the classes; but as their number is a guess, and clusters that cut a class in two would make balls of single texts,
a ball holds half a cluster on average at least. When all is covered, the balls shrink and it begins anew. Of large
pools a sample is looked at.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.querying import reasons
from core.querying.base import Pick, PoolView
from core.querying.clusters import k_means, unit
from core.querying.pool import label_counts
from core.querying.twins import NEAR, Chooser, candidates
from core.records import Reason

MAX_POOL = 3000
"""Rows that are looked at: each is compared with each."""
MAX_LABELLED = 2000
"""Labelled rows whose balls count; of more the newest."""
PURITY = 0.95
CLUSTERS = 20
"""Clusters that stand in for classes while fewer classes are known."""
_CHUNK = 1024


@dataclass(frozen=True, slots=True)
class _Sample:
    """Open rows and how near they are to each other."""

    rows: NDArray[np.int64]
    cosines: NDArray[np.float16]
    """[m, m]"""
    to_labelled: NDArray[np.float32]
    """Cosine of each row to the nearest labelled one, [m]; -inf if there is none."""


def probcover(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows, each the one whose ball covers most that is uncovered."""
    chooser = Chooser(view, n, rng)
    rows, x = candidates(view, MAX_POOL, rng)
    order = rng.permutation(len(rows))  # among equals the first is taken, and that should not be the oldest text
    rows, x = rows[order], x[order]
    labelled = unit(view.features[view.labelled[-MAX_LABELLED:]])
    sample = _Sample(rows, _cosines(x), (x @ labelled.T).max(axis=1, initial=-np.inf))
    bound = bound_of(sample.cosines, k_means(x, min(_classes(view), len(x)), rng))
    covered: dict[int, int] = {}
    while chooser.missing and bound < NEAR:
        _cover(chooser, sample, bound, covered)
        bound = (1.0 + bound) / 2.0
    scale = len(view.open) / len(rows)
    return chooser.picks("probcover", lambda row: _why(covered, row, scale))


def _classes(view: PoolView) -> int:
    return max(CLUSTERS, len(set(label_counts(view)) | set(view.class_ids) | set(view.class_vectors)))


def _cosines(x: NDArray[np.float32]) -> NDArray[np.float16]:
    """Each row with each, [m, m], in half precision and piece by piece to save memory."""
    out = np.empty((len(x), len(x)), np.float16)
    for start in range(0, len(x), _CHUNK):
        out[start : start + _CHUNK] = x[start : start + _CHUNK] @ x.T
    return out


def bound_of(cosines: NDArray[np.float16], cluster: NDArray[np.int64]) -> float:
    """The lowest cosine that bounds balls of which 95 % hold rows of one cluster only; lower if they are too small.

    A ball is pure if the row's nearest stranger lies outside, so the bound is a quantile of those cosines. Twins always
    lie in one ball.
    """
    strangers = np.empty(len(cosines), np.float32)
    for start in range(0, len(cosines), _CHUNK):
        piece = cosines[start : start + _CHUNK].astype(np.float32)
        piece[cluster[start : start + _CHUNK, None] == cluster] = -1.0
        strangers[start : start + _CHUNK] = piece.max(axis=1)
    some = cosines[:: max(1, len(cosines) // 200)].astype(np.float32)
    roomy = np.quantile(some, 1.0 - 0.5 / len(np.unique(cluster)))
    return min(float(np.quantile(strangers, PURITY)), float(roomy), NEAR - 0.01)


def _cover(chooser: Chooser, sample: _Sample, bound: float, covered: dict[int, int]) -> None:
    """Pick greedily until all is covered; `covered` takes row → how many uncovered rows its ball held."""
    inside = sample.cosines >= bound
    np.fill_diagonal(inside, val=True)
    free = sample.to_labelled < bound
    for place in np.flatnonzero([int(row) in covered for row in sample.rows]):
        free &= ~inside[place]
    gain = inside[:, free].sum(axis=1)
    while chooser.missing and free.any():
        best = int(np.argmax(gain))
        row = int(sample.rows[best])
        if gain[best] <= 0:
            return
        if not chooser.offer(row):
            gain[best] = 0  # a twin of something asked: its neighbours have better centres
            continue
        covered[row] = int(gain[best])
        fresh = np.flatnonzero(inside[best] & free)
        free[fresh] = False
        gain -= inside[fresh].sum(axis=0)


def _why(covered: dict[int, int], row: int, scale: float) -> Reason:
    if row not in covered:
        return Reason(reasons.REST)
    return Reason(reasons.COVERS, {"similar": max(1, int(covered[row] * scale))})
