"""Doubtful texts, but not the same doubt many times: uncertainty first, then diversity within the batch.

Zhdanov 2019, "Diverse mini-batch Active Learning" (arXiv 1901.05954): keep some times as many uncertain texts as are
wanted, cluster them, and take one of each cluster; here the most uncertain one. Nobody knows how many of a queue will
be answered, so it is cut in stages: a few large groups of doubts first, then ever finer ones around what is picked.
"""

import numpy as np
from numpy.typing import NDArray

from core.querying import reasons
from core.querying.base import Pick, PoolView
from core.querying.clusters import k_means, unit
from core.querying.pool import has_model, margins, scores_of, two_best
from core.querying.twins import Chooser
from core.querying.typical import typical
from core.records import Reason

KEPT = 10
"""How many times as many uncertain texts are clustered as are wanted (the paper's β)."""
LEAST, MOST = 200, 4000
"""Bounds of that number."""
STAGES = (8, 32, 128, 500)
"""Clusters of each stage."""


def diverse(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows, the most uncertain one of each group of doubts; typical ones while there is no model."""
    if not has_model(view):
        return typical(view, n, rng)
    chooser = Chooser(view, n, rng)
    rows = _doubtful(view, min(max(KEPT * chooser.missing, LEAST), MOST), rng)
    x = unit(view.features[rows])
    groups: dict[int, int] = {}
    for stage in STAGES:
        if not chooser.missing:
            break
        clusters = min(stage, len(groups) + chooser.missing, len(rows))
        _ask_each(chooser, rows, k_means(x, clusters, rng), groups)
    chooser.offer_all(rows)
    return chooser.picks("diverse", lambda row: _why(view, row, groups.get(row, 1)))


def _doubtful(view: PoolView, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The open rows with the smallest margins, the smallest first; ties are broken at random."""
    margin = margins(view, view.open)
    near = np.argpartition(margin, min(most, len(margin)) - 1)[:most]
    return view.open[near[np.lexsort((rng.random(len(near)), margin[near]))]]


def _ask_each(chooser: Chooser, rows: NDArray[np.int64], cluster: NDArray[np.int64], groups: dict[int, int]) -> None:
    """Offer the first row of each cluster that has no pick yet; `groups` takes row → size of the cluster it stands for.

    A twin of something asked is passed over for the next row of its cluster.
    """
    served = {int(c) for row, c in zip(rows.tolist(), cluster, strict=True) if row in groups}
    sizes = np.bincount(cluster)
    for row, c in zip(rows.tolist(), cluster.tolist(), strict=True):
        if c not in served and chooser.offer(row):
            served.add(c)
            groups[row] = int(sizes[c])


def _why(view: PoolView, row: int, similar: int) -> Reason:
    (first, _p), (second, _q) = two_best(view, scores_of(view)[row])
    return Reason(reasons.GROUPED, {"first": first, "second": second, "similar": similar})
