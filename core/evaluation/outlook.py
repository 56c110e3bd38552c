"""How much more would more labels help? The learning curve so far, drawn on as far as it can be known.

Models on the first labels (a third, half, …) and on all of them answer the same drawn texts, which none of them has
seen. What the errors fell by, text by text, is set against curves e(m) = e·(u + (1−u)·(m/n)^−c): a part u of today's
error e stays whatever comes, the rest falls by a power of the labels (Cortes et al. 1994; Viering and Loog 2021,
arXiv 2103.10948). All curves on a grid are weighed by how well they fit and by what such curves usually look like; the
forecast is what they say together, with what a model trained anew varies by.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from core.evaluation.intervals import ENOUGH, Z
from core.i18n import _

SHARES = (0.35, 0.5, 0.7)
"""Of all labels, in the order they were given, the earlier models learn from so many."""
STAYS = tuple(u / 10 for u in range(10))
POWERS = (0.2, 0.35, 0.5, 0.7, 1.0, 1.4)
ERRORS = 9
"""Points of the grid for today's error."""
TOGETHER = 0.6
"""Weight of each earlier model's comparison: they share labels and texts, so they tell less than apart."""
JITTER = 0.025
"""Standard deviation of accuracy between models on nearly the same labels, as a share of the error's root."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A model on the first labels against the model on all of them, on the same drawn texts."""

    labels: int
    better: int
    """Texts that the later model alone answers right."""
    worse: int
    """Texts that the earlier one alone answers right."""


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the learning curve."""

    labels: int
    n: int
    """Drawn texts that all models answered."""
    right: int
    """Of these, those that the model on all labels answers right."""
    earlier: tuple[Earlier, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(said["labels"], said["n"], said["right"], tuple(Earlier(**one) for one in said["earlier"]))


@dataclass(frozen=True, slots=True)
class Gain:
    """What so many more labels would add to accuracy."""

    more: int
    value: float
    """Median, in 0..1."""
    interval: tuple[float, float]
    """90 %; below 0 too, for a model trained anew may be worse by chance."""


def gain(past: Past, more: int) -> Gain | None:
    """What `more` labels would add; None while too few texts were drawn."""
    if past.n < ENOUGH:
        return None
    curves = _curves(past)
    found = sorted((_gain_of(e, u, c, past.labels, more), e, weight) for e, u, c, weight in curves)
    total = sum(weight for _g, _e, weight in found)
    mean = sum(g * weight for g, _e, weight in found) / total
    spread = sum((g - mean) ** 2 * weight for g, _e, weight in found) / total
    noise = sum((JITTER**2) * e * weight for _g, e, weight in found) / total * min(1.0, more / past.labels)
    half = Z * math.sqrt(spread + 2 * noise)
    return Gain(more, mean, (max(mean - half, -0.5), min(mean + half, max(e for _g, e, _w in found))))


def _curves(past: Past) -> list[tuple[float, float, float, float]]:
    """(today's error, what stays of it, power, weight) of every curve on the grid."""
    wrong = past.n - past.right
    found = []
    for e in _errors(wrong, past.n):
        level = wrong * math.log(e) + past.right * math.log(1.0 - e)
        for u in STAYS:
            for c in POWERS:
                fit = sum(
                    _fit(past, one, e * (1.0 - u) * ((one.labels / past.labels) ** -c - 1.0)) for one in past.earlier
                )
                found.append((e, u, c, level + TOGETHER * fit + _usual(u, c)))
    most = max(weight for *_curve, weight in found)
    return [(e, u, c, math.exp(weight - most)) for e, u, c, weight in found]


def _errors(wrong: int, n: int) -> list[float]:
    """A grid of errors around what was seen."""
    centre = (wrong + 0.5) / (n + 1.0)
    spread = math.sqrt(centre * (1.0 - centre) / n)
    ends = max(0.002, centre - 2.2 * spread), min(0.99, centre + 2.2 * spread)
    return [ends[0] + (ends[1] - ends[0]) * k / (ERRORS - 1) for k in range(ERRORS)]


def _fit(past: Past, one: Earlier, fall: float) -> float:
    """Logarithm of how probable the texts that told the two models apart are, if errors fell by `fall`."""
    noise = (one.better + one.worse + 1.0) / past.n**2
    return -(((one.better - one.worse) / past.n - fall) ** 2) / (2.0 * noise)


def _usual(u: float, c: float) -> float:
    """Logarithm of how usual a curve is: about half stays, and the rest falls by about the root of the labels."""
    return -((u - 0.5) ** 2) / (2 * 0.3**2) - (math.log(c / 0.5) ** 2) / (2 * 0.5**2)


def _gain_of(e: float, u: float, c: float, n: int, more: int) -> float:
    return float(e * (1.0 - u) * (1.0 - (1.0 + more / n) ** -c))


def earlier_sizes(n: int) -> Sequence[int]:
    """How many labels the earlier models learn from."""
    return tuple(dict.fromkeys(size for size in (round(share * n) for share in SHARES) if 4 <= size < n))


def step(labels: int) -> int:
    """How many more labels a forecast is about: a round number near a fifth of those that there are."""
    return max(20, round(labels / 50) * 10)


def words(found: Gain | None, n: int, seconds: float | None = None) -> str:
    """One line for people; `n`: texts drawn so far, `seconds`: what a label takes the user, if that is known."""
    if found is None:
        return _("More labels? Can't tell yet: {n} of {enough} audit labels.").format(n=n, enough=ENOUGH)
    low, high = (100 * end for end in found.interval)
    said = _("{more} more labels: about {points:+.0f} points ({low:.0f} to {high:.0f})").format(
        more=found.more, points=_whole(100 * found.value), low=_whole(low), high=_whole(high)
    )
    if seconds is None:
        return _("{said}.").format(said=said)
    return _("{said}, about {m:.0f} min of yours.").format(said=said, m=max(1.0, found.more * seconds / 60))


def _whole(points: float) -> float:
    """Rounded, and never minus nought."""
    return float(round(points)) + 0.0
