"""First texts by what the classes are called: those that sound most like each class in turn.

Chang, Ratinov, Roth and Srikumar 2008, "Importance of Semantic Representation: Dataless Classification" (a text belongs
to the class whose name is nearest), and Yin, Hay and Roth 2019 (arXiv 1909.00161) for descriptions. Short names lie
near to everything or to nothing, so each class's cosines are first put on one scale over the pool, and a text speaks
for a class by how much nearer it is to it than to any other. Of large pools a sample is looked at.
"""

import numpy as np
from numpy.typing import NDArray

from core.querying import reasons
from core.querying.base import Pick, PoolView
from core.querying.clusters import unit
from core.querying.pool import CHUNK, sampled
from core.querying.turns import LINE, Lines, in_turns
from core.querying.typical import typical

MAX_POOL = 50_000
"""Open rows that are looked at."""
MAX_CELLS = 5_000_000
"""Rows × classes that are held at once; with very many classes fewer rows are looked at."""


def by_names(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows, those nearest to each class's text, classes with fewest labels first; then typical ones."""
    if not view.class_vectors:
        return typical(view, n, rng)
    limit = min(LINE, 2 * view.take(n))
    rows = sampled(view.open, min(MAX_POOL, max(1000, MAX_CELLS // len(view.class_vectors))), rng)
    lines = _lines(view, rows, contrast(_cosines(view, rows)), limit)
    return in_turns(view, n, rng, lines, "named", reasons.NAMED)


def contrast(cosines: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much nearer each row is to each class than to any other, [m, classes]; overwrites the cosines.

    Cosines are brought to mean 0 and deviation 1 over the rows of each class; one class alone is compared with 0.
    """
    cosines -= cosines.mean(axis=0)
    cosines /= np.maximum(np.sqrt(np.einsum("ij,ij->j", cosines, cosines) / len(cosines)), 1e-6)
    if cosines.shape[1] < 2:
        return cosines
    here = np.arange(len(cosines))
    best = np.argmax(cosines, axis=1)
    top = cosines[here, best]
    cosines[here, best] = -np.inf
    second = cosines.max(axis=1)
    cosines[here, best] = top
    cosines -= top[:, None]
    cosines[here, best] = top - second
    return cosines


def _cosines(view: PoolView, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    vectors = np.stack([np.asarray(v, np.float32) for v in view.class_vectors.values()])
    out = np.empty((len(rows), len(vectors)), np.float32)
    for start in range(0, len(rows), CHUNK):
        out[start : start + CHUNK] = unit(view.features[rows[start : start + CHUNK]]) @ vectors.T
    return out


def _lines(view: PoolView, rows: NDArray[np.int64], nearer: NDArray[np.float32], limit: int) -> Lines:
    """class id → the rows that sound like it rather than like another, best first, each worth as much as the others."""
    lines = {}
    for number, class_id in enumerate(view.class_vectors):
        column = nearer[:, number]
        mine = np.flatnonzero(column > 0)
        best = mine[np.argsort(-column[mine], kind="stable")[:limit]]
        lines[class_id] = rows[best], np.ones(len(best), np.float32)
    return lines
