"""What a query strategy sees and returns. No storage, no torch: arrays in, picks out, the generator passed in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.records import Reason


class PoolExhaustedError(Exception):
    """Nothing is left to ask."""


_CHUNK = 16384


def gap(probabilities: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Difference between the two most probable classes of each of these rows, [rows]; 1 where there is one class.

    `probabilities`: [n, classes], memory-mapped or not; read in chunks.
    """
    out = np.ones(len(rows), np.float32)
    if probabilities.shape[1] < 2:
        return out
    for start in range(0, len(rows), _CHUNK):
        p = np.asarray(probabilities[rows[start : start + _CHUNK]], np.float32)
        top = np.partition(p, -2, axis=1)[:, -2:]
        out[start : start + _CHUNK] = top[:, 1] - top[:, 0]
    return out


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
    settled: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """Open rows that the model answers by itself, [s]: not picked on purpose, only drawn."""
    spot_share: float = 0.0
    """Share of the queue to draw from those."""
    settled_above: float = 0.0
    """From which confidence on it does."""
    picking_pays: bool = True
    """False once labels that were picked proved worse to learn from than as many that were drawn at random."""
    class_vectors: Mapping[int, NDArray[np.float32]] = field(default_factory=dict)
    """class id → unit vector [dim] of what was said about the class: name, description, examples."""
    seeded: Mapping[int, NDArray[np.int64]] = field(default_factory=dict)
    """class id → rows whose text holds a keyword of the class; only the open ones among them count."""

    chosen: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """Rows that came in for what a model says of them: asked as any other, but no audit is drawn from them."""
    exclusive: bool = True
    """Whether the probabilities of a text add up to one; else each class has its own, and any number may hold."""
    doubt: Callable[[NDArray[np.int64]], NDArray[np.float32]] | None = None
    """Rows → how much the model doubts its answers to them, [rows] in 0..1; None: by the two most probable classes."""

    promise: NDArray[np.float32] | None = None
    """What each text is worth asking about before there is a model, [n] in 0..1; None: all the same."""

    def doubts(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """How much the model doubts its answers to these rows, [rows] in 0..1; there must be a model."""
        assert self.probabilities is not None, "without a model nothing is doubted"  # noqa: S101
        return self.doubt(rows) if self.doubt is not None else 1.0 - gap(self.probabilities, rows)

    @property
    def decides(self) -> bool:
        """Whether there is a model that could doubt anything."""
        return self.probabilities is not None and self.probabilities.shape[1] > int(self.exclusive)

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
