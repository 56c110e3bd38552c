"""One of several nearly equal texts is enough: who chooses passes through here, and twins wait until all else is asked.

Answers to near-copies teach the same thing twice. What counts as asked are earlier picks and the newest labelled texts.
"""

from collections.abc import Callable
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from core.querying.base import Pick, PoolView
from core.querying.clusters import unit
from core.querying.pool import sampled
from core.records import Reason

NEAR = 0.95
"""Cosine above which two texts are twins."""
REMEMBERED = 2000
"""The newest labelled texts that are compared."""
BLOCK = 256
"""Rows compared at once."""
LOOKED_AT = 20_000
"""Rows that are searched for one without a twin when the candidates have run out."""


class Chooser:
    """Takes rows, best first, until it has as many as were asked for; twins of asked texts are set aside."""

    def __init__(self, view: PoolView, n: int, rng: np.random.Generator) -> None:
        """Raises PoolExhaustedError if nothing is open."""
        self._view, self._rng = view, rng
        self._wanted = view.take(n)
        known = unit(view.features[view.labelled[-REMEMBERED:]])
        self._asked = np.concatenate([known, np.empty((self._wanted, known.shape[1]), np.float32)])
        self._known = len(known)
        self._chosen: list[int] = []
        self._twins: list[int] = []
        self._offered: set[int] = set()

    @property
    def missing(self) -> int:
        """How many rows are still wanted."""
        return self._wanted - len(self._chosen)

    def offer(self, row: int) -> bool:
        """Offer one row; whether it was chosen."""
        before = len(self._chosen)
        self.offer_all(np.array([row], np.int64))
        return len(self._chosen) > before

    def offer_all(self, rows: NDArray[np.int64]) -> None:
        """Offer rows, the best first; those offered before are passed over."""
        for start in range(0, len(rows), BLOCK):
            if not self.missing:
                return
            self._offer_block([row for row in rows[start : start + BLOCK].tolist() if row not in self._offered])

    def rows(self) -> list[int]:
        """All rows that were asked for: if too few were chosen, others at random, then twins, the best first."""
        if self.missing:
            offered = np.fromiter(self._offered, np.int64, len(self._offered))
            rest = self._rng.permutation(np.setdiff1d(self._view.open, offered))
            self.offer_all(rest[:LOOKED_AT])
            left = (row for row in rest.tolist() if row not in self._offered)
            filling = chain(self._twins, left)
            return [*self._chosen, *(row for row, _place in zip(filling, range(self.missing), strict=False))]
        return list(self._chosen)

    def picks(self, strategy: str, why: Callable[[int], Reason]) -> list[Pick]:
        """`rows` as picks of one strategy."""
        return [Pick(row, strategy, why(row)) for row in self.rows()]

    def _offer_block(self, rows: list[int]) -> None:
        if not rows:
            return
        x = unit(self._view.features[np.array(rows, np.int64)])
        asked = self._asked[: self._known + len(self._chosen)]
        twin = (x @ asked.T).max(axis=1, initial=-1.0) > NEAR
        for i, row in enumerate(rows):
            if not self.missing:
                return
            self._offered.add(row)
            if twin[i]:
                self._twins.append(row)
                continue
            self._asked[self._known + len(self._chosen)] = x[i]
            self._chosen.append(row)
            twin[i + 1 :] |= x[i + 1 :] @ x[i] > NEAR


def candidates(view: PoolView, most: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Up to `most` open rows and their unit vectors [rows, dim]: what a strategy compares with each other."""
    rows = sampled(view.open, most, rng)
    return rows, unit(view.features[rows])
