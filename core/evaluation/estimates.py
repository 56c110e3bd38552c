"""How good the model in use is on the whole pool, from the texts that were drawn at random.

The pool has two parts. How the model answers the labelled texts is known: it is counted. The open texts are stood for
by those drawn at random, each answered by a model that had not seen it; what is true of their share is carried over.
Labels that were picked on purpose say nothing about the open texts: their chance of being picked is nought or one, so
that no weight makes them stand for others. They count for themselves, in the first part, and once more: a drawn text
stood for all that was open when it was drawn, the doubtful texts too that were picked since. How those are answered by
models that had not seen them is taken off again. (With such picks that is what is left of the unbiased estimator of
Farquhar et al. 2021, arXiv 2101.11665, and of active testing, Kossen et al. 2021, arXiv 2103.05331.)

A text that was drawn early also shaped what was picked after it: picking spreads out, so there are few labels near it,
and a model without its own label knows less of it than of open texts. What confidence says of both makes up for that:
the difference of its means counts as much as confidence told right from wrong among all labels (a control variate;
prediction-powered inference, Angelopoulos et al. 2023, arXiv 2301.09633 and 2311.01453). It moves the estimate, and is
not trusted to narrow the interval: where it was, in simulation, that held the truth too seldom
(`tests/bench/bench_estimates.py` prints how often each of several estimators does, and how wide they are).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from core.evaluation.intervals import wilson_of
from core.tasks.base import Task

Interval = tuple[float, float]
LEVELS = 100
"""Confidence is counted in hundredths."""
STEEPEST = 1.25
"""Most that one point of confidence may count for."""


@dataclass(frozen=True, slots=True)
class Control:
    """How confident the model is of drawn texts, which it had not seen, and of open ones; each in 0..1."""

    n: int = 0
    drawn: float = 0.0
    """Mean over the drawn texts."""
    open: float = 0.0
    """Mean over all texts that were open when they were drawn, on the mean over the draws."""
    slope: float = 0.0
    """By how much the share of right answers grew with confidence, over all labelled texts out of fold."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What is known of the pool beside the texts that were drawn."""

    known: Mapping[tuple[int, ...], int]
    """Cell → labelled texts: how the model itself answers what it learnt from."""
    open: int
    """Texts without an answer."""
    later: Mapping[tuple[int, ...], float] = field(default_factory=dict)
    """Cell → texts labelled at a draw or later, on the mean over the draws, as models that had not seen them answer."""
    control: Control | None = None
    """None: confidences of models that had not seen the texts are not known."""
    levels: tuple[int, ...] = ()
    """Open texts by confidence, in hundredths; empty: not known."""
    ceiling: int | None = None
    """Drawn texts that would be answered right if those that the encoder was tuned on were as new to it as they are to
    the heads that answer them here: rather too many. None: it was tuned on none of them."""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "known": [[list(cell), n] for cell, n in sorted(self.known.items())],
            "open": self.open,
            "later": [[list(cell), n] for cell, n in sorted(self.later.items())],
            "control": None if self.control is None else asdict(self.control),
            "levels": list(self.levels),
            "ceiling": self.ceiling,
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(
            {tuple(int(c) for c in cell): int(n) for cell, n in said["known"]},
            int(said["open"]),
            {tuple(int(c) for c in cell): float(n) for cell, n in said["later"]},
            None if said["control"] is None else Control(**said["control"]),
            tuple(int(n) for n in said["levels"]),
            None if said.get("ceiling") is None else int(said["ceiling"]),
        )


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the pool."""

    value: float
    interval: Interval
    """90 %."""


@dataclass(frozen=True, slots=True)
class Frame:
    """How counts of drawn texts become counts of the pool: each stands for `weight` texts that were open then."""

    known: Mapping[tuple[int, ...], float] = field(default_factory=dict)
    """Counts of the labelled texts less those that the drawn ones stand for, too."""
    weight: float = 1.0
    counted: Mapping[tuple[int, ...], int] = field(default_factory=dict)
    """Counts of the labelled texts."""

    @classmethod
    def of(cls, rest: Rest | None, n: int) -> Self:
        """That of `n` drawn texts; without anything known of the pool each text stands for itself."""
        if rest is None or not n:
            return cls()
        left = {cell: rest.known.get(cell, 0) - rest.later.get(cell, 0.0) for cell in {*rest.known, *rest.later}}
        return cls(left, (rest.open + sum(rest.later.values())) / n, rest.known)

    def blend(self, known: tuple[float, float], n: int, value: float, interval: Interval) -> tuple[float, Interval]:
        """A share of which a part is counted and the other, of `n` drawn texts, estimated."""
        whole = known[1] + self.weight * n
        if known == (0, 0) or whole <= 0:  # nothing of it is counted
            return value, interval
        low, here, high = (
            min(1.0, max(0.0, (known[0] + self.weight * n * part) / whole))
            for part in (interval[0], value, interval[1])
        )
        return here, (min(low, here), max(high, here))


def accuracy(rest: Rest | None, known: tuple[float, float], drawn: tuple[int, int], counted: int = 0) -> Share | None:
    """Share of the pool that the model answers right; None without drawn texts.

    Of texts that a tuned encoder has seen, its round's fold models say too little, for they were tuned on fewer labels,
    and heads on it too much. The truth lies between: the interval reaches from the low end of the one to the high end
    of the other, and what is told is their mean.

    `known`, `drawn`: (right, all) of the frame's counts, and of the drawn texts; `counted`: labelled texts answered
    right, below which the right answers of the pool can't be, nor above all but the wrong ones.
    """
    hits, n = drawn
    if n <= 0:
        return None
    value = adjusted(rest.control if rest else None, hits, n)
    low, high = wilson_of(value, n)
    if rest is not None and rest.ceiling is not None and rest.ceiling > hits:
        value, high = (hits + rest.ceiling) / (2 * n), wilson_of(rest.ceiling / n, n)[1]
    here, interval = Frame.of(rest, n).blend(known, n, value, (low, high))
    if rest is not None and (size := sum(rest.known.values()) + rest.open):
        low, high = counted / size, (counted + rest.open) / size
        here, *ends = (min(high, max(low, part)) for part in (here, *interval))
        interval = (ends[0], ends[1])
    return Share(here, interval)


def later_weights(drawn: Sequence[bool]) -> list[float]:
    """For each labelled text, in the order of the answers, the share of draws at which it was still open.

    A drawn text itself was open at its own draw. Nought everywhere without draws.
    """
    so_far, found = 0, []
    for is_one in drawn:
        so_far += is_one
        found.append(so_far)
    return [n / so_far if so_far else 0.0 for n in found]


def later_cells(
    task: Task[Any], golds: Sequence[Any], guesses: Sequence[Any], drawn: Sequence[bool]
) -> dict[tuple[int, ...], float]:
    """Cell → labelled texts that were open at a draw, on the mean over draws; the lists are in order of answers."""
    found: dict[tuple[int, ...], float] = {}
    for gold, guess, weight in zip(golds, guesses, later_weights(drawn), strict=True):
        for cell, n in task.compare(gold, guess).items():
            found[cell] = found.get(cell, 0.0) + weight * n
    return {cell: n for cell, n in found.items() if n}


def control_over(
    right: Sequence[bool], said: Mapping[int, float], drawn: Sequence[bool], open_said: Sequence[float]
) -> Control | None:
    """The control of drawn texts, from what is known of every labelled one in order of answers.

    `said`: row → confidence, `open_said`: that of open texts. None if a drawn text has none, or nothing is open.
    """
    rows = [row for row, is_one in enumerate(drawn) if is_one]
    if not rows or not open_said or not all(row in said for row in rows):
        return None
    weights = later_weights(drawn)
    total = math.fsum(open_said) + math.fsum(weights[row] * p for row, p in said.items())
    size = len(open_said) + math.fsum(weights[row] for row in said)
    mean = math.fsum(said[row] for row in rows) / len(rows)
    return Control(len(rows), mean, total / size, _slope([(p, right[row]) for row, p in said.items()]))


def _slope(judged: Sequence[tuple[float, bool]]) -> float:
    """Least squares of being right on confidence, within reason."""
    n = len(judged)
    mean, share = math.fsum(p for p, _hit in judged) / n, sum(hit for _p, hit in judged) / n
    spread = math.fsum((p - mean) ** 2 for p, _hit in judged)
    if spread <= 1e-9 * n:
        return 0.0
    return min(STEEPEST, max(0.0, math.fsum((p - mean) * (hit - share) for p, hit in judged) / spread))


def adjusted(control: Control | None, hits: int, n: int) -> float:
    """Share of the texts open at the draws that are answered right; what confidence differs by is made up for."""
    if control is None or control.n != n:
        return hits / n
    return min(1.0, max(0.0, hits / n + control.slope * (control.open - control.drawn)))
