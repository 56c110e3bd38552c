"""Intervals for what was counted, so that no ratio is shown without its uncertainty."""

import math

CONFIDENCE = 0.9
ENOUGH = 20
"""Below so many judged texts a number says too little to be shown as one."""
_Z = 1.6448536269514722  # two-sided 90 %


def wilson(hits: int, n: int) -> tuple[float, float] | None:
    """90 % score interval of a proportion (Wilson 1927); None for n = 0."""
    if n <= 0:
        return None
    p, z2 = hits / n, _Z * _Z
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def f1_interval(tp: int, fp: int, fn: int) -> tuple[float, float] | None:
    """90 % interval of F1 = 2·tp / (2·tp + fp + fn); None if nothing was counted.

    F1 is a growing function of the proportion tp / (tp + fp + fn) (the Jaccard index j): F1 = 2j / (1 + j). The Wilson
    interval of j is carried over.
    """
    jaccard = wilson(tp, tp + fp + fn)
    return None if jaccard is None else (2 * jaccard[0] / (1 + jaccard[0]), 2 * jaccard[1] / (1 + jaccard[1]))
