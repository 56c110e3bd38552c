"""Keyword seeds for rare classes: texts that hold a word by which a person would search for the class.

Attenberg and Provost 2010, "Why Label when You can Search?": where a class is rare, a model that never met it won't
find it, and a search does. Classes with fewest labels come first; what goes beyond their seeds is typical.
"""

import numpy as np

from core.querying import reasons
from core.querying.base import Pick, PoolView
from core.querying.pool import label_counts
from core.querying.turns import LINE, Lines, in_turns
from core.querying.typical import typical

FEW = 16
"""Labels from which a class is left to the model."""


def seeds(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows, those with a keyword of a class short of labels first, then typical ones."""
    lines = _lines(view, rng)
    return in_turns(view, n, rng, lines, "seeds", reasons.SEEDED) if lines else typical(view, n, rng)


def _lines(view: PoolView, rng: np.random.Generator) -> Lines:
    """Open rows with a keyword of each class that has few labels, drawn at random, each worth as much as the others."""
    counts = label_counts(view)
    is_open = np.zeros(len(view.features), np.bool_)
    is_open[view.open] = True
    lines = {}
    for class_id, rows in view.seeded.items():
        if counts.get(class_id, 0) < FEW and len(found := rows[is_open[rows]]):
            drawn = rng.permutation(found)[:LINE]
            lines[class_id] = drawn, np.ones(len(drawn), np.float32)
    return lines
