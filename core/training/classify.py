"""The trainer for single-label classification."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.querying.base import gap
from core.settings import Settings
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.training import head, recipe, tune
from core.training.device import Compute
from core.training.featurizer import Featurizer
from core.training.head import Guesses, Head
from core.training.recipe import HeadRecipe
from core.training.tune import Step, TuneState
from core.training.unlabelled import Pool, guesses, ways


def places(answers: Sequence[ClassAnswer]) -> dict[int, int]:
    """Class id → class number 0…C−1, in the order of ids."""
    return {c: i for i, c in enumerate(sorted({answer.class_id for answer in answers}))}


def class_numbers(answers: Sequence[ClassAnswer]) -> list[int]:
    """The class number of each answer."""
    place = places(answers)
    return [place[answer.class_id] for answer in answers]


@dataclass(frozen=True, slots=True)
class ClassifyTrainer:
    """Softmax over classes, on the head and in the fine-tuning."""

    pool: Pool | None = None
    """Texts without a label that a head may draw on."""

    def drawing_on(self, pool: Pool | None) -> Self:
        return replace(self, pool=pool)

    def fit_head(
        self,
        features: NDArray[Any],
        answers: Sequence[ClassAnswer],
        how: HeadRecipe = HeadRecipe(),  # noqa: B008 (frozen)
        start: Head | None = None,
    ) -> Head:
        ids = [answer.class_id for answer in answers]

        def fit(more: Guesses | None) -> Head:
            return head.fit(features, ids, c=how.c, temperature=how.temperature, start=start, more=more)

        if not how.unlabelled or self.pool is None:
            return fit(None)
        return fit(guesses(how.unlabelled, self.pool, features, np.array(ids, np.int64), fit))

    def choose(self, features: NDArray[Any], answers: Sequence[ClassAnswer], folds: NDArray[np.int64]) -> HeadRecipe:
        """The penalty and temperature of a head on labels alone; then whether one that draws on the pool is better."""
        known, gold = np.unique([answer.class_id for answer in answers], return_inverse=True)

        def judged(how: HeadRecipe) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
            return self._out_of_fold(features, answers, folds, known, gold, how)

        said: dict[float, tuple[NDArray[np.float32], NDArray[np.int64]]] = {}

        def on_labels(c: float) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
            said[c] = judged(HeadRecipe(c, 1.0))
            return said[c]

        plain = recipe.choose(len(answers), len(known), on_labels)
        if self.pool is None or len(answers) < recipe.LEAST:
            return plain
        alone = recipe.text_losses(*said[plain.c], plain.temperature)
        found, least = plain, alone
        for way in ways():
            logits, seen = judged(replace(plain, unlabelled=way, temperature=recipe.USUAL_TEMPERATURE))
            logits = logits * recipe.USUAL_TEMPERATURE
            temperature, _loss = recipe.fit_temperature(logits, seen)
            losses = recipe.text_losses(logits, seen, temperature)
            if recipe.is_better(losses, alone) and np.nanmean(losses) < np.nanmean(least):
                found, least = replace(plain, unlabelled=way, temperature=temperature), losses
        return found

    def _out_of_fold(
        self,
        features: NDArray[Any],
        answers: Sequence[ClassAnswer],
        folds: NDArray[np.int64],
        known: NDArray[np.int64],
        gold: NDArray[np.int64],
        how: HeadRecipe,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Logits [n, classes] by heads that did not see the text, and the place of its class [n]; -1: nor did they."""
        x = np.asarray(features, np.float32)
        logits = np.full((len(answers), len(known)), -np.inf, np.float32)
        seen = np.full(len(answers), -1, np.int64)
        for fold in np.unique(folds):
            train, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            if len(np.unique(gold[train])) < 2:
                continue
            fitted = self.fit_head(x[train], [answers[i] for i in train.tolist()], how)
            logits[np.ix_(held, np.searchsorted(known, fitted.class_ids))] = fitted.logits(x[held])
            seen[held] = np.where(np.isin(gold[held], gold[train]), gold[held], -1)
        return logits, seen

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
