"""What the worker keeps of the learning curve, and of how much its models still change, when the labels have grown.

Both cost a few fits, so they are renewed as the head's recipe is: when there is a tenth more labels.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.connection import Connection, transaction
from core.evaluation.outlook import Earlier, Past, earlier_sizes
from core.evaluation.stopping import Look, look
from core.project import Project
from core.publish import publish_file
from core.store import examples, meta, models
from core.tasks.base import Task
from core.training.base import Trainer
from core.training.recipe import HeadRecipe
from core.vectors import rows_of
from core.worker.auditing import open_confidences
from core.worker.judging import Scored, audit_folds, guesses_of, is_drawn, out_of_fold, strata

if TYPE_CHECKING:
    from core.worker.learner import Fitted, Moment

WATCHED = 1000
"""Texts of the pool whose answers are compared."""
KEPT = 20
"""Looks that are kept."""
ANSWERS = "answers.json"
"""File below the scores: what the model answered to the watched texts when they were last looked at."""


def renew(project: Project, con: Connection, now: "Moment", fitted: "Fitted") -> None:
    """Look at the curve and at the changes, if the labels have grown by a tenth since."""
    looks = [Look.from_json(one) for one in meta.get(con, models.LOOKS) or []]
    last = meta.get(con, models.LOOKED_AT) or 0
    n = len(now.known.items)
    if last <= n < last * 1.1:
        return
    if n < last:  # labels were taken back: what was said of more of them is void
        looks = [one for one in looks if one.labels <= n]
    found = _look(project, con, now, fitted)
    past = past_of(now, fitted)
    with transaction(con):
        meta.put(con, models.LOOKS, [one.as_json() for one in ([*looks, found] if found else looks)[-KEPT:]])
        meta.put(con, models.PAST, past.as_json() if past else None)
        meta.put(con, models.LOOKED_AT, n)


def _look(project: Project, con: Connection, now: "Moment", fitted: "Fitted") -> Look | None:
    """Compare the model's answers with those at the last look, and keep them for the next."""
    path = project.scores / ANSWERS
    try:
        before = {int(i): str(stored) for i, stored in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError):
        before = {}
    ids = np.array(sorted(before) or _watched(con), np.int64)
    rows = rows_of(now.ids, ids)
    ids, rows = ids[rows >= 0], rows[rows >= 0]
    head = fitted.head
    answers = [
        now.task.encode(now.task.from_scores(fitted.scores[r].tolist(), head.class_ids, head.cuts)) for r in rows
    ]
    after = dict(zip(ids.tolist(), answers, strict=True))
    publish_file(path, json.dumps(after, ensure_ascii=False).encode())
    sure = open_confidences(now, fitted, rows)
    shared = [i for i in after if i in before]
    if not shared or sure is None:
        return None
    labels = len(now.known.items)
    return look(labels, [before[i] for i in shared], [after[i] for i in shared], float(sure.mean()))


def _watched(con: Connection) -> list[int]:
    """Pool texts spread evenly over all open ones."""
    ids = examples.open_ids(con)
    return ids[:: max(1, len(ids) // WATCHED)][:WATCHED]


def past_of(now: "Moment", fitted: "Fitted") -> Past | None:
    """Models on the first labels against one on all of them; None where nothing was drawn."""
    given, features = now.known.answers, now.vectors[now.known.rows]
    drawn = [is_drawn(item) for item in now.known.items]
    if not any(drawn) or not now.space.is_base:
        return None
    parts = audit_folds(
        drawn, [item.example.id for item in now.known.items], strata(now.task, given), now.settings.seed
    )
    scored = out_of_fold(now.task, now.trainer, parts, given, features, fitted.recipe, fitted.head)
    told = _right(now.trainer, scored, given)
    found = []
    for size in earlier_sizes(len(given)):
        then = answered_by_first(now.task, now.trainer, fitted.recipe, given, features, parts, size)
        if then is not None and then.keys() == told.keys():
            better = sum(told[row] and not then[row] for row in told)
            worse = sum(then[row] and not told[row] for row in told)
            found.append(Earlier(size, better, worse))
    return Past(len(given), len(told), sum(told.values()), tuple(found)) if told else None


def answered_by_first(
    task: Task[Any],
    trainer: Trainer,
    recipe: HeadRecipe,
    given: Sequence[Any],
    features: NDArray[Any],
    parts: NDArray[np.int64],
    size: int,
) -> dict[int, bool] | None:
    """Drawn row → whether a head on the first `size` labels, less those of the row's fold, answers it right.

    None if too little is left to learn from. `given`: all answers in order; `parts`: each row's fold, -1 for none [n].
    """
    first = np.arange(len(given)) < size
    scored: list[Any] = []
    for fold in np.unique(parts[parts >= 0]):
        train, held = np.flatnonzero(first & (parts != fold)).tolist(), np.flatnonzero(parts == fold).tolist()
        seen = [given[i] for i in train]
        if task.training_problem(seen):
            return None
        head = trainer.fit_head(features[train], seen, recipe)
        scored += [(row, head, one) for row, one in zip(held, trainer.scores(head, features[held]), strict=True)]
    return _right(trainer, scored, given)


def _right(trainer: Trainer, scored: Scored, given: Sequence[Any]) -> dict[int, bool]:
    guesses = guesses_of(trainer, scored, given)
    return {row: guesses[row] == given[row] for row, _head, _one in scored}
