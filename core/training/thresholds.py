"""From which probability each class is answered, tuned on texts whose heads had not seen them.

A class with three texts can't tell its best cut; all classes together can tell one. So each class chooses the cut with
the best F1 of its own counts and those of all classes, the latter weighted like `PRIOR` texts of its own.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

CUTS = np.arange(0.05, 0.951, 0.025)
PRIOR = 6.0
USUAL = 2.0
"""Texts' worth of trust that all classes together place in one half."""


def tune(
    scores: NDArray[np.float64], given: NDArray[np.bool_], class_ids: Sequence[int]
) -> tuple[float, dict[int, float]]:
    """(cut of classes in general, cut by class id) from probabilities and truth, both [n, classes]."""
    if not given.size:
        return 0.5, {}
    over = scores[None, :, :] >= CUTS[:, None, None]
    tp = (over & given).sum(axis=1).astype(np.float64)
    fp = (over & ~given).sum(axis=1).astype(np.float64)
    fn = given.sum(axis=0)[None, :] - tp
    positives = max(float(given.sum()), 1.0)
    pooled = [part.sum(axis=1) / positives for part in (tp, fp, fn)]
    general = _best(pooled[0] * positives, pooled[1] * positives, pooled[2] * positives, near=0.5)
    found = {}
    for place, class_id in enumerate(class_ids):
        own = (part[:, place] + PRIOR * whole for part, whole in zip((tp, fp, fn), pooled, strict=True))
        found[int(class_id)] = _best(*own, near=general)
    return general, found


def _best(tp: NDArray[np.float64], fp: NDArray[np.float64], fn: NDArray[np.float64], *, near: float) -> float:
    """The cut with the highest F1; of equals the middle of those that lie next to the one nearest to `near`."""
    f1 = 2 * tp / np.maximum(2 * tp + fp + fn, 1e-9)
    best = np.flatnonzero(f1 >= f1.max() - 1e-9)
    return float(np.round(CUTS[best[np.argmin(np.abs(CUTS[best] - near))]], 3))


def of(class_ids: Sequence[int], general: float, cuts: Mapping[int, float]) -> tuple[float, ...]:
    """The cut of each of these classes; the general one for those that were not tuned."""
    return tuple(cuts.get(class_id, general) for class_id in class_ids)
