"""CVIRS: rank by doubts label by label, and by how unlike the labelled texts' sets the predicted set is.

After Reyes, Morell and Ventura (2018, doi:10.1016/j.neucom.2017.08.001). Each label ranks the open texts by the margin
between having it and not having it; a Borda count over labels joins the ranks, so that no label's scale outweighs
another's. It is multiplied by the mean distance of the predicted set to the sets that people gave: the entropy of the
contingency of both vectors, or one where they share nothing.
"""

import numpy as np
from numpy.typing import NDArray

from core.querying import sets
from core.querying.base import Pick, PoolView
from core.querying.pool import sampled, scores_of
from core.querying.twins import Chooser
from core.querying.typical import typical

SEARCHED = 20_000
"""Open texts that are ranked; of a larger pool a sample."""
COMPARED = 1000
"""The newest labelled texts whose sets are compared."""


def cvirs(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows, the highest product of both first; typical ones without a model."""
    if view.probabilities is None:
        return typical(view, n, rng)
    chooser = Chooser(view, n, rng)
    rows = sampled(view.open, max(SEARCHED, chooser.missing), rng)
    p = np.asarray(view.probabilities[rows], np.float32)
    score = borda(np.abs(2.0 * p - 1.0)) * inconsistency(p >= 0.5, _given(view))
    chooser.offer_all(rows[np.lexsort((rng.random(len(rows)), -score))])
    return chooser.picks("cvirs", lambda row: sets.reason(view, np.asarray(scores_of(view)[row], np.float32)))


def borda(margins: NDArray[np.float32]) -> NDArray[np.float64]:
    """How high each text stands in the ranking of every label, the smallest margin first: [n, labels] → [n] in 0..1.

    Texts with the same margin share their places.
    """
    n, labels = margins.shape
    found = np.zeros(n)
    for column in margins.T:
        ranked = np.sort(column)
        place = (np.searchsorted(ranked, column, "left") + np.searchsorted(ranked, column, "right") - 1) / 2
        found += (n - place) / n
    return np.asarray(found / labels, np.float64)


def inconsistency(said: NDArray[np.bool_], given: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean distance of predicted sets [n, labels] to the given ones [l, labels]: [n] in 0..1; one without any."""
    if not len(given) or not said.shape[1]:
        return np.ones(len(said))
    found, counts = np.unique(given, axis=0, return_counts=True)
    return np.asarray(_distance(said, found) @ (counts / counts.sum()), np.float64)


def _distance(said: NDArray[np.bool_], given: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Normalised entropy distance of every pair, [n, l]; one where the sets share no place."""
    s, g = said.astype(np.float64), given.astype(np.float64)
    labels = s.shape[1]
    both, neither = s @ g.T, (1.0 - s) @ (1.0 - g).T
    one, other = s @ (1.0 - g).T, (1.0 - s) @ g.T
    joint = _entropy(np.stack([both, one, other, neither]) / labels)
    said_only = _entropy(np.stack([s.sum(1), labels - s.sum(1)]) / labels)
    given_only = _entropy(np.stack([g.sum(1), labels - g.sum(1)]) / labels)
    distance = 2.0 * joint - said_only[:, None] - given_only[None, :]
    normed = np.divide(distance, joint, out=np.zeros_like(distance), where=joint > 1e-12)
    return np.asarray(np.where(both + neither == 0, 1.0, normed), np.float64)


def _entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-(shares * np.log2(np.maximum(shares, 1e-12))).sum(axis=0), np.float64)


def _given(view: PoolView) -> NDArray[np.bool_]:
    """The sets of the newest labelled texts, [l, labels]."""
    newest = list(view.classes)[-COMPARED:]
    place = {c: i for i, c in enumerate(view.class_ids)}
    given = np.zeros((len(newest), len(place)), np.bool_)
    for row, classes in enumerate(newest):
        given[row, [place[c] for c in classes if c in place]] = True
    return given
