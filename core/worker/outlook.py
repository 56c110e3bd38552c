"""What the worker keeps of the learning curve, and of how much its models still change, when the labels have grown.

Both cost a few fits, so they are renewed as the head's recipe is: when there is a tenth more labels.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

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
from core.worker.moment import Fitted, Moment

WATCHED = 1000
"""Texts of the pool whose answers are compared."""
KEPT = 20
"""Looks that are kept."""
ANSWERS = "answers.json"
"""File below the scores: what the model answered to the watched texts when they were last looked at."""


def renew(project: Project, con: Connection, now: Moment, fitted: Fitted) -> None:
    """Look at the curve and at the changes, if the labels have grown by a tenth since."""
    n = len(now.known.items)
    if is_due(con, n):
        keep(con, n, _look(project, con, now, fitted), past_of(now, fitted))


def is_due(con: Connection, n: int, growth: float = 1.1) -> bool:
    """Whether the labels, `n` now, have grown by so much since the last look, or were taken back."""
    last = meta.get(con, models.LOOKED_AT) or 0
    return not last <= n < last * growth


def keep(con: Connection, n: int, found: Look | None, past: Past | None) -> None:
    """Write down what was seen at `n` labels."""
    looks = [Look.from_json(one) for one in meta.get(con, models.LOOKS) or []]
    if n < (meta.get(con, models.LOOKED_AT) or 0):  # labels were taken back: what was said of more of them is void
        looks = [one for one in looks if one.labels <= n]
    with transaction(con):
        meta.put(con, models.LOOKS, [one.as_json() for one in ([*looks, found] if found else looks)[-KEPT:]])
        meta.put(con, models.PAST, past.as_json() if past else None)
        meta.put(con, models.LOOKED_AT, n)


def _look(project: Project, con: Connection, now: Moment, fitted: Fitted) -> Look | None:
    """Compare the model's answers with those at the last look, and keep them for the next."""
    before = answers_then(project)
    ids = np.array(sorted(before) or watched(con), np.int64)
    rows = rows_of(now.ids, ids)
    ids, rows = ids[rows >= 0], rows[rows >= 0]
    head = fitted.head
    answers = [
        now.task.encode(now.task.from_scores(fitted.scores[r].tolist(), head.class_ids, head.cuts)) for r in rows
    ]
    after = dict(zip(ids.tolist(), answers, strict=True))
    remember(project, after)
    sure = open_confidences(now, fitted, rows)
    shared = [i for i in after if i in before]
    if not shared or sure is None:
        return None
    labels = len(now.known.items)
    return look(labels, [before[i] for i in shared], [after[i] for i in shared], float(sure.mean()))


def answers_then(project: Project) -> dict[int, str]:
    """Example id → stored answer of each watched text at the last look; empty before the first."""
    try:
        said = json.loads((project.scores / ANSWERS).read_text(encoding="utf-8"))
        return {int(i): str(stored) for i, stored in said.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def remember(project: Project, answers: Mapping[int, str]) -> None:
    """Keep the answers for the next look."""
    publish_file(project.scores / ANSWERS, json.dumps(answers, ensure_ascii=False).encode())


def watched(con: Connection) -> list[int]:
    """Pool texts spread evenly over all open ones."""
    ids = examples.open_ids(con)
    return ids[:: max(1, len(ids) // WATCHED)][:WATCHED]


def past_of(now: Moment, fitted: Fitted) -> Past | None:
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
    earlier = {
        size: answered_by_first(now.task, now.trainer, fitted.recipe, given, features, parts, size)
        for size in earlier_sizes(len(given))
    }
    return compared(len(given), told, earlier)


def compared(labels: int, told: Mapping[int, bool], earlier: Mapping[int, Mapping[int, bool] | None]) -> Past | None:
    """What models on the first labels say beside one on all of them; None where that one says nothing.

    `told`, `earlier`: drawn row → whether it is answered right, the latter by the number of first labels.
    """
    found = []
    for size, then in earlier.items():
        if then is not None and then.keys() == told.keys():
            better = sum(told[row] and not then[row] for row in told)
            worse = sum(then[row] and not told[row] for row in told)
            found.append(Earlier(size, better, worse))
    return Past(labels, len(told), sum(told.values()), tuple(found)) if told else None


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
