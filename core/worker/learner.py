"""The instant loop: labels and cached features in, a published head with its queue and its counts out."""

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import clock, plugins, predictions
from core.connection import Connection, transaction
from core.evaluation import paying
from core.project import Project
from core.querying.base import Pick, PoolView
from core.records import QueueItem
from core.store import classes, examples, labels, meta, models
from core.training import head as heads
from core.training.head import Head
from core.training.recipe import HeadRecipe
from core.training.round import STORY, folds_of
from core.training.space import load as load_space
from core.vectors import VectorStore, rows_of
from core.worker import doubting, outlook
from core.worker.auditing import audit, open_confidences
from core.worker.class_texts import class_vectors, seeded
from core.worker.doubting import Evidence
from core.worker.judging import Judge, Scored, guesses_of, out_of_fold, strata
from core.worker.moment import Fitted, Moment, labelled_rows
from core.worker.ranking import Spent, line_up, publish
from core.worker.sampling import drawing

CHUNK = 16384
"""Texts whose probabilities are computed together."""
MAX_OUT_OF_FOLD = 5000
"""Labels above which out-of-fold counts are left to rounds."""


def refresh(project: Project, con: Connection) -> Spent:
    """Publish a new ranking for the decisions as they are now; a queue alone, if nothing can be learnt yet."""
    now = _look(project, con)
    started = clock.monotonic()
    fitted = None
    if not now.task.training_problem(now.known.answers):
        fitted = _fit(project, con, now)
    learnt = clock.monotonic()
    picks = _pick(project, con, now, fitted)
    picked = clock.monotonic()
    ranking = _publish(project, con, now, [_item(now, pick, fitted) for pick in picks], fitted)
    if fitted is not None:
        _judge(project, con, now, fitted)
        outlook.renew(project, con, now, fitted)
    with transaction(con):
        meta.put(con, models.JUDGED, ranking)
    return Spent(learnt - started, picked - learnt, clock.monotonic() - picked)


def _fit(project: Project, con: Connection, now: Moment) -> Fitted:
    """The head, begun where the last one stood; how it is fitted is chosen anew when the labels grew by a tenth."""
    last, previous = _last_head(project, con, now)
    features = now.vectors[now.known.rows]
    recipe = _round_recipe(project, now) or previous
    if recipe is None or (now.space.is_base and not recipe.serves(len(now.known.items))):
        recipe = now.trainer.choose(features, now.known.answers, _folds(now))
        last = None
        _watch_picking(con, now, recipe)
    if not now.settings.draw_on_pool:
        recipe = replace(recipe, unlabelled="")
    head = now.trainer.fit_head(features, now.known.answers, recipe, last)
    return Fitted(head, recipe, _scores(project, now, head))


def _last_head(project: Project, con: Connection, now: Moment) -> tuple[Head | None, HeadRecipe | None]:
    """The head in force and how it was fitted, if it is about the same features."""
    ranking = models.newest_ranking(con)
    if ranking is None or ranking.info.get("space") != now.space.fingerprint or "recipe" not in ranking.info:
        return None, None
    recipe = HeadRecipe.from_json(ranking.info["recipe"])
    try:
        return heads.load(project.scores / ranking.directory), recipe
    except FileNotFoundError:
        return None, recipe


def _round_recipe(project: Project, now: Moment) -> HeadRecipe | None:
    """What the round found out of fold: an encoder tuned on these labels makes every head on them too sure."""
    if now.space.is_base:
        return None
    path = project.rounds / f"{int(now.space.info['encoder']):03d}" / STORY
    found = json.loads(path.read_text(encoding="utf-8")).get("recipe")
    return HeadRecipe.from_json(found) if found else HeadRecipe()


def _folds(now: Moment) -> NDArray[np.int64]:
    ids = [item.example.id for item in now.known.items]
    return folds_of(ids, strata(now.task, now.known.answers), now.settings.folds, now.settings.seed)


def _watch_picking(con: Connection, now: Moment, recipe: HeadRecipe) -> None:
    """Compare picked with drawn labels, and keep what that says (`core.evaluation.paying`)."""
    drawn = np.array([item.pick.get("probability") is not None for item in now.known.items], np.bool_)
    served = np.array([bool(item.pick) for item in now.known.items], np.bool_)

    def answers(learn: NDArray[np.int64], held: NDArray[np.int64]) -> NDArray[np.bool_] | None:
        seen = [now.known.answers[i] for i in learn]
        if now.task.training_problem(seen):
            return None
        head = now.trainer.fit_head(now.vectors[now.known.rows[learn]], seen, recipe)
        scores = now.trainer.scores(head, now.vectors[now.known.rows[held]])
        guesses = [now.task.from_scores(row.tolist(), head.class_ids, head.cuts) for row in scores]
        return np.array([guess == now.known.answers[i] for guess, i in zip(guesses, held, strict=True)], np.bool_)

    rng = np.random.default_rng((now.settings.seed, len(now.known.items)))
    found = paying.compare(np.flatnonzero(drawn), np.flatnonzero(served & ~drawn), answers, rng)
    with transaction(con):
        meta.put(con, models.PAYING, found.as_json())


