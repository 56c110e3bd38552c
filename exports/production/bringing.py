"""Which texts from production come into the pool: those the model is unsure of, far off ones, and corrected ones.

Measured by the pool itself: unsure is what the model is less sure of than of 90 % of the pool's texts, far what lies
further from the pool than 99 % of its own texts. Each text keeps why it came, from where, and what the model said. They
were chosen for what a model says of them and so stand for nothing: no audit is drawn from them (`core.store.imports`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.drift import FAR, UNSURE
from exports.production.reading import Line, Read

CORRECTED, UNSURE_OF, FAR_OFF = "corrected", "unsure", "far"


@dataclass(frozen=True, slots=True)
class Limits:
    """What is unsure and far for one bundle and pool."""

    sure: NDArray[np.float32]
    """How sure the model is of the pool's texts, ascending."""
    distances: NDArray[np.float32]
    """How far those lie from each other, ascending."""

    @classmethod
    def of(cls, pool: Read) -> "Limits":
        """As the pool says."""
        return cls(np.sort(pool.sure), np.sort(pool.distances))

    def rarity(self, sure: float, distance: float) -> tuple[float, float]:
        """Shares of the pool's texts that the model is as little sure of, and that lie as far off."""
        less = np.searchsorted(self.sure, sure, "right") / len(self.sure)
        further = 1.0 - np.searchsorted(self.distances, distance, "left") / len(self.distances)
        return float(less), float(further)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that may come into the pool."""

    rank: float
    """The lower, the sooner it comes."""
    place: int
    """Its place among all texts that were read."""
    row: Mapping[str, Any]
    """As a line of the file that is imported."""


def candidates(
    start: int, texts: Sequence[Line], read: Read, limits: Limits, about: Mapping[str, str]
) -> list[Candidate]:
    """Those of some texts that should come, the first of which is number `start`; `about`: where they come from."""
    found = []
    for i, line in enumerate(texts):
        sure, distance = float(read.sure[i]), float(read.distances[i])
        less, further = limits.rarity(sure, distance)
        why = [
            *([CORRECTED] if read.corrected[i] else []),
            *([UNSURE_OF] if less <= UNSURE else []),
            *([FAR_OFF] if further <= 1.0 - FAR else []),
        ]
        if why:
            row = {
                "text": line.text,
                **line.kept,
                "chosen": ", ".join(why),
                "answered": ", ".join(read.classes[i]),
                "sure": round(sure, 3),
                "distance": round(distance, 3),
                **({"feedback": line.said} if line.said is not None else {}),
                **about,
            }
            rank = 0.0 if CORRECTED in why else min(less / UNSURE, further / (1.0 - FAR))
            found.append(Candidate(rank, start + i, row))
    return found


def first(found: Sequence[Candidate], most: int) -> list[Candidate]:
    """The `most` that matter most, in the order they came."""
    chosen = sorted(found, key=lambda one: (one.rank, one.place))[:most]
    return sorted(chosen, key=lambda one: one.place)
