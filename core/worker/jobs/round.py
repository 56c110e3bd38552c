"""The job `round`: fine-tune on the labels as they are now, judge, and keep the tuned encoder if it is not worse."""

import hashlib
import json
import math
import shutil
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import clock, inuse, judged, plugins, snapshots
from core.connection import Connection
from core.errors import RefusedError
from core.i18n import _
from core.project import Project
from core.publish import fsync_path, make_dir, publish_file
from core.records import JobEvent, LabelledExample, RoundSummary
from core.settings import Settings, changed
from core.store import classes, examples, labels, meta, models
from core.tasks.base import Task
from core.training import device, space
from core.training import round as rounds
from core.training.base import DrawsOnPool, OwnRounds, Trainer
from core.training.recipe import HeadRecipe
from core.training.round import RoundRequest
from core.vectors import VectorStore, rows_of
from core.worker import doubting
from core.worker.doubting import Evidence
from core.worker.jobs.embed import encoder_directory, fill
from core.worker.judging import Judge, Scored, guesses_of, out_of_fold, strata
from core.worker.protocol import JobContext
from core.worker.rule import MIN_PER_CLASS, space_key, wanted_key
from core.worker.sampling import unlabelled_of
from core.worker.verdict import Contender, Incumbent, Verdict, decide

BASE_FACTS = ("weights_sha256", "tokenizer_sha256", "model_type", "max_length", "windows", "overlap")
"""What a round's story tells of the space it started from."""
ROOM = 5
"""Times the encoder's size that must be free on the disk."""


@dataclass(frozen=True, slots=True)
class _Frozen:
    """The training set as it was when the round began."""

    seq: int
    items: list[LabelledExample]
    answers: list[Any]
    set_hash: str


class Round:
    """The job kind `round`.

    Arguments: `recipe` (how the encoder is tuned; without it few-shot), `options` (name → value, instead of the
    project's in this round alone), `device` (one of these).
    """

    name = "round"

    def run(self, context: JobContext) -> Iterator[JobEvent]:
        context = replace(context, settings=_options(context))
        project, settings = context.project, context.settings
        started = clock.monotonic()
        with project.open() as con:
            task = project.task(con)
            trainer = _trainer(task.name, str(context.job.args.get("recipe", rounds.FEW_SHOT)))
            began = models.round_of_job(con, context.job.id)
            if began is None:
                snapshots.take_if_changed(project.database, snapshots.ROUND)
            frozen = _freeze(project, task, began)
            summary = models.start_round(con, context.job.id, frozen.seq, frozen.set_hash, len(frozen.items))
        _clear_scratch(project, summary)
        try:
            base = yield from encoder_directory(project, settings, models.BASE)
            request = _request(project, settings, task, frozen, base, summary)
            request = replace(request, recipe=str(context.job.args.get("recipe", rounds.FEW_SHOT)))
            if isinstance(trainer, OwnRounds):
                yield from trainer.run_round(request)
                verdict, recipe = _judge_own(context, task, trainer, request, frozen, summary)
                encoder = trainer.tuned_encoder(request)
            else:
                yield from rounds.run(request, trainer)
                verdict, recipe = yield from _judge(context, task, trainer, request, frozen, summary)
                encoder = rounds.tuned_encoder(request)
            story = _story(summary, frozen, request, verdict, recipe, clock.monotonic() - started)
            target = project.rounds / f"{summary.number:03d}"
            if verdict.kept:
                _publish(target, encoder, story)
                yield from _switch(context, summary, target / rounds.ENCODER, verdict.words)
            with project.open() as con:
                models.end_round(con, summary.number, "kept" if verdict.kept else "rejected", verdict.words, story)
            shutil.rmtree(request.work, ignore_errors=True)
        except RefusedError as error:
            with project.open() as con:
                models.end_round(con, summary.number, "failed", str(error), {})
            raise
        said = {"round": summary.number, "kept": verdict.kept, "verdict": verdict.words, "seconds": story["seconds"]}
        yield JobEvent("result", said | verdict.scores)


