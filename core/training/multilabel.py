"""The trainer for multi-label classification: one question a class, each with its own cut."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.settings import Settings
from core.tasks.multilabel import MULTILABEL, LabelSet
from core.training import one_vs_rest, recipe, thresholds, tune
from core.training.device import Compute
from core.training.featurizer import Featurizer
from core.training.head import Head
from core.training.recipe import HeadRecipe
from core.training.tune import Step, TuneState
from core.training.tune_sets import LABEL_SETS

Scored = Sequence[tuple[Head, NDArray[Any]]]
SCALE = 10.0
"""What a fine-tuning multiplies its classifier's logits by."""


class MultilabelTrainer:
    """One against the rest, on the head and in the fine-tuning."""

    def fit_head(
        self,
        features: NDArray[Any],
        answers: Sequence[LabelSet],
        how: HeadRecipe = HeadRecipe(),  # noqa: B008 (frozen)
        start: Head | None = None,
    ) -> Head:
        ids, given = matrix(answers)
        fitted = one_vs_rest.fit(features, given, ids, c=how.c, temperature=how.temperature, start=start)
        return replace(fitted, cuts=thresholds.of(ids, how.cut, how.cuts))

    def choose(self, features: NDArray[Any], answers: Sequence[LabelSet], folds: NDArray[np.int64]) -> HeadRecipe:
        x = np.asarray(features, np.float32)
        ids, given = matrix(answers)
        seen: dict[float, NDArray[np.float32]] = {}

        def out_of_fold(c: float) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
            seen[c] = _out_of_fold(x, given, folds, c)
            return seen[c], given.astype(np.int64)

        found = recipe.choose(len(answers), len(ids), out_of_fold, fit_temperature)
        cut, cuts = thresholds.tune(one_vs_rest.sigmoid(seen[found.c] / found.temperature), given, ids)
        return replace(found, cut=cut, cuts=cuts)

    def calibrate(self, scored: Scored, answers: Sequence[LabelSet]) -> tuple[HeadRecipe, float]:
        ids, logits, given = _gathered(scored, answers)
        usual = logits * recipe.USUAL_TEMPERATURE
        temperature, loss = fit_temperature(usual, given.astype(np.int64))
        cut, cuts = thresholds.tune(one_vs_rest.sigmoid(usual / temperature), given, ids)
        return HeadRecipe(recipe.USUAL, temperature, len(answers), cut, cuts), loss

    def scores(self, fitted: Head, features: NDArray[Any]) -> NDArray[Any]:
        return one_vs_rest.probabilities(fitted, features)

    def doubts(self, fitted: Head, scores: NDArray[Any]) -> NDArray[np.float32]:
        """From the classes expected to be answered wrongly, and how far the size of the set is from its expectation.

        The distance to a class's cut counts, not that to one half.
        """
        p = np.clip(np.asarray(scores, np.float64), 1e-4, 1.0 - 1e-4)
        cuts = np.array(fitted.cuts or [0.5] * p.shape[1])
        odds = one_vs_rest.sigmoid(np.log(p / (1.0 - p)) - np.log(cuts / (1.0 - cuts)))
        wrong = 2.0 * np.minimum(odds, 1.0 - odds).sum(axis=1)
        size = np.abs(p.sum(axis=1) - (p >= cuts).sum(axis=1))
        return np.asarray((wrong + size) / (1.0 + wrong + size), np.float32)

    def confidence(self, fitted: Head, scores: NDArray[Any]) -> NDArray[np.float32]:
        """As if the classes were independent, and nothing were declared about them."""
        p = np.asarray(scores, np.float64)
        given = p >= np.array(fitted.cuts or [0.5] * p.shape[1])
        return np.asarray(np.where(given, p, 1.0 - p).prod(axis=1), np.float32)

    def answers(self, scored: Scored, golds: Sequence[LabelSet]) -> list[LabelSet]:
        """Each fold's texts by cuts tuned on all other folds: else the numbers would flatter."""
        if not scored:
            return []
        ids, logits, given = _gathered(scored, golds)
        p = one_vs_rest.sigmoid(logits)
        folds = np.array([id(fitted) for fitted, _scores in scored])
        found = [LabelSet()] * len(scored)
        for fold in np.unique(folds):
            cut, cuts = thresholds.tune(p[folds != fold], given[folds != fold], ids)
            limits = thresholds.of(ids, cut, cuts)
            for row in np.flatnonzero(folds == fold):
                found[row] = MULTILABEL.from_scores(p[row].tolist(), ids, limits)
        return found

    def start(self, model: Featurizer, answers: Sequence[LabelSet], settings: Settings, compute: Compute) -> TuneState:
        """The classifier begins at how often each class is given: learning that takes longer than a round has."""
        ids, given = matrix(answers)
        state = tune.start(model, len(ids), settings, compute)
        state.goal = LABEL_SETS
        rates = one_vs_rest.prior(given.sum(axis=0).astype(np.float64), len(given)) / SCALE
        with torch.no_grad():
            state.classifier.bias.copy_(torch.from_numpy(rates))
        return state

    def tune(
        self,
        state: TuneState,
        token_ids: Sequence[Sequence[int]],
        answers: Sequence[LabelSet],
        settings: Settings,
        compute: Compute,
        *,
        pad_id: int,
    ) -> Iterator[Step]:
        _ids, given = matrix(answers)
        return tune.tune(state, token_ids, given.astype(np.int64), settings, compute, pad_id=pad_id)


