"""Random sampling: the baseline of every comparison, and the audit stream that honest numbers rest on."""

import numpy as np

from core.querying import reasons
from core.querying.base import Pick, PoolView
from core.records import Reason

SPOT_CHECK, ABOVE = "spot-check", "above"
"""The strategy, and what its reason tells: the confidence from which on texts were left to the model at the draw."""


def randomly(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows, uniformly without replacement.

    Those that don't stand for the pool have no inclusion probability, so that nothing is concluded from them; the
    others are as good as drawn from their like alone.
    """
    take = view.take(n)
    rows = rng.choice(view.open, size=take, replace=False)
    share, outside = take / len(view.open), set(view.chosen.tolist())
    reason = Reason(reasons.RANDOM)
    return [Pick(int(row), "random", reason, None if int(row) in outside else share) for row in rows]


def audit(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` of the rows that stand for the pool, uniformly without replacement; others only when there are no more."""
    take = view.take(n)
    fair = view.open if not len(view.chosen) else np.setdiff1d(view.open, view.chosen)
    drawn = rng.choice(fair, size=min(take, len(fair)), replace=False)
    picks = [Pick(int(row), "audit", Reason(reasons.AUDIT), len(drawn) / len(fair)) for row in drawn]
    if len(drawn) == take:
        return picks
    rest = rng.choice(np.setdiff1d(view.open, fair), size=take - len(drawn), replace=False)
    return picks + [Pick(int(row), "random", Reason(reasons.RANDOM)) for row in rest]


def spot_check(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """Up to `n` of the rows that the model answers by itself; they stand for those, not for the pool."""
    rows = rng.permutation(view.settled)[:n]
    reason = Reason(reasons.SPOT, {ABOVE: view.settled_above})
    return [Pick(int(row), SPOT_CHECK, reason) for row in rows]
