"""The audit: how the model in use answers the texts that were drawn at random, and what it says about the whole pool.

With the untouched encoder every drawn text is answered by a head that learnt from nearly all other labels. A tuned
encoder has seen the labels of its round: for those the round's own fold models answered; texts drawn since are new to
it, and only heads are fitted without them.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core import judged
from core.connection import Connection
from core.evaluation.collect import collect
from core.evaluation.estimates import LEVELS, Rest, control_of
from core.store import examples
from core.training.base import Confident
from core.vectors import rows_of
from core.worker.judging import Judge, Scored, audit_folds, confidences, guesses_of, is_drawn, out_of_fold, strata

if TYPE_CHECKING:
    from core.worker.learner import Fitted, Moment

CHUNK = 16384


def audit(judge: Judge, con: Connection, now: "Moment", fitted: "Fitted", folded: Scored) -> None:
    """Judge the model on what was drawn; `folded`: what heads that had not seen them say of all labelled texts."""
    items, answers = now.known.items, now.known.answers
    old = {} if now.is_base else {text.example_id: text for text in _of_round(judge)}
    fresh = [is_drawn(item) and item.example.id not in old for item in items]
    told = [i for i, item in enumerate(items) if is_drawn(item) and item.example.id in old]
    if not any(fresh) and not told:
        return
    groups = strata(now.task, answers)
    folds = audit_folds(fresh, [item.example.id for item in items], groups, now.settings.seed)
    features = now.vectors[now.known.rows]
    scored = list(out_of_fold(now.task, now.trainer, folds, answers, features, fitted.recipe, fitted.head))
    guesses = _guesses(now, scored, [one for one in folded if not fresh[one[0]]])
    said: dict[int, float | None] = {}
    for i in told:
        text = old[items[i].example.id]
        guesses[i] = now.task.decode(text.predicted)
        said[text.example_id] = text.confidence
    drawn = [i for i in range(len(items)) if is_drawn(items[i])]
    place = {row: i for i, row in enumerate(drawn)}
    judge.audit(
        [items[i] for i in drawn],
        [answers[i] for i in drawn],
        [guesses[i] for i in drawn],
        [(place[row], head, one) for row, head, one in scored],
        rest_of(con, now, fitted, [] if told else [(row, guesses[row]) for row, _h, _s in scored], scored),
        said,
    )


def _guesses(now: "Moment", scored: Scored, others: Scored) -> list[Any]:
    """One answer a labelled text, None where nobody could say; a round has tuned its cuts without the new texts."""
    if now.is_base:
        return guesses_of(now.trainer, [*scored, *others], now.known.answers)
    found: list[Any] = [None] * len(now.known.answers)
    for row, head, one in scored:
        found[row] = now.task.from_scores(one.tolist(), head.class_ids, head.cuts)
    return found


def _of_round(judge: Judge) -> Sequence[judged.JudgedText]:
    found = judged.load(judge.project, judge.subject, "out-of-fold")
    return found.texts if found is not None else ()


def rest_of(
    con: Connection, now: "Moment", fitted: "Fitted", answered: Sequence[tuple[int, Any]], scored: Scored
) -> Rest:
    """What is known of the pool beside the drawn texts; `answered`: (labelled row, answer of who had not seen it)."""
    chosen = examples.chosen_ids(con)  # they don't stand for the pool that was drawn from
    outside = frozenset(chosen)
    known = zip(now.known.items, now.known.answers, _own(now, fitted), strict=True)
    cells = collect(now.task, ((gold, guess, "") for item, gold, guess in known if item.example.id not in outside))
    rows = rows_of(now.ids, np.setdiff1d(np.array(examples.open_ids(con), np.int64), np.array(chosen, np.int64)))
    rows = rows[rows >= 0]
    sure = open_confidences(now, fitted, rows)
    if sure is None:
        return Rest(cells[""], len(rows))
    levels = np.bincount(np.minimum((sure * LEVELS).astype(np.int64), LEVELS - 1), minlength=LEVELS)
    control = None
    if answered and len(rows):
        of_text = confidences(now.trainer, scored)
        right = [guess == now.known.answers[row] for row, guess in answered]
        control = control_of(right, [of_text[row] for row, _guess in answered], float(sure.mean()))
    return Rest(cells[""], len(rows), control, tuple(int(n) for n in levels))


def _own(now: "Moment", fitted: "Fitted") -> Iterator[Any]:
    """How the model itself answers the labelled texts."""
    for row in now.known.rows:
        yield now.task.from_scores(fitted.scores[row].tolist(), fitted.head.class_ids, fitted.head.cuts)


def open_confidences(now: "Moment", fitted: "Fitted", rows: NDArray[np.int64]) -> NDArray[np.float32] | None:
    """How probable the model holds its own answers to these rows, [rows]; None if its trainer does not say."""
    if not isinstance(now.trainer, Confident):
        return None
    parts = [np.asarray(fitted.scores[rows[at : at + CHUNK]], np.float32) for at in range(0, len(rows), CHUNK)]
    found = [now.trainer.confidence(fitted.head, part) for part in parts]
    return np.clip(np.concatenate(found), 0.0, 1.0) if found else np.empty(0, np.float32)
