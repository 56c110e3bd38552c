"""First texts by what the classes are called: those that sound most like each class in turn.

Chang, Ratinov, Roth and Srikumar 2008, "Importance of Semantic Representation: Dataless Classification" (a text belongs
to the class whose name is nearest), and Yin, Hay and Roth 2019 (arXiv 1909.00161) for descriptions. Short names lie
near to everything or to nothing, so each class's cosines are first put on one scale over the pool, and a text speaks
for a class by how much nearer it is to it than to any other. The very nearest texts repeat the name and each other, so
of the nearer ones the typical ones are asked (`typical`). Of large pools a sample is looked at.
"""

from dataclasses import replace

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

SURE = 0.3
"""Typical texts are looked for among those that are at least this part as near to their class as the nearest ones."""
NEAREST = 4
"""How many those are; for a class of very few texts, nothing else is looked at."""
FRONT = 8
"""Typical texts that come before the others."""


def by_names(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows, those nearest to each class's text, classes with fewest labels first; then typical ones."""
    if not view.class_vectors:
        return typical(view, n, rng)
    limit = min(LINE, 2 * view.take(n))
    rows = sampled(view.open, min(MAX_POOL, max(1000, MAX_CELLS // len(view.class_vectors))), rng)
    lines = _lines(view, rows, contrast(_cosines(view, rows)), limit, rng)
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


def _lines(
    view: PoolView, rows: NDArray[np.int64], nearer: NDArray[np.float32], limit: int, rng: np.random.Generator
) -> Lines:
    """class id → the rows that sound like it rather than like another, best first, each worth as much as the others."""
    lines = {}
    for number, class_id in enumerate(view.class_vectors):
        column = nearer[:, number]
        mine = np.flatnonzero(column > 0)
        mine = mine[np.argsort(-column[mine], kind="stable")]
        sure = column[mine] >= SURE * column[mine[:NEAREST]].mean() if len(mine) else mine
        line = _typical_first(view, class_id, rows[mine], int(np.count_nonzero(sure)), rng)[:limit]
        lines[class_id] = line, np.ones(len(line), np.float32)
    return lines


def _typical_first(
    view: PoolView, class_id: int, rows: NDArray[np.int64], sure: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """One class's rows, typical ones of the first `sure` in front: the very nearest repeat the name, and each other."""
    if not len(rows):
        return rows
    answered = [class_id in answer for answer in view.classes]
    mine = view.labelled[np.flatnonzero(answered)]
    front = [pick.row for pick in typical(replace(view, open=rows[:sure][:LINE], labelled=mine), FRONT, rng)]
    return np.concatenate([np.array(front, np.int64), rows[~np.isin(rows, front)]])
