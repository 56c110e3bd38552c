"""The trainer for single-label classification."""

from collections.abc import Iterator, Sequence
from typing import Any

from numpy.typing import NDArray

from core.settings import Settings
from core.tasks.classify import ClassAnswer
from core.training import head, tune
from core.training.device import Compute
from core.training.featurizer import Featurizer
from core.training.head import Head
from core.training.tune import Step, TuneState


def _numbers(answers: Sequence[ClassAnswer]) -> list[int]:
    """Class numbers 0…C−1 in the order of class ids."""
    place = {c: i for i, c in enumerate(sorted({answer.class_id for answer in answers}))}
    return [place[answer.class_id] for answer in answers]


class ClassifyTrainer:
    """Softmax over classes, on the head and in the fine-tuning."""

    def fit_head(self, features: NDArray[Any], answers: Sequence[ClassAnswer]) -> Head:
        return head.fit(features, [answer.class_id for answer in answers])

    def scores(self, fitted: Head, features: NDArray[Any]) -> NDArray[Any]:
        return fitted.probabilities(features)

    def start(
        self, model: Featurizer, answers: Sequence[ClassAnswer], settings: Settings, compute: Compute
    ) -> TuneState:
        return tune.start(model, len(set(_numbers(answers))), settings, compute)

    def tune(
        self,
        state: TuneState,
        token_ids: Sequence[Sequence[int]],
        answers: Sequence[ClassAnswer],
        settings: Settings,
        compute: Compute,
        *,
        pad_id: int,
    ) -> Iterator[Step]:
        return tune.tune(state, token_ids, _numbers(answers), settings, compute, pad_id=pad_id)


CLASSIFY_TRAINER = ClassifyTrainer()