MULTILABEL_TRAINER = MultilabelTrainer()


def matrix(answers: Sequence[LabelSet]) -> tuple[tuple[int, ...], NDArray[np.bool_]]:
    """(ids of all classes that were given, which text has which [n, classes])."""
    ids = tuple(sorted({class_id for answer in answers for class_id in answer.class_ids}))
    return ids, _given(answers, ids)


def _given(answers: Sequence[LabelSet], ids: Sequence[int]) -> NDArray[np.bool_]:
    place = {class_id: column for column, class_id in enumerate(ids)}
    given = np.zeros((len(answers), len(ids)), np.bool_)
    for row, answer in enumerate(answers):
        given[row, [place[class_id] for class_id in answer.class_ids]] = True
    return given


def fit_temperature(logits: NDArray[np.float32], given: NDArray[np.int64]) -> tuple[float, float]:
    """(temperature, mean loss of a text's set at it) for logits and truth, both [n, classes]."""
    if not logits.size:
        return recipe.USUAL_TEMPERATURE, 0.0
    z, y = logits.astype(np.float64), given.astype(np.float64)

    def loss_at(temperature: float) -> float:
        scaled = z / temperature
        return float((np.logaddexp(0.0, scaled) - y * scaled).sum(axis=1).mean())

    return recipe.best_temperature(loss_at, len(z))


def _out_of_fold(
    x: NDArray[np.float32], given: NDArray[np.bool_], folds: NDArray[np.int64], c: float
) -> NDArray[np.float32]:
    """Logits [n, classes] of each text by a head that did not see it; of a class it never met, those of half a text."""
    logits = np.empty(given.shape, np.float32)
    for fold in np.unique(folds):
        train, held = folds != fold, folds == fold
        times = given[train].sum(axis=0)
        logits[held] = 0.5 * one_vs_rest.prior(times.astype(np.float64), int(train.sum()))
        met = np.flatnonzero(times)
        if len(met):
            fitted = one_vs_rest.fit(x[train], given[np.ix_(train, met)], tuple(met.tolist()), c=c)
            logits[np.ix_(held, met)] = fitted.logits(x[held])
    return logits


def _gathered(
    scored: Scored, answers: Sequence[LabelSet]
) -> tuple[tuple[int, ...], NDArray[np.float32], NDArray[np.bool_]]:
    """(class ids, logits, truth), the latter [n, classes], of what several heads said; unmet classes are unlikely."""
    ids = tuple(
        sorted({c for fitted, _scores in scored for c in fitted.class_ids} | {c for a in answers for c in a.class_ids})
    )
    place = {class_id: column for column, class_id in enumerate(ids)}
    logits = np.full((len(scored), len(ids)), np.log(0.5 / max(1, len(answers))), np.float32)
    for row, (fitted, scores) in enumerate(scored):
        p = np.clip(np.asarray(scores, np.float64), 1e-7, 1.0 - 1e-7)
        logits[row, [place[c] for c in fitted.class_ids]] = np.log(p / (1.0 - p))
    return ids, logits, _given(answers, ids)
