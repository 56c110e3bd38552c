"""Judging a model on what is labelled: out of fold, on the audit stream, on the test set. Counts go to the database.

The audit is judged apart from the folds of all labels: there only drawn texts are held out, a few at a time, so that
the models that answer them have learnt from nearly all that the model in use has learnt from.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import clock, judged
from core.connection import Connection
from core.evaluation import ranking
from core.evaluation.collect import collect, slice_of
from core.evaluation.estimates import Rest
from core.judged import JudgedText, Spot, Trust
from core.project import Project
from core.querying.randomly import ABOVE, SPOT_CHECK
from core.records import Evaluation, LabelledExample, Source
from core.settings import Settings
from core.store import models
from core.tasks.base import Task
from core.training.base import Confident, OwnRounds, Trainer
from core.training.head import Head
from core.training.recipe import HeadRecipe
from core.training.round import folds_of

AUDIT_FOLDS = (3, 10)
"""Fewest and most parts in which the drawn texts are held out."""
HELD_OUT = 0.05
"""Share of all labels that is held out at once, at most, as far as the folds allow."""


@dataclass(frozen=True, slots=True)
class Told:
    """How sure models were of what they answered, where scores of whole texts do not tell."""

    texts: Mapping[int, float | None] = field(default_factory=dict)
    """Example id → probability that the whole answer is right."""
    pieces: Mapping[int, Sequence[tuple[float, bool]]] = field(default_factory=dict)
    """Example id → (probability, whether it is right) of each piece of its answer."""
    spots: Sequence[Spot] = ()
    """Texts that were drawn from those the model answered by itself."""


NOTHING = Told()


@dataclass(frozen=True, slots=True)
class Judge:
    """Stores what was counted for one model as it stood at one moment, and which texts were."""

    project: Project
    con: Connection
    task: Task[Any]
    trainer: Trainer | OwnRounds
    settings: Settings
    subject: str
    """The model's name: `head` or `round 3`."""
    seq: int
    """The newest event it had seen."""

    def test(
        self,
        items: Sequence[LabelledExample],
        golds: Sequence[Any],
        guesses: Sequence[Any],
        scored: "Scored" = (),
        told: Told = NOTHING,
    ) -> None:
        """Counts on the held-out test set; `scored`: what the guesses come from."""
        self._store("test", items, golds, guesses, scored, told=told)

    def own_labels(
        self, items: Sequence[LabelledExample], golds: Sequence[Any], guesses: Sequence[Any], scored: "Scored" = ()
    ) -> None:
        """Out-of-fold counts (a guess may be None), and those of the texts drawn at random as the audit they are."""
        self._store("out-of-fold", *_known(items, golds, guesses, scored))
        drawn = [i for i, item in enumerate(items) if is_drawn(item)]
        place = {row: i for i, row in enumerate(drawn)}
        self.audit(
            [items[i] for i in drawn],
            [golds[i] for i in drawn],
            [guesses[i] for i in drawn],
            [(place[row], head, scores) for row, head, scores in scored if row in place],
        )

    def out_of_fold(
        self,
        items: Sequence[LabelledExample],
        golds: Sequence[Any],
        guesses: Sequence[Any],
        scored: "Scored" = (),
        told: Told = NOTHING,
    ) -> None:
        """Out-of-fold counts alone; a guess may be None."""
        self._store("out-of-fold", *_known(items, golds, guesses, scored), told=told)

    def audit(
        self,
        items: Sequence[LabelledExample],
        golds: Sequence[Any],
        guesses: Sequence[Any],
        scored: "Scored" = (),
        rest: Rest | None = None,
        told: Told = NOTHING,
    ) -> None:
        """Counts of drawn texts, by models that had not seen them (a guess may be None).

        `rest`: what is known of the pool beside them.
        """
        self._store("audit", *_known(items, golds, guesses, scored), rest, told)

    def _store(
        self,
        source: Source,
        items: Sequence[LabelledExample],
        golds: Sequence[Any],
        guesses: Sequence[Any],
        scored: "Scored",
        rest: Rest | None = None,
        told: Told = NOTHING,
    ) -> None:
        if not items:
            return
        parts = [slice_of(item.example.meta, self.settings.slice_by) for item in items]
        sure = dict(told.texts) | {
            items[place].example.id: value for place, value in confidences(self.trainer, scored).items()
        }
        texts = [
            JudgedText(item.example.id, item.stored, self.task.encode(guess), sure.get(item.example.id))
            for item, guess in zip(items, guesses, strict=True)
        ]
        classes = [self.task.classes_of(golds[row]) for row, _head, _scores in scored]
        precision = ranking.by_class(classes, [(head.class_ids, scores) for _row, head, scores in scored])
        pieces = [piece for item in items for piece in told.pieces.get(item.example.id, ())]
        judged.publish(self.project, self.subject, source, self.seq, texts, precision, rest, Trust(pieces, told.spots))
        counts = collect(self.task, zip(golds, guesses, parts, strict=True))
        models.add_evaluation(self.con, Evaluation(self.subject, source, self.seq, counts, clock.now()))


