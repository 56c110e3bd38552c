"""Self-training: the head learns from its own surest answers, as many of each class, and answers anew.

Scudder 1965; with as many of each class as in Zou et al. 2018 (arXiv 1810.07911), for what is sure of all is mostly the
commonest class.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.training.head import Guesses, Head
from core.training.unlabelled import SHARE, Pool

TURNS = 2
MOST = 60
"""Texts of one class, at most."""
ALL = 800
"""Texts of all classes, at most."""
LEAST = 2


def guess(
    pool: Pool,
    features: NDArray[Any],  # noqa: ARG001 (they speak through the head)
    classes: NDArray[np.int64],
    fit: Callable[[Guesses | None], Head],
) -> Guesses:
    """The surest texts of each class, by a head that was fitted on the labels [n] and then on its own guesses, too."""
    found: Guesses | None = None
    for _turn in range(TURNS):
        found = _surest(pool, fit(found), len(classes))
    assert found is not None, "there is a turn"  # noqa: S101
    return found


def _surest(pool: Pool, head: Head, n_labels: int) -> Guesses:
    scores = head.probabilities(pool.features)
    best, sure = scores.argmax(axis=1), scores.max(axis=1)
    each = min(MOST, max(LEAST, ALL // len(head.class_ids)))
    order = np.argsort(-sure, kind="stable")
    rows = np.concatenate([order[best[order] == column][:each] for column in range(len(head.class_ids))])
    weights = np.full(len(rows), SHARE * n_labels / max(1, len(rows)))
    return Guesses(pool.features[rows], np.array(head.class_ids, np.int64)[best[rows]], weights)
