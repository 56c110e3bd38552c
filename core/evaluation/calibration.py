"""Does a confidence mean what it says, and from which one on may the model answer by itself?

The head's logits are divided by a temperature fitted out of fold (`core.training.recipe`). Here is counted whether that
was enough: texts by confidence beside how many of them were right (a reliability diagram), and the expected calibration
error (Naeini et al. 2015; Guo et al. 2017, arXiv 1706.04599).
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.evaluation.intervals import ENOUGH, Z, wilson
from core.i18n import _

Interval = tuple[float, float]
BINS = 10
LIMITS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
"""Confidences from which answering alone is looked at."""
Judged = tuple[float, bool]
"""(confidence in 0..1, whether the answer was right) of a text that the model had not seen"""


@dataclass(frozen=True, slots=True)
class Bin:
    """Texts of about the same confidence."""

    low: float
    """Confidence from which they count; the last bin has 1, too."""
    high: float
    n: int
    said: float
    """Sum of their confidences."""
    right: int

    @property
    def confidence(self) -> float | None:
        """What the model says on the mean; None for none."""
        return self.said / self.n if self.n else None

    @property
    def share(self) -> float | None:
        """How many of them were right; None for none."""
        return self.right / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        """90 % interval of that share."""
        return wilson(self.right, self.n)


@dataclass(frozen=True, slots=True)
class Alone:
    """What comes of it if the model answers by itself from some confidence on."""

    limit: float
    coverage: float | None
    """Share of the open texts that it would answer; None: not known."""
    coverage_interval: Interval | None
    """90 %, for as many texts of the same kind that come later."""
    n: int
    """Judged texts at that confidence."""
    precision: float | None
    """Share of its answers that would be right; None where nothing was judged."""
    precision_interval: Interval | None
    checked: int = 0
    """How many of these texts were spot checks."""

    @property
    def enough(self) -> bool:
        """Whether the precision can be told."""
        return self.n >= ENOUGH

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"enough": self.enough}


def reliability(judged: Sequence[Judged], bins: int = BINS) -> list[Bin]:
    """Bins of equal width from 0 to 1, empty ones too."""
    found = [(0, 0.0, 0)] * bins
    for said, right in judged:
        place = min(bins - 1, int(said * bins))
        n, total, hits = found[place]
        found[place] = (n + 1, total + said, hits + right)
    return [Bin(i / bins, (i + 1) / bins, n, total, hits) for i, (n, total, hits) in enumerate(found)]


def between(judged: Sequence[Judged], low: float, high: float) -> Bin:
    """The texts with a confidence from `low` up to `high`, which belongs to the next ones unless it is 1."""
    found = [(said, right) for said, right in judged if low <= said and (said < high or high >= 1.0)]
    return Bin(low, high, len(found), sum(said for said, _right in found), sum(right for _said, right in found))


def expected_error(judged: Sequence[Judged], bins: int = BINS) -> float | None:
    """Mean distance between confidence and share right, in 0..1, each bin by its texts; None without texts."""
    if not judged:
        return None
    return sum(abs(one.said - one.right) for one in reliability(judged, bins)) / len(judged)


def brier(judged: Sequence[Judged]) -> float | None:
    """Mean squared distance between confidence and being right, in 0..1 (Brier 1950); None without texts."""
    return sum((said - right) ** 2 for said, right in judged) / len(judged) if judged else None


@dataclass(frozen=True, slots=True)
class Off:
    """How far confidence is off, as the root of its mean square."""

    n: int
    value: float
    """0..1; 0 where the texts show no more than chance would show of a confidence that is right."""
    interval: Interval
    """90 %."""

    @property
    def told(self) -> bool:
        """Whether it is off beyond chance; else one can't tell yet, and only the upper end says something."""
        return self.interval[0] > 0

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"told": self.told}


def off(judged: Sequence[Judged], bins: int = BINS) -> Off | None:
    """How far confidence is off; None while there are too few texts to tell.

    Counted as it is (`expected_error`), the error of a confidence that is right is far from nought where there are few
    texts: chance alone moves every bin. So what chance adds to each bin's square is taken off again (Bröcker 2012,
    doi:10.1007/s00382-011-1191-1; Kumar, Liang and Ma 2019, arXiv 1909.10155), in bins of as many texts
    each. The interval is that of the mean square, normal, its variance from those of the bins' shares.
    """
    n = len(judged)
    if n < ENOUGH:
        return None
    ranked = sorted(judged)
    k = max(2, min(bins, n // (ENOUGH // 2)))
    square = variance = 0.0
    for place in range(k):
        part = ranked[place * n // k : (place + 1) * n // k]
        size = len(part)
        hits, said = sum(right for _said, right in part), sum(said for said, _right in part)
        gap = (said - hits) / size
        p = (hits + 1) / (size + 2)  # a bin without a mistake, or with nothing else, is no proof that there can be none
        noise = p * (1 - p) / size
        own = gap * gap - noise
        square += size / n * own
        variance += (size / n) ** 2 * (4 * max(own, 0.0) * noise + 2 * noise * noise)
    half = Z * math.sqrt(variance)
    low, value, high = (math.sqrt(max(0.0, min(1.0, one))) for one in (square - half, square, square + half))
    return Off(n, value, (low, high))


def off_words(found: Off | None) -> str:
    """One line for people."""
    if found is None:
        return _("is confidence right? too few to tell")
    low, high = (100 * end for end in found.interval)
    if not found.told:
        return _("is confidence right? can't tell yet; off by {high:.0f} points at most").format(high=high)
    return _("confidence is off by {points:.0f} points ({low:.0f} to {high:.0f})").format(
        points=100 * found.value, low=low, high=high
    )


def alone(
    judged: Sequence[Judged], levels: Sequence[int], limit: float, spots: Sequence[tuple[float, bool, float]] = ()
) -> Alone:
    """What comes of answering alone from `limit` on; `levels`: open texts by confidence, in equal steps from 0 to 1.

    `spots`: (confidence, whether it was right, limit then) of texts drawn from those that were left to the model. They
    stand for all above their limit, as judged texts do, so they count from there on.
    """
    checked = [right for said, right, above in spots if said >= limit >= above]
    found = [right for said, right in judged if said >= limit] + checked
    whole, first = sum(levels), round(limit * len(levels))
    covered = sum(levels[first:])
    return Alone(
        limit,
        covered / whole if whole else None,
        wilson(covered, whole),
        len(found),
        sum(found) / len(found) if found else None,
        wilson(sum(found), len(found)),
        len(checked),
    )