def is_drawn(item: LabelledExample) -> bool:
    """Whether a text was drawn at random, so that it can stand for others."""
    return item.pick.get("probability") is not None


def spot_limit(item: LabelledExample) -> float | None:
    """From which confidence on the model answered by itself when this text was drawn to check that; None: it was not.

    A check that says nothing of that limit is none that could be counted.
    """
    if item.pick.get("strategy") != SPOT_CHECK:
        return None
    above = (item.pick.get("reason") or {}).get("args", {}).get(ABOVE)
    return float(above) if above else None


def spots_of(items: Sequence[LabelledExample], right: Mapping[int, bool], sure: Mapping[int, float]) -> list[Spot]:
    """The spot checks among labelled texts; `right`, `sure`: row → what is known of the answer of an unseeing model."""
    found = []
    for row, item in enumerate(items):
        above = spot_limit(item)
        if above is not None and row in right and row in sure:
            found.append(Spot(round(sure[row], 4), right[row], above))
    return found


def confidences(trainer: Trainer | OwnRounds, scored: "Scored") -> dict[int, float]:
    """row → how probable its head holds its own answer; empty if the trainer does not say."""
    if not isinstance(trainer, Confident):
        return {}
    return {row: float(trainer.confidence(head, np.asarray(one)[None])[0]) for row, head, one in scored}


def _known(
    items: Sequence[LabelledExample], golds: Sequence[Any], guesses: Sequence[Any], scored: "Scored"
) -> tuple[list[LabelledExample], list[Any], list[Any], "Scored"]:
    """Those to which anybody could say something, with the rows of `scored` counted anew."""
    known = [i for i, guess in enumerate(guesses) if guess is not None]
    place = {row: i for i, row in enumerate(known)}
    return (
        [items[i] for i in known],
        [golds[i] for i in known],
        [guesses[i] for i in known],
        [(place[row], head, scores) for row, head, scores in scored if row in place],
    )


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
    start: Head | None = None,
) -> Scored:
    """Each labelled text as a head that did not see it scores it; without those whose fold leaves nothing to learn.

    `folds`: number of each text's fold, [n], -1 for texts that all learn from and nobody scores; `features`: [n, dim];
    `start`: a head on all of them, from which the fits may begin.
    """
    found: list[tuple[int, Head, NDArray[Any]]] = []
    for fold in np.unique(folds[folds >= 0]):
        train, held = np.flatnonzero(folds != fold).tolist(), np.flatnonzero(folds == fold).tolist()
        seen = [answers[i] for i in train]
        if task.training_problem(seen):
            continue
        head = trainer.fit_head(features[train], seen, recipe, start)
        found += [(row, head, one) for row, one in zip(held, trainer.scores(head, features[held]), strict=True)]
    return found


def audit_folds(drawn: Sequence[bool], ids: Sequence[int], groups: Sequence[int], seed: int) -> NDArray[np.int64]:
    """Number of the fold of each drawn text, -1 for the others, [n]; so many that little is held out at once."""
    rows = [row for row, is_one in enumerate(drawn) if is_one]
    fewest, most = AUDIT_FOLDS
    k = min(most, max(fewest, -(-len(rows) // max(1, int(HELD_OUT * len(ids))))))
    folds = np.full(len(ids), -1, np.int64)
    folds[rows] = folds_of([ids[i] for i in rows], [groups[i] for i in rows], k, seed)
    return folds


def guesses_of(trainer: Trainer, scored: Scored, golds: Sequence[Any]) -> list[Any]:
    """What models that had not seen them answer to each of the texts with these answers; None where nobody could."""
    guesses: list[Any] = [None] * len(golds)
    said = trainer.answers([(head, one) for _row, head, one in scored], [golds[row] for row, _head, _one in scored])
    for (row, _head, _one), guess in zip(scored, said, strict=True):
        guesses[row] = guess
    return guesses
