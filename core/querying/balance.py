"""Balance: ask for the classes that have fewest labels, so that rare ones are met before the budget is spent.

After Bengar, van de Weijer, Fuentes and Raducanu 2022, "Class-Balanced Active Learning for Image Classification"
(arXiv 2110.04543): expected labels per class, from the model's probabilities, are to come out even. A text is worth
its probability of a class times that class's shortage of labels; each pick fills a part of the shortage.
"""

import numpy as np

from core.querying import reasons
from core.querying.base import Pick, PoolView
from core.querying.pool import best_of_each, has_model, scores_of
from core.querying.turns import LINE, in_turns
from core.querying.typical import typical


def balance(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows, probable members of classes short of labels; typical ones while there is no model."""
    if not has_model(view):
        return typical(view, n, rng)
    limit, p = min(LINE, 2 * view.take(n)), scores_of(view)
    lines = best_of_each(view.open, view.class_ids, lambda rows: p[rows], limit)
    return in_turns(view, n, rng, lines, "balance", reasons.RARE)
