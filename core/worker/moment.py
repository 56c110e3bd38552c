"""The project as one refresh of the instant loop sees it, and what was learnt then."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.records import LabelledExample
from core.settings import Settings
from core.tasks.base import Task
from core.training.base import Trainer
from core.training.head import Head
from core.training.recipe import HeadRecipe
from core.training.space import Space
from core.vectors import rows_of
from core.worker.ranking import source


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labelled texts that have features, aligned with their rows."""

    items: list[LabelledExample]
    answers: list[Any]
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Moment:
    """The project as one refresh sees it."""

    settings: Settings
    task: Task[Any]
    trainer: Trainer
    seq: int
    """The newest event."""
    space: Space
    ids: NDArray[np.int64]
    """Example ids in row order, [n]."""
    vectors: NDArray[Any]
    """[n, dim] float16, memory-mapped."""
    known: Labelled
    names: dict[int, str]

    @property
    def source(self) -> str:
        """What the model is called."""
        return source(self.space)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A head and what it says about every text."""

    head: Head
    recipe: HeadRecipe
    scores: NDArray[Any]
    """Probabilities, [n, classes] float16 in a file without a name: a million texts need no memory for them."""


def labelled_rows(task: Task[Any], ids: NDArray[np.int64], items: list[LabelledExample]) -> Labelled:
    """Those labelled texts that are embedded, with their answers and rows."""
    rows = rows_of(ids, np.array([item.example.id for item in items], np.int64))
    kept = [item for item, row in zip(items, rows, strict=True) if row >= 0]
    return Labelled(kept, [task.decode(item.stored) for item in kept], rows[rows >= 0])
