"""What a task's trainer does; found by the task's name through the entry-point group `handful.trainers`.

That trainer tunes few-shot. One that tunes by another recipe is found as `TASK.RECIPE` in the group `handful.recipes`:
adding a recipe is adding a file and an entry point.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.records import JobEvent
from core.settings import Settings
from core.training.device import Compute
from core.training.featurizer import Featurizer
from core.training.head import Head
from core.training.recipe import HeadRecipe
from core.training.tune import Step, TuneState
from core.training.unlabelled import Pool


@dataclass(frozen=True, slots=True)
class Said:
    """What one model says about the labelled texts."""

    guesses: Sequence[Any]
    """One answer a text; None where the model had seen it."""
    loss: float
    """Mean log loss of what was right in the texts it had not seen; infinite if it could say nothing."""
    temperature: float = 1.0
    """Logits divided by it are best; the loss is that at it."""


class Trainer(Protocol):
    """Learning for one task, at two speeds."""

    def fit_head(
        self, features: NDArray[Any], answers: Sequence[Any], how: HeadRecipe = ..., start: Head | None = None
    ) -> Head:
        """The instant head on features [n, dim] and as many answers that can be learnt from.

        `start`: a head on nearly the same labels, from which the fit may begin.
        """
        ...

    def choose(self, features: NDArray[Any], answers: Sequence[Any], folds: NDArray[np.int64]) -> HeadRecipe:
        """How the head is fitted best, judged by features [n, dim] whose fold [n] it did not see."""
        ...

    def calibrate(
        self, scored: Sequence[tuple[Head, NDArray[Any]]], answers: Sequence[Any]
    ) -> tuple[HeadRecipe, float]:
        """How such heads are fitted best, and their mean log loss then, from what they said out of fold.

        `scored`: (head of the usual recipe, its scores [classes]) for each of the answers.
        """
        ...

    def scores(self, head: Head, features: NDArray[Any]) -> NDArray[Any]:
        """features [n, dim] → probabilities [n, classes] in the order of `head.class_ids`."""
        ...

    def doubts(self, head: Head, scores: NDArray[Any]) -> NDArray[np.float32]:
        """scores [n, classes] → how much the answers they mean are in doubt, [n] in 0..1."""
        ...

    def answers(self, scored: Sequence[tuple[Head, NDArray[Any]]], golds: Sequence[Any]) -> list[Any]:
        """The answers that out-of-fold scores mean; what is tuned on `golds` never sees the text it answers.

        `scored`: (head, its scores [classes]) for each of `golds`; texts of one fold share one head.
        """
        ...

    def start(self, model: Featurizer, answers: Sequence[Any], settings: Settings, compute: Compute) -> TuneState:
        """Prepare a fine-tuning of `model` (in place) on these answers."""
        ...

    def tune(
        self,
        state: TuneState,
        token_ids: Sequence[Sequence[int]],
        answers: Sequence[Any],
        settings: Settings,
        compute: Compute,
        *,
        pad_id: int,
    ) -> Iterator[Step]:
        """Fine-tune from `state.step` on, yielding after each step."""
        ...


@runtime_checkable
class DrawsOnPool(Protocol):
    """A trainer whose head can learn from texts without a label, too."""

    def drawing_on(self, pool: Pool | None) -> Trainer:
        """This trainer with a sample of the pool at hand; whether a head draws on it is for its recipe to say."""
        ...


@runtime_checkable
class OwnRounds(Protocol):
    """A trainer whose rounds are of another make than tuning the features of whole texts."""

    def run_round(self, request: Any) -> Iterator[JobEvent]:
        """Do all phases of a `core.training.round.RoundRequest` that are not done yet."""
        ...

    def tuned_encoder(self, request: Any) -> Path:
        """Where the encoder tuned on all labels lies then."""
        ...

    def contenders(self, request: Any) -> tuple[Said, Said]:
        """What the tuned model, and the untouched one, say about those texts that neither had seen."""
        ...


@dataclass(frozen=True, slots=True)
class Aside:
    """What a tuning may be ended by, beside what it learns from."""

    token_ids: Sequence[Sequence[int]] = ()
    """Texts that this fold holds out."""
    answers: Sequence[Any] = ()
    """Their answers."""
    best_epochs: Sequence[int] = ()
    """After how many epochs each earlier fold was best; empty where nothing was watched."""


@runtime_checkable
class Watching(Protocol):
    """A trainer that can end a tuning early."""

    def watching(self, aside: Aside) -> Trainer:
        """The same trainer for one tuning, with what it may watch."""
        ...


@runtime_checkable
class Confident(Protocol):
    """A trainer that says how probable a head holds its own answers."""

    def confidence(self, head: Head, scores: NDArray[Any]) -> NDArray[np.float32]:
        """scores [n, classes] → probability that the whole answer they mean is right, [n] in 0..1."""
        ...