def _options(context: JobContext) -> Settings:
    """The project's options, with those that were given for this round alone."""
    args, settings = context.job.args, context.settings
    given = dict(args.get("options") or {})
    if args.get("device"):
        given["device"] = args["device"]
    for key, value in given.items():
        settings = changed(settings, key, value)
    return settings


def _trainer(task: str, recipe: str) -> Trainer:
    """Raises InputError if the task knows no such recipe."""
    if recipe == rounds.FEW_SHOT:
        found: Trainer = plugins.load(plugins.TRAINERS, task)
    else:
        found = plugins.load(plugins.RECIPES, f"{task}.{recipe}")
    return found


def _clear_scratch(project: Project, summary: RoundSummary) -> None:
    """Remove what rounds that were cancelled or ended by force left behind."""
    for path in project.rounds.glob("work-*"):
        if not path.name.startswith(f"work-{summary.number:03d}-"):
            shutil.rmtree(path, ignore_errors=True)


def _freeze(project: Project, task: Task[Any], began: RoundSummary | None) -> _Frozen:
    """The labels a round learns from; a resumed round gets the very set it began with, or is refused."""
    with project.open() as con:
        seq = labels.last_seq(con)
        items = examples.labelled(con, learnable=True)
        if began is not None:
            items, seq = [item for item in items if item.seq <= began.event_seq], began.event_seq
    answers = [task.decode(item.stored) for item in items]
    problem = task.training_problem(answers)
    if problem:
        raise RefusedError(
            _("A round can't start."), problem, _("Label texts of at least {n} classes.").format(n=task.least_classes)
        )
    sizes = Counter(c for answer in answers for c in task.classes_of(answer))
    if (
        sum(n >= MIN_PER_CLASS for n in sizes.values()) < task.least_classes
    ):  # labels may go between the asking and the start
        raise RefusedError(
            _("A round can't start."),
            _("Without one of its folds too little is left to learn from."),
            _("Label at least {least} texts of each of {n} classes.").format(least=MIN_PER_CLASS, n=task.least_classes),
        )
    text = json.dumps([[item.example.id, item.stored] for item in items])
    return _Frozen(seq, items, answers, hashlib.sha256(text.encode()).hexdigest())


def _request(
    project: Project, settings: Any, task: Task[Any], frozen: _Frozen, base: Path, summary: RoundSummary
) -> RoundRequest:
    device.limit_threads(settings)
    with project.open(readonly=True) as con:
        sample = examples.sample_texts(con, 2000)
    made = space.prepare(project, settings, models.BASE, base, sample)
    _need_room(project.root, base)
    ids = [item.example.id for item in frozen.items]
    return RoundRequest(
        project,
        made,
        [item.example.text for item in frozen.items],
        frozen.answers,
        rounds.folds_of(ids, strata(task, frozen.answers), settings.round_folds, settings.seed),
        # a label changed while the round was interrupted makes it another set, and finished phases void
        frozen.set_hash,
        make_dir(project.rounds / f"work-{summary.number:03d}-{frozen.set_hash[:8]}"),
        settings,
        device.choose(settings),
    )


def _need_room(root: Path, base: Path) -> None:
    size = (base / "model.safetensors").stat().st_size
    free = shutil.disk_usage(root).free
    if free < ROOM * size:
        raise RefusedError(
            _("There is too little room on the disk for a round."),
            _("{free:.1f} GB are free; about {need:.1f} GB are needed.").format(
                free=free / 1e9, need=ROOM * size / 1e9
            ),
            _("Remove old checkpoints: handful clean DIR"),
        )


