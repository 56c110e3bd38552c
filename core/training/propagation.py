"""Label propagation: labels flow from the labelled texts along texts that are near each other.

"Learning with local and global consistency" (Zhou et al. 2004) on a graph of nearest neighbours: at each step a text
takes most of what it holds from those it is joined to, the labelled ones keep saying what they are. How far the best
class is ahead of the second in the end is how much a guess weighs.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.training.head import BALANCE, Guesses, Head
from core.training.unlabelled import SHARE, Pool, joined, similarity

FLOW = 0.9
"""Share that a text takes from those it is joined to."""
STEPS = 20
MOST = 200
"""Guesses of one class that are learnt from, the surest ones: more cost time and add little."""


def guess(
    pool: Pool,
    features: NDArray[Any],
    classes: NDArray[np.int64],
    fit: Callable[[Guesses | None], Head],  # noqa: ARG001 (labels alone flow)
) -> Guesses:
    """The class that flows to each text of the pool: features [n, dim], class ids [n]."""
    known, place, counts = np.unique(classes, return_inverse=True, return_counts=True)
    source = np.zeros((len(classes) + len(pool.features), len(known)), np.float32)
    source[np.arange(len(classes)), place] = 1.0 / np.sqrt(counts)[place]
    graph, held = _graph(pool, features), source
    for _step in range(STEPS):
        held = FLOW * (graph @ held) + (1.0 - FLOW) * source
    held = held[len(classes) :]
    shares = held / np.maximum(held.sum(axis=1, keepdims=True), 1e-12)
    best, ranked = shares.argmax(axis=1), np.partition(shares, -2, axis=1)
    ahead = (ranked[:, -1] - ranked[:, -2]).astype(np.float64)
    told = _surest(best, ahead, len(known))
    return Guesses(pool.features[told], known[best[told]], _weighed(best[told], ahead[told], counts))


def _graph(pool: Pool, features: NDArray[Any]) -> Any:
    """Affinities of the labelled texts and, behind them, the pool's: sparse, symmetric, [n + m, n + m], normalised."""
    n, m = len(features), len(pool.features)
    nearest, affinity = joined(similarity(features, pool.features))
    rows = np.concatenate(
        [np.repeat(np.arange(n), nearest.shape[1]), n + np.repeat(np.arange(m), pool.nearest.shape[1])]
    )
    columns = n + np.concatenate([nearest.ravel(), pool.nearest.ravel()])
    one_way = sparse.csr_array(
        (np.concatenate([affinity.ravel(), pool.affinity.ravel()]), (rows, columns)), (n + m, n + m)
    )
    both = one_way.maximum(one_way.T)
    scale = sparse.diags_array(1.0 / np.sqrt(np.maximum(both.sum(axis=1), 1e-12)))
    return (scale @ both @ scale).tocsr()


def _surest(best: NDArray[np.int64], ahead: NDArray[np.float64], classes: int) -> NDArray[np.int64]:
    """Rows of the guesses that are furthest ahead, up to `MOST` of each class."""
    order = np.argsort(-ahead, kind="stable")
    order = order[ahead[order] > 0]
    return np.concatenate([order[best[order] == column][:MOST] for column in range(classes)])


def _weighed(best: NDArray[np.int64], ahead: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weights [m] of guesses: in each class as far as it is ahead, classes among each other as their labels weigh."""
    wanted = counts.astype(np.float64) ** (1.0 - BALANCE)
    wanted *= SHARE * counts.sum() / wanted.sum()
    total = np.bincount(best, ahead, len(counts))
    return ahead * (wanted / np.maximum(total, 1e-9))[best]
