"""How far people agree beyond chance: Cohen's and Fleiss' kappa and Krippendorff's alpha, and why one is undefined.

All compare the disagreement that was seen with what chance would bring: 1 is perfect agreement, 0 is no better than
chance, below 0 is worse. They are undefined where chance alone would agree always, which is when all gave one answer.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from core.evaluation.intervals import CONFIDENCE
from core.i18n import _

if TYPE_CHECKING:  # numpy is imported where it is used: the terminal says Cohen's kappa without it
    import numpy as np

V = TypeVar("V", bound=Hashable)

RESAMPLES = 1000
MOST_VALUES = 1000
"""So many different answers can be compared each with each."""
_DEFINED = 0.5
"""Share of the resamples that must have a value for an interval to be told."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One coefficient, or why there is none."""

    value: float | None
    """At most 1; None if it is undefined."""
    n: int
    """Texts it rests on."""
    why: str = ""
    """Why it is undefined, in words; empty if it is not."""
    interval: tuple[float, float] | None = None
    """90 % interval, where one was computed."""


def cohen(pairs: Sequence[tuple[V, V]]) -> Agreement:
    """Cohen's kappa (1960, doi:10.1177/001316446002000104) of two people's answers to the same texts."""
    return cohen_of([pairs])


def cohen_of(decisions: Sequence[Sequence[tuple[V, V]]]) -> Agreement:
    """The same where each text takes several decisions, at least one: agreement and chance on their mean.

    `decisions`: the pairs of each kind of decision, a pair a text, all equally long.
    """
    n = len(decisions[0])
    if not n:
        return Agreement(None, 0, _nothing_shared())
    same, chance = observed(decisions), sum(map(by_chance, decisions)) / len(decisions)
    return Agreement(None, n, _all_one()) if chance == 1 else Agreement(beyond_chance(same, chance), n)


def observed(decisions: Sequence[Sequence[tuple[V, V]]]) -> float:
    """Share of decisions that agree; there is one at least."""
    return sum(first == second for one in decisions for first, second in one) / sum(map(len, decisions))


def beyond_chance(same: float, chance: float) -> float:
    """What every kappa is: how much of the way from chance, below 1, to perfect agreement was gone."""
    return (same - chance) / (1 - chance)


def by_chance(pairs: Sequence[tuple[V, V]]) -> float:
    """Share of texts on which two people would agree who gave each answer as often, but at random; of one or more."""
    one, other = Counter(first for first, _second in pairs), Counter(second for _first, second in pairs)
    return sum(one[value] * other[value] for value in one) / len(pairs) ** 2


def fleiss(ratings: Sequence[Sequence[V]]) -> Agreement:
    """Fleiss' kappa (1971, doi:10.1037/h0031619); each text has the same number of answers, two or more.

    Raises ValueError if the numbers differ.
    """
    if not ratings:
        return Agreement(None, 0, _nothing_shared())
    people = len(ratings[0])
    if people < 2 or any(len(row) != people for row in ratings):
        msg = "each text needs the same number of answers, at least two"
        raise ValueError(msg)
    n, totals, seen = len(ratings), Counter[V](), 0.0
    for row in ratings:
        counts = Counter(row)
        totals.update(counts)
        seen += sum(k * (k - 1) for k in counts.values()) / (people * (people - 1))
    same = seen / n
    chance = sum((k / (n * people)) ** 2 for k in totals.values())
    return Agreement(None, n, _all_one()) if len(totals) == 1 else Agreement(beyond_chance(same, chance), n)


def most_rated(ratings: Sequence[Sequence[V]]) -> list[Sequence[V]]:
    """The texts that Fleiss' kappa can be told of: those with the number of answers (two or more) that most have."""
    sizes = Counter(len(row) for row in ratings if len(row) > 1)
    size = max(sizes, key=lambda k: (sizes[k], k), default=0)
    return [row for row in ratings if len(row) == size]


def differ(first: Hashable, second: Hashable) -> float:
    """The nominal distance: answers are the same, or they are not."""
    return float(first != second)


def alpha(ratings: Sequence[Sequence[V]], distance: Callable[[V, V], float] = differ, *, seed: int = 0) -> Agreement:
    """Krippendorff's alpha (2011, "Computing Krippendorff's Alpha-Reliability") of any number of answers a text.

    Texts with fewer than two answers say nothing and are left out. `distance`: how far two answers are apart, in 0..1,
    the same both ways and 0 for equal ones. The 90 % interval comes from a bootstrap over texts (percentiles of 1000
    resamples, as far as alpha is defined in them).
    """
    shared = [row for row in ratings if len(row) > 1]
    if not shared:
        return Agreement(None, 0, _nothing_shared())
    values = list(dict.fromkeys(value for row in shared for value in row))
    if len(values) == 1:
        return Agreement(None, len(shared), _all_one())
    if len(values) > MOST_VALUES:
        return Agreement(None, len(shared), _too_many(len(values)))
    import numpy as np

    place = {value: i for i, value in enumerate(values)}
    patterns = Counter(tuple(sorted(place[value] for value in row)) for row in shared)
    apart = _distances(values, distance)
    if not apart.any():
        return Agreement(None, len(shared), _all_one())
    counts = np.zeros((len(patterns), len(values)))
    for row, pattern in enumerate(patterns):
        for value in pattern:
            counts[row, value] += 1
    times = np.array(list(patterns.values()), float)
    value = _alphas(times[None, :], counts, apart)[0]
    return Agreement(float(value), len(shared), interval=_interval(times, counts, apart, seed))


def _distances(values: Sequence[V], distance: Callable[[V, V], float]) -> "np.ndarray":
    """How far every two of the values are apart; shape (values, values)."""
    import numpy as np

    if distance is differ:
        return 1.0 - np.eye(len(values))
    apart = np.zeros((len(values), len(values)))
    for i, first in enumerate(values):
        for j in range(i):
            apart[i, j] = apart[j, i] = distance(first, values[j])
    return apart


def _alphas(times: "np.ndarray", counts: "np.ndarray", apart: "np.ndarray") -> "np.ndarray":
    """Alpha for each row of `times` (how often each pattern of answers occurs); NaN where it is undefined.

    `counts`: shape (patterns, values), how often a pattern holds a value.
    """
    import numpy as np

    size = counts.sum(1)
    within = ((counts @ apart) * counts).sum(1) / (size - 1)  # equal answers are 0 apart, so none meets itself
    n = times @ size
    totals = times @ counts
    seen = times @ within / n
    chance = ((totals @ apart) * totals).sum(1) / (n * (n - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        found: np.ndarray = np.where(chance > 0, 1.0 - seen / chance, np.nan)
    return found


def _interval(times: "np.ndarray", counts: "np.ndarray", apart: "np.ndarray", seed: int) -> tuple[float, float] | None:
    import numpy as np

    n = int(times.sum())
    drawn = np.random.default_rng(seed).multinomial(n, times / n, size=RESAMPLES).astype(float)
    found = _alphas(drawn, counts, apart)
    found = found[~np.isnan(found)]
    if n < 2 or len(found) < _DEFINED * RESAMPLES:
        return None
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(found, [tail, 1 - tail])
    return float(low), float(high)


def _nothing_shared() -> str:
    return _("No text was answered by two people.")


def _all_one() -> str:
    return _("Everybody gave the same answer to every text: chance alone would agree as well.")


def _too_many(n: int) -> str:
    return _("There are {n:,} different answers: too many to compare each with each.").format(n=n)
