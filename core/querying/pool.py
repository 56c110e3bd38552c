"""Looking at a pool of any size piece by piece: nothing here ever copies the whole of it.

A million texts of 384 numbers are 1.5 GB in float32. So rows are sampled before they are compared with each other, and
what must see every row reads a piece at a time.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.querying.base import PoolView, gap

CHUNK = 16384
"""Rows read at once."""


def sampled(rows: NDArray[np.int64], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The rows, or `most` of them drawn at random, in ascending order so that a memory map is read forwards."""
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def has_model(view: PoolView) -> bool:
    """Whether there are probabilities of at least two classes to look at."""
    return view.probabilities is not None and view.probabilities.shape[1] > 1


def scores_of(view: PoolView) -> NDArray[np.float32]:
    """The probabilities of a view that has a model, [n, classes]."""
    assert view.probabilities is not None, "ask has_model first"  # noqa: S101 (for the type checker)
    return view.probabilities


def label_counts(view: PoolView) -> dict[int, int]:
    """class id → how many labelled rows have it in their answer; classes without one are left out."""
    counts: dict[int, int] = {}
    for answer in view.classes:
        for c in answer:
            counts[c] = counts.get(c, 0) + 1
    return counts


def named(view: PoolView, class_id: int) -> str:
    """What a class is called."""
    return view.names.get(class_id, str(class_id))


def margins(view: PoolView, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Difference between the two most probable classes of each row, [len(rows)]."""
    return gap(scores_of(view), rows)


def two_best(view: PoolView, p: NDArray[np.float32]) -> list[tuple[str, float]]:
    """(name, probability) of the two most probable classes of one row, p [classes]."""
    order = np.argsort(-p, kind="stable")[:2]
    return [(named(view, view.class_ids[i]), round(float(p[i]), 4)) for i in order]


def best_of_each(
    rows: NDArray[np.int64],
    class_ids: tuple[int, ...],
    score: Callable[[NDArray[np.int64]], NDArray[Any]],
    limit: int,
) -> Mapping[int, tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """class id → its `limit` best rows and their scores, the best first; `score`: rows [b] → [b, classes]."""
    found: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []
    for start in range(0, len(rows), CHUNK):
        piece = rows[start : start + CHUNK]
        by_class = np.ascontiguousarray(score(piece).T)
        place = _top(by_class, limit)
        found.append((piece[place], np.take_along_axis(by_class, place, axis=1)))
    all_rows = np.concatenate([r for r, _s in found], axis=1)
    all_scores = np.concatenate([s for _r, s in found], axis=1)
    out = {}
    for number, class_id in enumerate(class_ids):
        order = np.argsort(-all_scores[number], kind="stable")[:limit]
        out[class_id] = all_rows[number][order], all_scores[number][order]
    return out


def _top(by_class: NDArray[Any], limit: int) -> NDArray[np.int64]:
    """Places of the `limit` largest numbers of each line, in no order, [classes, at most limit]."""
    if by_class.shape[1] <= limit:
        return np.tile(np.arange(by_class.shape[1]), (len(by_class), 1))
    return np.asarray(np.argpartition(by_class, -limit, axis=1)[:, -limit:], np.int64)
