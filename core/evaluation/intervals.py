"""Intervals for what was counted, so that no ratio is shown without its uncertainty."""

import math
from collections.abc import Sequence
from statistics import NormalDist

CONFIDENCE = 0.9
ENOUGH = 20
"""Below so many judged texts a number says too little to be shown as one."""
Z = 1.6448536269514722
"""Normal quantile of a two-sided 90 % interval."""


def tail(n: int) -> float:
    """Share of resampled statistics of `n` texts that lies beyond each end of a 90 % interval.

    Texts drawn with replacement vary less than texts drawn anew, by (n − 1)/n and as the normal does against Student's
    t; so the percentiles are taken further out (the expanded percentile interval, Hesterberg 2015, arXiv 1411.5279).
    """
    normal = (1.0 - CONFIDENCE) / 2
    if n < 2:
        return normal
    more = (Z**3 + Z) / (4 * (n - 1)) + (5 * Z**5 + 16 * Z**3 + 3 * Z) / (96 * (n - 1) ** 2)  # of t over Z
    return NormalDist().cdf(-math.sqrt(n / (n - 1)) * (Z + more))


def wilson(hits: int, n: int, z: float = Z) -> tuple[float, float] | None:
    """Score interval of a proportion (Wilson 1927), 90 % unless `z` is another normal quantile; None for n = 0."""
    return None if n <= 0 else wilson_of(hits / n, n, z)


def wilson_of(p: float, n: float, z: float = Z) -> tuple[float, float]:
    """The same for a share `p` in 0..1 that tells as much as that of `n` texts, not a whole number perhaps."""
    z2 = z * z
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))


def f1_interval(tp: int, fp: int, fn: int) -> tuple[float, float] | None:
    """90 % interval of F1 = 2·tp / (2·tp + fp + fn); None if nothing was counted.

    F1 is a growing function of the Jaccard index, which is a proportion: its Wilson interval is carried over.
    """
    jaccard = wilson(tp, tp + fp + fn)
    return None if jaccard is None else (f1_of(jaccard[0]), f1_of(jaccard[1]))


def f1_of(jaccard: float) -> float:
    """F1 of a class from its Jaccard index tp / (tp + fp + fn)."""
    return 2 * jaccard / (1 + jaccard)


def mean_interval(values: Sequence[float], intervals: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """90 % interval of the mean of values in 0..1 from the 90 % intervals of each, taken as independent.

    The distances to either end add up as standard errors do (Zou and Donner 2008, doi:10.1002/sim.3095). There must be
    at least one value.
    """
    n = len(values)
    mean = sum(values) / n
    below = math.sqrt(sum((v - low) ** 2 for v, (low, _high) in zip(values, intervals, strict=True))) / n
    above = math.sqrt(sum((high - v) ** 2 for v, (_low, high) in zip(values, intervals, strict=True))) / n
    return max(0.0, mean - below), min(1.0, mean + above)
