"""The trainer for single-label classification."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.querying.base import gap
from core.settings import Settings
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.training import head, recipe, tune
from core.training.device import Compute
from core.training.featurizer import Featurizer
from core.training.head import Head
from core.training.recipe import HeadRecipe
from core.training.tune import Step, TuneState


def places(answers: Sequence[ClassAnswer]) -> dict[int, int]:
    """Class id → class number 0…C−1, in the order of ids."""
    return {c: i for i, c in enumerate(sorted({answer.class_id for answer in answers}))}


def class_numbers(answers: Sequence[ClassAnswer]) -> list[int]:
    """The class number of each answer."""
    place = places(answers)
    return [place[answer.class_id] for answer in answers]


class ClassifyTrainer:
    """Softmax over classes, on the head and in the fine-tuning."""

    def fit_head(
        self,
        features: NDArray[Any],
        answers: Sequence[ClassAnswer],
        how: HeadRecipe = HeadRecipe(),  # noqa: B008 (frozen)
        start: Head | None = None,
    ) -> Head:
        ids = [answer.class_id for answer in answers]
        return head.fit(features, ids, c=how.c, temperature=how.temperature, start=start)

    def choose(self, features: NDArray[Any], answers: Sequence[ClassAnswer], folds: NDArray[np.int64]) -> HeadRecipe:
        x, y = np.asarray(features, np.float32), np.array([answer.class_id for answer in answers])
        known = np.unique(y)

        def out_of_fold(c: float) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
            logits = np.full((len(y), len(known)), -np.inf, np.float32)
            gold = np.full(len(y), -1, np.int64)
            for fold in np.unique(folds):
                train, held = folds != fold, folds == fold
                if len(np.unique(y[train])) < 2:
                    continue
                fitted = head.fit(x[train], y[train].tolist(), c=c)
                columns = np.searchsorted(known, fitted.class_ids)
                logits[np.ix_(held, columns)] = fitted.logits(x[held])
                gold[held] = np.where(np.isin(y[held], fitted.class_ids), np.searchsorted(known, y[held]), -1)
            return logits, gold

        return recipe.choose(len(y), len(known), out_of_fold)

    def calibrate(
        self, scored: Sequence[tuple[Head, NDArray[Any]]], answers: Sequence[ClassAnswer]
    ) -> tuple[HeadRecipe, float]:
        ids = np.unique([class_id for fitted, _scores in scored for class_id in fitted.class_ids])
        logits = np.full((len(scored), len(ids)), -np.inf, np.float32)
        gold = np.full(len(scored), -1, np.int64)
        for row, ((fitted, scores), answer) in enumerate(zip(scored, answers, strict=True)):
            logits[row, np.searchsorted(ids, fitted.class_ids)] = np.log(np.maximum(scores, 1e-12))
            if answer.class_id in fitted.class_ids:
                gold[row] = int(np.searchsorted(ids, answer.class_id))
        temperature, loss = recipe.fit_temperature(logits * recipe.USUAL_TEMPERATURE, gold)
        return HeadRecipe(recipe.USUAL, temperature, len(answers)), loss

    def scores(self, fitted: Head, features: NDArray[Any]) -> NDArray[Any]:
        return fitted.probabilities(features)

    def doubts(self, fitted: Head, scores: NDArray[Any]) -> NDArray[np.float32]:  # noqa: ARG002
        return 1.0 - gap(scores, np.arange(len(scores)))

    def confidence(self, fitted: Head, scores: NDArray[Any]) -> NDArray[np.float32]:  # noqa: ARG002
        return np.asarray(np.max(scores, axis=1), np.float32)

    def answers(
        self,
        scored: Sequence[tuple[Head, NDArray[Any]]],
        golds: Sequence[ClassAnswer],  # noqa: ARG002
    ) -> list[ClassAnswer]:
        return [CLASSIFY.from_scores(scores.tolist(), fitted.class_ids) for fitted, scores in scored]

    def start(
        self, model: Featurizer, answers: Sequence[ClassAnswer], settings: Settings, compute: Compute
    ) -> TuneState:
        state = tune.start(model, len(set(class_numbers(answers))), settings, compute)
        if settings.blend < 1.0:
            state.untouched = tune.moving(model)
        return state

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
        yield from tune.tune(state, token_ids, class_numbers(answers), settings, compute, pad_id=pad_id)
        tune.blend(state, tune.kept(state.step, settings.blend))


CLASSIFY_TRAINER = ClassifyTrainer()
