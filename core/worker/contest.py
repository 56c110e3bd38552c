"""A round's tuned encoder against the untouched one, and against the model in use: all of them out of fold."""

import math
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import inuse, judged
from core.connection import Connection
from core.i18n import _
from core.project import Project
from core.records import JobEvent, LabelledExample, RoundSummary
from core.store import classes, models
from core.tasks.base import Task
from core.training import round as rounds
from core.training.base import OwnRounds, Trainer
from core.training.recipe import HeadRecipe
from core.training.round import RoundRequest
from core.vectors import VectorStore, rows_of
from core.worker import doubting
from core.worker.doubting import Evidence
from core.worker.jobs.embed import fill
from core.worker.judging import Judge, Scored, guesses_of, out_of_fold
from core.worker.protocol import JobContext
from core.worker.sampling import drawing
from core.worker.verdict import Contender, Incumbent, Verdict, decide


@dataclass(frozen=True, slots=True)
class Frozen:
    """The training set as it was when the round began."""

    seq: int
    """The newest event in it."""
    items: list[LabelledExample]
    answers: list[Any]
    set_hash: str


def judge(
    context: JobContext,
    task: Task[Any],
    trainer: Trainer,
    request: RoundRequest,
    frozen: Frozen,
    summary: RoundSummary,
) -> Generator[JobEvent, None, tuple[Verdict, HeadRecipe]]:
    """Compare the tuned encoder with the untouched one on the same folds; store the tuned one's counts."""
    yield JobEvent("phase", {"name": "verdict"})
    project, settings = context.project, context.settings
    store = VectorStore(request.space.directory, request.space.dim)
    example_ids = [item.example.id for item in frozen.items]
    rows = rows_of(store.ids(), np.array(example_ids, np.int64))
    if len(rows) and rows.min() < 0:  # the base space was not filled: the encoder option changed meanwhile
        yield from fill(project, settings, models.BASE, request.space.encoder_dir(project), "")
        rows = rows_of(store.ids(), np.array(example_ids, np.int64))
    features = store.vectors()[rows]
    plain = out_of_fold(task, trainer, request.folds, frozen.answers, features, HeadRecipe())
    scored = rounds.out_of_fold(request)
    tuned, recipe = _contender(trainer, frozen, scored)
    with project.open() as con:
        ids = list(classes.names(con))
        name = inuse.source_name(str(summary.number))
        judge = Judge(project, con, task, trainer, settings, name, frozen.seq)
        judge.own_labels(frozen.items, frozen.answers, tuned.guesses, scored)
        evidence = Evidence(frozen.items, frozen.answers, tuned.guesses, scored, features)
        doubting.look(project, task, name, frozen.seq, evidence)
        incumbent = _incumbent(project, con, task, frozen)
    incumbent = incumbent or _head_in_use(context, task, trainer, request, frozen, features, store)
    untuned, _recipe = _contender(trainer, frozen, plain)
    return decide(task, frozen.answers, tuned, untuned, incumbent, ids), recipe


def _head_in_use(
    context: JobContext,
    task: Task[Any],
    trainer: Trainer,
    request: RoundRequest,
    frozen: Frozen,
    features: NDArray[Any],
    store: VectorStore,
) -> Incumbent | None:
    """The head on the untouched encoder as it answers while labelling, if it learns from more than the labels."""
    with context.project.open(readonly=True) as con:
        able = drawing(trainer, context.settings, store, con)
    way = able.choose(features, frozen.answers, request.folds).unlabelled if able is not trainer else ""
    if not way:
        return None
    scored = out_of_fold(task, able, request.folds, frozen.answers, features, HeadRecipe(unlabelled=way))
    guesses = guesses_of(able, scored, frozen.answers)
    rows = [row for row, guess in enumerate(guesses) if guess is not None]
    right = sum(guesses[row] == frozen.answers[row] for row in rows)
    return Incumbent(_("the head in use"), right, rows)


def judge_own(
    context: JobContext,
    task: Task[Any],
    trainer: OwnRounds,
    request: RoundRequest,
    frozen: Frozen,
    summary: RoundSummary,
) -> tuple[Verdict, HeadRecipe]:
    """The same for a trainer that has compared both models itself, on those texts that neither had seen."""
    tuned, plain = trainer.contenders(request)
    rows = [row for row, guess in enumerate(tuned.guesses) if guess is not None]
    golds = [frozen.answers[row] for row in rows]
    new, old = (Contender([said.guesses[row] for row in rows], said.loss) for said in (tuned, plain))
    with context.project.open() as con:
        name = inuse.source_name(str(summary.number))
        Judge(context.project, con, task, trainer, context.settings, name, frozen.seq).own_labels(
            frozen.items, frozen.answers, tuned.guesses
        )
        seen = replace(frozen, items=[frozen.items[row] for row in rows], answers=golds)
        found, ids = _incumbent(context.project, con, task, seen), list(classes.names(con))
    return decide(task, golds, new, old, found, ids), HeadRecipe(temperature=tuned.temperature)


def _contender(trainer: Trainer, frozen: Frozen, scored: Scored) -> tuple[Contender, HeadRecipe]:
    guesses = guesses_of(trainer, scored, frozen.answers)
    if not scored:
        return Contender(guesses, math.inf), HeadRecipe()
    recipe, loss = trainer.calibrate(
        [(head, scores) for _row, head, scores in scored], [frozen.answers[row] for row, _head, _scores in scored]
    )
    return Contender(guesses, loss), recipe


def _incumbent(project: Project, con: Connection, task: Task[Any], frozen: Frozen) -> Incumbent | None:
    """The round in use, on those texts whose answers are still what it was judged by; None for the base encoder."""
    ref = models.encoder_in_use(con)
    found = None if ref == models.BASE else judged.load(project, inuse.source_name(ref), "out-of-fold")
    if found is None:
        return None
    place = {item.example.id: row for row, item in enumerate(frozen.items)}
    shared = [t for t in found.texts if t.example_id in place and frozen.items[place[t.example_id]].stored == t.gold]
    right = sum(task.decode(t.predicted) == task.decode(t.gold) for t in shared)
    return Incumbent(inuse.source_name(ref), right, [place[t.example_id] for t in shared])
