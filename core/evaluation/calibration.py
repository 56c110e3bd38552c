"""Does a confidence mean what it says, and from which one on may the model answer by itself?

The head's logits are divided by a temperature fitted out of fold (`core.training.recipe`). Here is counted whether that
was enough: texts by confidence beside how many of them were right (a reliability diagram), and the expected calibration
error (Naeini et al. 2015; Guo et al. 2017, arXiv 1706.04599).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.evaluation.intervals import ENOUGH, wilson

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


def alone(judged: Sequence[Judged], levels: Sequence[int], limit: float) -> Alone:
    """What comes of answering alone from `limit` on; `levels`: open texts by confidence, in equal steps from 0 to 1."""
    above = [right for said, right in judged if said >= limit]
    whole, first = sum(levels), round(limit * len(levels))
    covered = sum(levels[first:])
    return Alone(
        limit,
        covered / whole if whole else None,
        wilson(covered, whole),
        len(above),
        sum(above) / len(above) if above else None,
        wilson(sum(above), len(above)),
    )