def _scores(project: Project, now: Moment, head: Head) -> NDArray[Any]:
    """What the head says about every text."""
    shape = (len(now.ids), len(head.class_ids))
    if not len(now.ids):
        return np.empty(shape, np.float16)
    with tempfile.TemporaryFile(dir=project.scores) as scratch:
        out = np.memmap(scratch, np.float16, "w+", shape=shape)
    for start in range(0, shape[0], CHUNK):
        out[start : start + CHUNK] = now.trainer.scores(head, now.vectors[start : start + CHUNK])
    return out


def _look(project: Project, con: Connection) -> Moment:
    task = project.task(con)
    seq = labels.last_seq(con)
    space = load_space(project, meta.get(con, "space"))
    store = VectorStore(space.directory, space.dim)
    ids = store.ids()
    settings = project.settings()
    trainer = plugins.load(plugins.TRAINERS, task.name)
    if space.is_base:
        trainer = drawing(trainer, settings, store, con)
    return Moment(
        settings,
        task,
        trainer,
        seq,
        space,
        ids,
        store.vectors(),
        labelled_rows(task, ids, examples.labelled(con, learnable=True)),
        classes.names(con),
    )


def _pick(project: Project, con: Connection, now: Moment, fitted: Fitted | None) -> list[Pick]:
    rows = rows_of(now.ids, np.array(examples.open_ids(con), np.int64))
    chosen = rows_of(now.ids, np.array(examples.chosen_ids(con), np.int64))
    found = paying.from_json(meta.get(con, models.PAYING))
    missing = bool(classes.active_ids(con) - classes.counts(con).keys())  # only for such classes names are looked at
    view = PoolView(
        now.vectors,
        rows[rows >= 0],
        now.known.rows,
        [now.task.classes_of(answer) for answer in now.known.answers],
        fitted.head.class_ids if fitted else (),
        fitted.scores if fitted else None,
        now.names,
        now.settings.audit_share,
        class_vectors=class_vectors(project, con, now.space) if missing else {},
        seeded=seeded(con, now.ids) if missing else {},
        settled=_settled(now, fitted, rows[rows >= 0]),
        spot_share=now.settings.spot_check,
        settled_above=now.settings.answer_above,
        picking_pays=found is None or found.pays,
        exclusive=now.task.exclusive,
        doubt=_doubts(now, fitted) if fitted else None,
        chosen=chosen[chosen >= 0],
    )
    return line_up(view, now)


def _settled(now: Moment, fitted: Fitted | None, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of the open rows that the model answers by itself."""
    sure = open_confidences(now, fitted, rows) if fitted is not None and now.settings.answer_above > 0 else None
    return rows[:0] if sure is None else rows[sure >= now.settings.answer_above]


def _doubts(now: Moment, fitted: Fitted) -> Callable[[NDArray[np.int64]], NDArray[np.float32]]:
    """What the trainer says about some rows, piece by piece."""

    def doubts(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        parts = [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
        found = [now.trainer.doubts(fitted.head, np.asarray(fitted.scores[part], np.float32)) for part in parts]
        return np.concatenate(found) if found else np.empty(0, np.float32)

    return doubts


def _item(now: Moment, pick: Pick, fitted: Fitted | None) -> QueueItem:
    suggestion = None
    if fitted is not None:
        scores = fitted.scores[pick.row].tolist()
        suggestion = now.task.suggest(scores, fitted.head.class_ids, now.names, now.source, fitted.head.cuts)
    return QueueItem(int(now.ids[pick.row]), pick.strategy, pick.reason, pick.probability, suggestion)


def _publish(project: Project, con: Connection, now: Moment, items: list[QueueItem], fitted: Fitted | None) -> int:
    """Make the ranking visible; returns its id."""
    if fitted is None:
        return publish(project, con, now, items, None)

    def write(stage: Path, story: Mapping[str, Any]) -> None:
        heads.save(stage, fitted.head, story)
        sure = open_confidences(now, fitted, np.arange(len(now.ids)))
        predictions.write(stage, now.ids, fitted.scores, fitted.head.class_ids, fitted.head.cuts, sure)

    return publish(project, con, now, items, write, recipe=asdict(fitted.recipe))


def _judge(project: Project, con: Connection, now: Moment, fitted: Fitted) -> None:
    judge = Judge(project, con, now.task, now.trainer, now.settings, now.source, now.seq)
    test = labelled_rows(now.task, now.ids, examples.labelled(con, "test", learnable=True))
    if len(test.rows):
        predicted = now.trainer.scores(fitted.head, now.vectors[test.rows])
        head = fitted.head
        guesses = [now.task.from_scores(p.tolist(), head.class_ids, head.cuts) for p in predicted]
        judge.test(test.items, test.answers, guesses, [(row, head, p) for row, p in enumerate(predicted)])
    if len(now.known.items) > MAX_OUT_OF_FOLD:
        return
    scored: Scored = []
    if now.space.is_base:  # an encoder tuned on these very labels has seen every fold: its counts come from its round
        features = now.vectors[now.known.rows]
        scored = out_of_fold(now.task, now.trainer, _folds(now), now.known.answers, features, fitted.recipe)
        guesses = guesses_of(now.trainer, scored, now.known.answers)
        judge.out_of_fold(now.known.items, now.known.answers, guesses, scored)
        evidence = Evidence(now.known.items, now.known.answers, guesses, scored, features)
        doubting.look(project, now.task, now.source, now.seq, evidence)
    else:
        doubting.look_since(project, now, fitted)
    doubting.look_for_copies(project, now.task, now.known.items)
    audit(judge, con, now, fitted, scored)
