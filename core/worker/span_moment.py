"""The project as one refresh sees it where words are tagged, and what was learnt then."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.tagging import Sureness
from core.settings import Settings
from core.tasks.base import Task
from core.training.space import Space
from core.training.tagger import Found, Tagger
from core.word_store import Words
from core.worker.ranking import source
from core.worker.tagging import Marked


@dataclass(frozen=True, slots=True)
class Moment:
    """The project as one refresh sees it."""

    settings: Settings
    task: Task[Any]
    seq: int
    """The newest event."""
    space: Space
    words: Words
    known: Marked
    names: dict[int, str]

    @property
    def source(self) -> str:
        """What the model is called."""
        return source(self.space)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A tagger and what it says about every cached text."""

    tagger: Tagger
    sureness: Sureness
    found: list[tuple[Found, ...]]
    sure: NDArray[np.float32]
    """How probable it holds its answer to each text as a whole, [cached texts]"""
    doubts: NDArray[np.float32]
    """[cached texts]"""
    classes: NDArray[np.float32]
    """[cached texts, classes]"""
