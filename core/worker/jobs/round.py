"""The job `round`: fine-tune on the labels as they are now, judge, and keep the tuned encoder if it is not worse."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from core import clock, plugins, snapshots
from core.errors import RefusedError
from core.i18n import _
from core.project import Project
from core.publish import fsync_path, make_dir, publish_file
from core.records import JobEvent, RoundSummary
from core.settings import Settings, changed
from core.store import examples, labels, meta, models
from core.tasks.base import Task
from core.training import device, space
from core.training import round as rounds
from core.training.base import OwnRounds, Trainer
from core.training.recipe import HeadRecipe
from core.training.round import RoundRequest
from core.worker.contest import Frozen, judge, judge_own
from core.worker.jobs.embed import encoder_directory, fill
from core.worker.judging import strata
from core.worker.protocol import JobContext
from core.worker.rule import MIN_PER_CLASS, space_key, wanted_key
from core.worker.verdict import Verdict

BASE_FACTS = ("weights_sha256", "tokenizer_sha256", "model_type", "max_length", "windows", "overlap")
"""What a round's story tells of the space it started from."""
ROOM = 5
"""Times the encoder's size that must be free on the disk."""


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
                verdict, recipe = judge_own(context, task, trainer, request, frozen, summary)
                encoder = trainer.tuned_encoder(request)
            else:
                yield from rounds.run(request, trainer)
                verdict, recipe = yield from judge(context, task, trainer, request, frozen, summary)
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


def _freeze(project: Project, task: Task[Any], began: RoundSummary | None) -> Frozen:
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
    return Frozen(seq, items, answers, hashlib.sha256(text.encode()).hexdigest())


def _request(
    project: Project, settings: Any, task: Task[Any], frozen: Frozen, base: Path, summary: RoundSummary
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


def _story(
    summary: RoundSummary,
    frozen: Frozen,
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
