"""CAL: texts about which the model says something else than about the labelled texts that are like them.

Margatina, Vernikos, Barrault and Aletras 2021, "Active Learning by Acquiring Contrastive Examples" (arXiv 2109.03764):
the score of a text is the mean of KL(p(neighbour) ‖ p(text)) over its nearest neighbours among the labelled texts. Such
texts lie where the model's border cuts through what the encoder takes for alike. Of large pools a sample is looked at.
"""

import numpy as np
from numpy.typing import NDArray

from core.querying import reasons
from core.querying.base import Pick, PoolView
from core.querying.clusters import unit
from core.querying.pool import has_model, named, sampled, scores_of
from core.querying.twins import Chooser
from core.querying.typical import typical
from core.records import Reason

MAX_POOL = 20_000
"""Open rows that are looked at."""
MAX_LABELLED = 2000
"""Labelled rows among which neighbours are looked for; of more the newest."""
NEIGHBOURS = 10
"""As in the paper; but never more than a quarter of the labels, else all texts had the same neighbours."""
_CHUNK = 1024
_TINY = 1e-6


def contrastive(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows, the strongest contrast first; typical ones while there is no model or no label."""
    labelled = view.labelled[-MAX_LABELLED:]
    if not has_model(view) or not len(labelled):
        return typical(view, n, rng)
    chooser = Chooser(view, n, rng)
    rows = sampled(view.open, MAX_POOL, rng)
    known = unit(view.features[labelled])
    score = contrasts(view, rows, labelled, known)
    chooser.offer_all(rows[np.lexsort((rng.random(len(rows)), -score))])
    return chooser.picks("contrastive", lambda row: _why(view, row, labelled, known))


def contrasts(
    view: PoolView, rows: NDArray[np.int64], labelled: NDArray[np.int64], known: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Mean KL(p(neighbour) ‖ p(row)) over each row's nearest labelled rows, [len(rows)].

    `known`: unit vectors of the labelled rows, [l, dim].
    """
    p = np.maximum(scores_of(view)[labelled], _TINY)
    negative_entropy = (p * np.log(p)).sum(axis=1)
    out = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _CHUNK):
        piece = rows[start : start + _CHUNK]
        near = _nearest(unit(view.features[piece]), known)
        mean_p = p[near].mean(axis=1)
        own = np.log(np.maximum(scores_of(view)[piece], _TINY))
        out[start : start + _CHUNK] = negative_entropy[near].mean(axis=1) - (mean_p * own).sum(axis=1)
    return out


def _nearest(x: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.int64]:
    """Places of each row's nearest labelled rows, [b, neighbours]."""
    k = max(1, min(NEIGHBOURS, len(known) // 4))
    similar = x @ known.T
    return np.asarray(np.argpartition(-similar, k - 1, axis=1)[:, :k], np.int64)


def _why(view: PoolView, row: int, labelled: NDArray[np.int64], known: NDArray[np.float32]) -> Reason:
    p = scores_of(view)
    near = _nearest(unit(view.features[[row]]), known)[0]
    around, own = p[labelled[near]].mean(axis=0), p[row]
    first, second = int(np.argmax(own)), int(np.argmax(around))
    return Reason(
        reasons.CONTRAST,
        {
            "first": named(view, view.class_ids[first]),
            "p": round(float(own[first]), 4),
            "second": named(view, view.class_ids[second]),
            "q": round(float(around[second]), 4),
        },
    )
