"""What a task's trainer does; found by the task's name through the entry-point group `handful.trainers`."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from core.settings import Settings
from core.training.device import Compute
from core.training.featurizer import Featurizer
from core.training.head import Head
from core.training.tune import Step, TuneState


class Trainer(Protocol):
    """Learning for one task, at two speeds."""

    def fit_head(self, features: NDArray[Any], answers: Sequence[Any]) -> Head:
        """The instant head on features [n, dim] and as many answers that can be learnt from."""
        ...

    def scores(self, head: Head, features: NDArray[Any]) -> NDArray[Any]:
        """features [n, dim] → probabilities [n, classes] in the order of `head.class_ids`."""
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
