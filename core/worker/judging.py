"""Judging a model on what is labelled: out of fold, on the audit stream, on the test set. Counts go to the database."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import clock, judged
from core.connection import Connection
from core.evaluation import ranking
from core.evaluation.collect import collect, slice_of
from core.judged import JudgedText
from core.project import Project
from core.records import Evaluation, LabelledExample, Source
from core.settings import Settings
from core.store import models
from core.tasks.base import Task
from core.training.base import Trainer
from core.training.head import Head
from core.training.recipe import HeadRecipe


@dataclass(frozen=True, slots=True)
class Judge:
    """Stores what was counted for one model as it stood at one moment, and which texts were."""

    project: Project
    con: Connection
    task: Task[Any]
    settings: Settings
    subject: str
    """The model's name: `head` or `round 3`."""
    seq: int
    """The newest event it had seen."""

    def test(
        self, items: Sequence[LabelledExample], golds: Sequence[Any], guesses: Sequence[Any], scored: "Scored" = ()
    ) -> None:
        """Counts on the held-out test set; `scored`: what the guesses come from."""
        self._store("test", items, golds, guesses, scored)

    def own_labels(
        self, items: Sequence[LabelledExample], golds: Sequence[Any], guesses: Sequence[Any], scored: "Scored" = ()
    ) -> None:
        """Out-of-fold counts (a guess may be None), and those of the texts drawn at random as the audit they are."""
        said = {row: (row, head, scores) for row, head, scores in scored}
        known = [i for i, guess in enumerate(guesses) if guess is not None]
        drawn = [i for i in known if items[i].pick.get("probability") is not None]
        rows: tuple[tuple[Source, list[int]], ...] = (("out-of-fold", known), ("audit", drawn))
        for source, chosen in rows:
            if chosen:
                self._store(
                    source,
                    [items[i] for i in chosen],
                    [golds[i] for i in chosen],
                    [guesses[i] for i in chosen],
                    [said[i] for i in chosen if i in said],
                )

    def _store(
        self,
        source: Source,
        items: Sequence[LabelledExample],
        golds: Sequence[Any],
        guesses: Sequence[Any],
        scored: "Scored",
    ) -> None:
        parts = [slice_of(item.example.meta, self.settings.slice_by) for item in items]
        texts = [
            JudgedText(item.example.id, item.stored, self.task.encode(guess))
            for item, guess in zip(items, guesses, strict=True)
        ]
        classes = [self.task.classes_of(gold) for gold in golds] if scored else []
        precision = ranking.by_class(classes, [(head.class_ids, scores) for _row, head, scores in scored])
        judged.publish(self.project, self.subject, source, self.seq, texts, precision)
        counts = collect(self.task, zip(golds, guesses, parts, strict=True))
        models.add_evaluation(self.con, Evaluation(self.subject, source, self.seq, counts, clock.now()))


def strata(task: Task[Any], answers: Sequence[Any]) -> list[int]:
    """One number an answer by which folds are stratified: the rarest of its classes so far, -1 if it has none."""
    times, found = Counter[int](), []
    for answer in answers:
        classes = task.classes_of(answer)
        found.append(min(classes, key=lambda c: (times[c], c), default=-1))
        times.update(classes)
    return found


Scored = Sequence[tuple[int, Head, NDArray[Any]]]
"""(row, head, its scores [classes]): what a head that did not see the text in this row says about it"""


def out_of_fold(
    task: Task[Any],
    trainer: Trainer,
    folds: NDArray[np.int64],
    answers: Sequence[Any],
    features: NDArray[Any],
    recipe: HeadRecipe,
) -> Scored:
    """Each labelled text as a head that did not see it scores it; without those whose fold leaves nothing to learn.

    `folds`: number of each text's fold, [n]; `features`: [n, dim].
    """
    found: list[tuple[int, Head, NDArray[Any]]] = []
    for fold in np.unique(folds):
        train, held = np.flatnonzero(folds != fold).tolist(), np.flatnonzero(folds == fold).tolist()
        seen = [answers[i] for i in train]
        if task.training_problem(seen):
            continue
        head = trainer.fit_head(features[train], seen, recipe)
        found += [(row, head, one) for row, one in zip(held, trainer.scores(head, features[held]), strict=True)]
    return found


def guesses_of(trainer: Trainer, scored: Scored, golds: Sequence[Any]) -> list[Any]:
    """What models that had not seen them answer to each of the texts with these answers; None where nobody could."""
    guesses: list[Any] = [None] * len(golds)
    said = trainer.answers([(head, one) for _row, head, one in scored], [golds[row] for row, _head, _one in scored])
    for (row, _head, _one), guess in zip(scored, said, strict=True):
        guesses[row] = guess
    return guesses