def _judge(
    context: JobContext,
    task: Task[Any],
    trainer: Trainer,
    request: RoundRequest,
    frozen: _Frozen,
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
    frozen: _Frozen,
    features: NDArray[Any],
    store: VectorStore,
) -> Incumbent | None:
    """The head on the untouched encoder as it answers while labelling, if it learns from more than the labels."""
    if not context.settings.draw_on_pool or not isinstance(trainer, DrawsOnPool):
        return None
    with context.project.open(readonly=True) as con:
        drawing = trainer.drawing_on(unlabelled_of(store, frozenset(examples.test_ids(con))))
    way = drawing.choose(features, frozen.answers, request.folds).unlabelled
    if not way:
        return None
    scored = out_of_fold(task, drawing, request.folds, frozen.answers, features, HeadRecipe(unlabelled=way))
    guesses = guesses_of(drawing, scored, frozen.answers)
    rows = [row for row, guess in enumerate(guesses) if guess is not None]
    right = sum(guesses[row] == frozen.answers[row] for row in rows)
    return Incumbent(_("the head in use"), right, rows)


def _judge_own(
    context: JobContext,
    task: Task[Any],
    trainer: OwnRounds,
    request: RoundRequest,
    frozen: _Frozen,
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


def _contender(trainer: Trainer, frozen: _Frozen, scored: Scored) -> tuple[Contender, HeadRecipe]:
    guesses = guesses_of(trainer, scored, frozen.answers)
    if not scored:
        return Contender(guesses, math.inf), HeadRecipe()
    recipe, loss = trainer.calibrate(
        [(head, scores) for _row, head, scores in scored], [frozen.answers[row] for row, _head, _scores in scored]
    )
    return Contender(guesses, loss), recipe


def _incumbent(project: Project, con: Connection, task: Task[Any], frozen: _Frozen) -> Incumbent | None:
    """The round in use, on those texts whose answers are still what it was judged by; None for the base encoder."""
    ref = models.encoder_in_use(con)
    found = None if ref == models.BASE else judged.load(project, inuse.source_name(ref), "out-of-fold")
    if found is None:
        return None
    place = {item.example.id: row for row, item in enumerate(frozen.items)}
    shared = [t for t in found.texts if t.example_id in place and frozen.items[place[t.example_id]].stored == t.gold]
    right = sum(task.decode(t.predicted) == task.decode(t.gold) for t in shared)
    return Incumbent(inuse.source_name(ref), right, [place[t.example_id] for t in shared])


def _story(
    summary: RoundSummary,
    frozen: _Frozen,
    request: RoundRequest,
    verdict: Verdict,
    recipe: HeadRecipe,
    seconds: float,
) -> dict[str, Any]:
    """Everything worth knowing about a round, kept beside its weights."""
    return {
        "round": summary.number,
        "verdict": verdict.words,
        "scores": verdict.scores,
        "tuning": request.recipe,
        "recipe": asdict(recipe),
        "n_labels": len(frozen.items),
        "event_seq": frozen.seq,
        "set_sha256": frozen.set_hash,
        "example_ids": [item.example.id for item in frozen.items],
        "base": {key: request.space.info[key] for key in BASE_FACTS},
        "settings": asdict(request.settings),
        "device": request.compute.name,
        "seconds": round(seconds, 2),
    }


def _publish(target: Path, encoder: Path, story: dict[str, Any]) -> None:
    """Move the finished encoder into place beside its story: one rename makes the round visible."""
    stage = encoder.parent
    publish_file(stage / rounds.STORY, json.dumps(story, indent=1).encode())
    for name in ("rows.npy", "scores.npy"):
        (stage / name).unlink(missing_ok=True)
    if not target.exists():
        fsync_path(stage)
        stage.rename(target)
        fsync_path(target.parent)


def _switch(context: JobContext, summary: RoundSummary, encoder_dir: Path, verdict: str) -> Iterator[JobEvent]:
    """Embed the pool with the tuned encoder first, so that the queue never goes without features; then use it."""
    project, settings = context.project, context.settings
    ref = str(summary.number)
    key = space_key(ref, settings)
    yield JobEvent("phase", {"name": "embed the pool with the tuned encoder"})
    for event in fill(project, settings, ref, encoder_dir, key):
        if event.kind == "progress":
            yield event
    with project.open() as con:
        models.use_encoder(con, ref, verdict)
        if meta.get(con, "space_key") != wanted_key(con, settings):
            yield JobEvent("note", {"text": "the settings changed meanwhile; the pool will be embedded again"})


ROUND = Round()
