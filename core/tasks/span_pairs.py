"""How the spans of two answers to one text meet: each with one counterpart at most, or with none.

Pairs are found in rounds, so that a perfect one is never given up for a lesser: both ends and the class equal; both
ends equal; sharing characters with an equal class; sharing characters. Within a round, the more characters are shared
the better; what is left was missed or is spurious.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from core.spans import Span
from core.tasks.base import Cell

APART, SHARED, EXACT = 0, 1, 2
"""How much of the ends of a pair agree: no counterpart; some characters; both ends."""
NOBODY = 0
"""In place of a class where there is no counterpart; ids of classes begin at 1."""

Spans = Sequence[Span[int]]


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """A span with its counterpart, by their classes."""

    gold: int
    """`NOBODY`: the predicted span is spurious."""
    predicted: int
    """`NOBODY`: the span was missed."""
    ends: int
    """`APART`, `SHARED` or `EXACT`."""

    @property
    def right(self) -> bool:
        """Whether both ends and the class agree."""
        return self.ends == EXACT and self.gold == self.predicted


def cell(gold: Spans, predicted: Spans, *, whole: bool = True) -> Cell:
    """One text's pairs as numbers; empty where nothing is marked or predicted.

    Without `whole` only what is marked is known: predictions that meet nothing marked don't count.
    """
    found = sorted(_matched(gold, predicted))
    if not whole:
        found = [pair for pair in found if pair.gold != NOBODY]
    return tuple(number for pair in found for number in (pair.gold, pair.predicted, pair.ends))


def pairs(of: Cell) -> Iterator[Pair]:
    """The pairs of a cell."""
    return (Pair(*of[at : at + 3]) for at in range(0, len(of), 3))


def shared(one: Span[int], other: Span[int]) -> int:
    """Characters that are in both."""
    return max(0, min(one.end, other.end) - max(one.start, other.start))


_ROUNDS: tuple[tuple[int, Callable[[Span[int], Span[int]], bool]], ...] = (
    (EXACT, lambda g, p: g == p),
    (EXACT, lambda g, p: (g.start, g.end) == (p.start, p.end)),
    (SHARED, lambda g, p: g.label == p.label and shared(g, p) > 0),
    (SHARED, lambda g, p: shared(g, p) > 0),
)


def _matched(gold: Spans, predicted: Spans) -> Iterator[Pair]:
    left, others = sorted(gold), sorted(predicted)
    for ends, fits in _ROUNDS:
        ranked = sorted((-shared(g, p), i, j) for i, g in enumerate(left) for j, p in enumerate(others) if fits(g, p))
        met, taken = set[int](), set[int]()
        for _shared, i, j in ranked:
            if i not in met and j not in taken:
                met.add(i)
                taken.add(j)
                yield Pair(left[i].label, others[j].label, ends)
        left = [g for i, g in enumerate(left) if i not in met]
        others = [p for j, p in enumerate(others) if j not in taken]
    yield from (Pair(g.label, NOBODY, APART) for g in left)
    yield from (Pair(NOBODY, p.label, APART) for p in others)
