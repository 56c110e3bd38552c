"""What a precision is: one format of numbers for the graph; found by name through the group `handful.precisions`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Feed = Mapping[str, NDArray[np.int64]]
"""What a graph is run on: input_ids and attention_mask, [B, T]."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way of making the graph in this format, lying in a file."""

    method: str
    """How it was made, in a few words: `dynamic`, `dynamic, 3 layers kept in fp32`."""
    kept: tuple[str, ...] = ()
    """Names of the products left in fp32."""


class Precision(Protocol):
    """One format of numbers."""

    name: str
    about: str
    """What it is for, in a sentence."""
    tolerance: float
    """How far a probability may be off where another processor computes."""

    def attempts(self, source: Path, target: Path, calibration: Sequence[Feed]) -> Iterator[Attempt]:
        """Write graph after graph to `target`, each less coarse than the last; the caller stops at one that passes.

        `source`: the fp32 graph; `calibration`: batches of the project's texts.
        """
        ...
