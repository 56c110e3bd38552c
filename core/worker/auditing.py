"""The audit: how the model in use answers the texts that were drawn at random, and what it says about the whole pool.

With the untouched encoder every drawn text is answered by a head that learnt from nearly all other labels. A tuned
encoder has seen the labels of its round: for those the round's own fold models answered; texts drawn since are new to
it, and only heads are fitted without them.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core import judged
from core.connection import Connection
from core.evaluation.collect import collect, is_right
from core.evaluation.estimates import LEVELS, Rest, control_over, later_cells
from core.records import LabelledExample
from core.store import examples
from core.tasks.base import Task
from core.training.base import Confident
from core.vectors import rows_of
from core.worker.judging import (
    Judge,
    Scored,
    Told,
    audit_folds,
    confidences,
    guesses_of,
    is_drawn,
    out_of_fold,
    spot_limit,
    spots_of,
    strata,
)
from core.worker.moment import Fitted, Moment

CHUNK = 16384


def audit(judge: Judge, con: Connection, now: Moment, fitted: Fitted, folded: Scored) -> None:
    """Judge the model on what was drawn; `folded`: what heads that had not seen them say of all labelled texts."""
    items, answers = now.known.items, now.known.answers
    old = {} if now.space.is_base else {text.example_id: text for text in _of_round(judge)}
    held = [is_drawn(item) or spot_limit(item) is not None for item in items]
    fresh = [is_one and item.example.id not in old for item, is_one in zip(items, held, strict=True)]
    told = [i for i, item in enumerate(items) if is_drawn(item) and item.example.id in old]
    if not any(is_drawn(item) for item in items):
        return
    groups = strata(now.task, answers)
    folds = audit_folds(fresh, [item.example.id for item in items], groups, now.settings.seed)
    features = now.vectors[now.known.rows]
    scored = list(out_of_fold(now.task, now.trainer, folds, answers, features, fitted.recipe, fitted.head))
    others = [one for one in folded if not fresh[one[0]]]
    guesses = _guesses(now, scored, others)
    said: dict[int, float | None] = {}
    for i, item in enumerate(items):
        if item.example.id in old:
            guesses[i] = now.task.decode(old[item.example.id].predicted)
            said[item.example.id] = old[item.example.id].confidence
    drawn = [i for i in range(len(items)) if is_drawn(items[i])]
    place = {row: i for i, row in enumerate(drawn)}
    sure = confidences(now.trainer, scored)
    right = {row: is_right(now.task, answers[row], guesses[row]) for row in sure}
    judge.audit(
        [items[i] for i in drawn],
        [answers[i] for i in drawn],
        [guesses[i] for i in drawn],
        [(place[row], head, one) for row, head, one in scored if row in place],
        replace(
            _rest(con, now, fitted, guesses, confidences(now.trainer, [*scored, *others]) if not told else {}),
            ceiling=_ceiling(now, fitted, guesses, told),
        ),
        Told(said, spots=spots_of(items, right, sure)),
    )


def _ceiling(now: Moment, fitted: Fitted, guesses: Sequence[Any], told: Sequence[int]) -> int | None:
    """Drawn texts answered right if those of the round, `told`, are answered by heads alone that had not seen them."""
    if not told:
        return None
    items, answers = now.known.items, now.known.answers
    asked = frozenset(told)
    ids, groups = [item.example.id for item in items], strata(now.task, answers)
    folds = audit_folds([i in asked for i in range(len(items))], ids, groups, now.settings.seed)
    scored = out_of_fold(now.task, now.trainer, folds, answers, now.vectors[now.known.rows], fitted.recipe, fitted.head)
    eased = dict(enumerate(_guesses(now, scored, [])))
    return sum(
        is_right(now.task, answers[i], eased[i] if i in asked else guesses[i])
        for i, item in enumerate(items)
        if is_drawn(item)
    )


def _guesses(now: Moment, scored: Scored, others: Scored) -> list[Any]:
    """One answer a labelled text, None where nobody could say; a round has tuned its cuts without the new texts."""
    if now.space.is_base:
        return guesses_of(now.trainer, [*scored, *others], now.known.answers)
    found: list[Any] = [None] * len(now.known.answers)
    for row, head, one in scored:
        found[row] = now.task.from_scores(one.tolist(), head.class_ids, head.cuts)
    return found


def _of_round(judge: Judge) -> Sequence[judged.JudgedText]:
    found = judged.load(judge.project, judge.subject, "out-of-fold")
    return found.texts if found is not None else ()


def _rest(con: Connection, now: Moment, fitted: Fitted, guesses: Sequence[Any], said: Mapping[int, float]) -> Rest:
    outside = examples.chosen_ids(con)  # they don't stand for the pool that was drawn from
    rows = rows_of(now.ids, np.setdiff1d(np.array(examples.open_ids(con), np.int64), np.array(outside, np.int64)))
    rows = rows[rows >= 0]
    sure = open_confidences(now, fitted, rows)
    return rest_of(now.task, now.known, list(_own(now, fitted)), guesses, said, frozenset(outside), (len(rows), sure))


class Answered(Protocol):
    """Labelled texts with their answers, in the order they were given."""

    @property
    def items(self) -> Sequence[LabelledExample]: ...

    @property
    def answers(self) -> Sequence[Any]: ...


def rest_of(
    task: Task[Any],
    known: Answered,
    own: Sequence[Any],
    guesses: Sequence[Any],
    said: Mapping[int, float],
    outside: AbstractSet[int],
    still_open: tuple[int, NDArray[np.float32] | None],
) -> Rest:
    """What is known of the pool beside the drawn texts.

    `own`: how the model itself answers the labelled texts; `guesses`: the same by who had not seen them, None where
    nobody could say; `said`: labelled row → how probable that one held it, empty where that does not compare with what
    the model says of open texts; `outside`: ids of texts that are not of the pool that was drawn from; `still_open`:
    how many texts are, and how sure the model is of them, or of a random sample of them (None: it does not say).
    """
    n_open, sure = still_open
    kept = [i for i, item in enumerate(known.items) if item.example.id not in outside]
    drawn, golds = [is_drawn(known.items[i]) for i in kept], [known.answers[i] for i in kept]
    unseen = [own[i] if guesses[i] is None else guesses[i] for i in kept]
    counted = collect(task, zip(golds, [own[i] for i in kept], [""] * len(kept), strict=True))[""]
    later = later_cells(task, golds, unseen, drawn)
    if sure is None:
        return Rest(counted, n_open, later)
    levels = np.bincount(np.minimum((sure * LEVELS).astype(np.int64), LEVELS - 1), minlength=LEVELS)
    right = [is_right(task, gold, guesses[i]) for i, gold in zip(kept, golds, strict=True)]
    control = control_over(right, {k: said[i] for k, i in enumerate(kept) if i in said}, drawn, sure.tolist())
    return Rest(counted, n_open, later, control, tuple(int(n) for n in levels))


def _own(now: Moment, fitted: Fitted) -> Iterator[Any]:
    """How the model itself answers the labelled texts."""
    for row in now.known.rows:
        yield now.task.from_scores(fitted.scores[row].tolist(), fitted.head.class_ids, fitted.head.cuts)


def open_confidences(now: Moment, fitted: Fitted, rows: NDArray[np.int64]) -> NDArray[np.float32] | None:
    """How probable the model holds its own answers to these rows, [rows]; None if its trainer does not say."""
    if not isinstance(now.trainer, Confident):
        return None
    parts = [np.asarray(fitted.scores[rows[at : at + CHUNK]], np.float32) for at in range(0, len(rows), CHUNK)]
    found = [now.trainer.confidence(fitted.head, part) for part in parts]
    return np.clip(np.concatenate(found), 0.0, 1.0) if found else np.empty(0, np.float32)
