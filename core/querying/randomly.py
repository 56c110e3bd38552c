"""Random sampling: the baseline of every comparison, and the audit stream that honest numbers rest on."""

import numpy as np

from core.querying import reasons
from core.querying.base import Pick, PoolView
from core.records import Reason


def randomly(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows, uniformly without replacement."""
    return _drawn(view, n, rng, "random", reasons.RANDOM)


def audit(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """The same, named as the audit stream."""
    return _drawn(view, n, rng, "audit", reasons.AUDIT)


def spot_check(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """Up to `n` of the rows that the model answers by itself; they stand for those, not for the pool."""
    rows = rng.permutation(view.settled)[:n]
    return [Pick(int(row), "spot-check", Reason(reasons.SPOT)) for row in rows]


def _drawn(view: PoolView, n: int, rng: np.random.Generator, strategy: str, kind: str) -> list[Pick]:
    take = view.take(n)
    rows = rng.choice(view.open, size=take, replace=False)
    share = take / len(view.open)
    return [Pick(int(row), strategy, Reason(kind), share) for row in rows]
