"""What a query strategy sees and returns. No storage, no torch: arrays in, picks out, the generator passed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.records import Reason


class PoolExhaustedError(Exception):
    """Nothing is left to ask."""


@dataclass(frozen=True, slots=True)
class PoolView:
    """Everything a strategy may know. Row numbers point into `features`."""

    features: NDArray[Any]
    """[n, dim], unit length or near, possibly memory-mapped float16."""
    open: NDArray[np.int64]
    """Rows that may be asked, [m]: in the pool, unanswered, not skipped."""
    labelled: NDArray[np.int64]
    """Rows with an answer, [l], in the order they were given."""
    classes: Sequence[Sequence[int]] = ()
    """Class ids of each labelled row's answer, as long as `labelled`."""
    class_ids: tuple[int, ...] = ()
    """Columns of `probabilities`."""
    probabilities: NDArray[Any] | None = None
    """[n, classes], possibly memory-mapped float16; None before there is a model."""
    names: dict[int, str] = field(default_factory=dict)
    """Class names, for reasons only."""
    audit_share: float = 0.0
    """Share of the queue to draw uniformly at random."""
    picking_pays: bool = True
    """False once labels that were picked proved worse to learn from than as many that were drawn at random."""
    class_vectors: Mapping[int, NDArray[np.float32]] = field(default_factory=dict)
    """class id → unit vector [dim] of what was said about the class: name, description, examples."""
    seeded: Mapping[int, NDArray[np.int64]] = field(default_factory=dict)
    """class id → rows whose text holds a keyword of the class; only the open ones among them count."""

    def take(self, n: int) -> int:
        """How many of `n` can be picked. Raises PoolExhaustedError if none."""
        if not len(self.open):
            raise PoolExhaustedError
        return min(n, len(self.open))


@dataclass(frozen=True, slots=True)
class Pick:
    """One text to ask."""

    row: int
    strategy: str
    reason: Reason
    probability: float | None = None
    """Inclusion probability if it was drawn at random from all open texts; else None."""


class Strategy(Protocol):
    """A query strategy: up to `n` different open rows, best first."""

    def __call__(self, view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
        """Raises PoolExhaustedError if nothing is open."""
        ...
