"""Numbers about marked spans beside the counts by class: credit for spans that are nearly right, and kinds of mistakes.

All are sums over texts (`core.tasks.span_pairs`), so that they add up over folds and are resampled by texts. Exact
counts are those of seqeval in strict mode: a span is right if both ends and the class are.
"""

from collections.abc import Callable, Mapping

from core.tasks.base import Cell
from core.tasks.span_pairs import EXACT, NOBODY, SHARED, Pair, pairs

HALF = 0.5
"""Credit for a span of the right class that shares characters with the right one (MUC-5, 1993)."""


def partial(cell: Cell) -> tuple[float, float]:
    """(twice the credit, spans marked and predicted) of one text: the ratio of their sums is the partial F1."""
    credit, total = 0.0, 0
    for pair in pairs(cell):
        total += (pair.gold != NOBODY) + (pair.predicted != NOBODY)
        if pair.gold == pair.predicted:
            credit += 1.0 if pair.ends == EXACT else HALF
    return 2 * credit, float(total)


def ends(cell: Cell) -> tuple[float, float]:
    """The same for the ends alone, whatever the class: how well spans are found."""
    hits = sum(pair.ends == EXACT for pair in pairs(cell))
    return 2.0 * hits, partial(cell)[1]


RATIOS: Mapping[str, Callable[[Cell], tuple[float, float]]] = {"partial_f1": partial, "ends_f1": ends}
"""Name → what a text adds above and below the line."""


def _times(fits: Callable[[Pair], bool]) -> Callable[[Cell], int]:
    return lambda cell: sum(map(fits, pairs(cell)))


def _times_of_class(fits: Callable[[Pair], bool]) -> Callable[[Cell, int], int]:
    """Of a pair the class is what people marked; that of a spurious span is what the model did."""
    return lambda cell, class_id: sum(fits(pair) and class_id == (pair.gold or pair.predicted) for pair in pairs(cell))


_FITS: Mapping[str, Callable[[Pair], bool]] = {
    "right": lambda pair: pair.right,
    "wrong_ends": lambda pair: pair.ends == SHARED and pair.gold == pair.predicted,
    "wrong_class": lambda pair: pair.ends == EXACT and pair.gold != pair.predicted,
    "wrong_both": lambda pair: pair.ends == SHARED and pair.gold != pair.predicted,
    "missed": lambda pair: pair.predicted == NOBODY,
    "spurious": lambda pair: pair.gold == NOBODY,
}
KINDS: Mapping[str, Callable[[Cell], int]] = {name: _times(fits) for name, fits in _FITS.items()}
"""Name → how many pairs of a text are of this kind; each pair is of one."""
CLASS_KINDS: Mapping[str, Callable[[Cell, int], int]] = {name: _times_of_class(fits) for name, fits in _FITS.items()}
"""The same of one class, by its id; each pair is of one class."""
