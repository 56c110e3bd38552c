"""For each option one test that setting it changes what happens, at the lowest level where that can honestly be seen.

Rounds run as the worker runs them, on an encoder of two layers; each is compared with a round that differs in one
option alone, and a control says that equal options give equal rounds.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch

from core import clock, queue
from core.connection import Connection
from core.errors import InputError
from core.labelling import take_answers
from core.project import Project
from core.records import Job, JobEvent
from core.serving import Serving, overlap_of, serve
from core.settings import Settings, changed
from core.store import classes, examples, jobs, leases, meta, models
from core.tasks.spans import SPANS
from core.training import device, tune
from core.training import embed as embedding
from core.training.classify import ClassifyTrainer
from core.training.featurizer import Featurizer
from core.training.recipe import HeadRecipe
from core.vectors import VectorStore
from core.worker import learner
from core.worker.jobs.embed import EMBED
from core.worker.jobs.round import ROUND
from core.worker.learner import refresh
from core.worker.lock import WorkerLock
from core.worker.loop import Loop
from core.worker.protocol import JobContext, JobKind
from core.worker.refresh import Refresher
from core.worker.watch import Watch
from tests import tiny
from tests.e2e.conftest import give, set_options
from tui import pace
from tui.session import Session
from tui.spans.editor import begin

COVERED: dict[str, str] = {}
"""Option → the test about it."""
QUICK = {"epochs": 1, "max_steps": 3, "batch_size": 8, "learning_rate": 1e-2, "precision": "fp32"}
LABELLED = range(1, 25)

_Test = TypeVar("_Test", bound=Callable[..., None])


def about(*options: str) -> Callable[[_Test], _Test]:
    """Mark a test as the one about these options."""

    def mark(test: _Test) -> _Test:
        COVERED.update(dict.fromkeys(options, test.__name__))
        return test

    return mark


def test_every_option_has_a_test_that_it_changes_something() -> None:
    assert set(COVERED) == {option.name for option in fields(Settings)}


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """What a worker sets for itself must not stay set here."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def run(project: Project, kind: JobKind, **args: Any) -> list[JobEvent]:
    """Run a job in this process, as the worker does; returns all its events."""
    with project.open() as con:
        number = jobs.enqueue(con, kind.name, args)
    job = Job(number, kind.name, args, "running", 0.0)
    return list(kind.run(JobContext(project, job, project.settings())))


@pytest.fixture(scope="session")
def _embedded(_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The messages, embedded, 24 of them labelled."""
    root = tmp_path_factory.mktemp("embedded") / "mail"
    shutil.copytree(_made, root)
    project = Project(root)
    set_options(project, **QUICK)
    run(project, EMBED)
    give(project, LABELLED)
    return root


Fresh = Callable[..., Project]
"""(**options) → a project of its own with these options"""


@pytest.fixture
def fresh(_embedded: Path, tmp_path: Path) -> Fresh:
    made = 0

    def make(**options: object) -> Project:
        nonlocal made
        made += 1
        shutil.copytree(_embedded, tmp_path / f"mail-{made}")
        project = Project(tmp_path / f"mail-{made}")
        set_options(project, **options)
        return project

    return make


@dataclass(frozen=True)
class Trained:
    """What a round did."""

    phases: tuple[str, ...]
    steps: tuple[int, ...]
    """Optimiser steps planned in each phase."""
    losses: tuple[float, ...]
    """Loss of the last step of each phase."""


def trained(project: Project, **args: Any) -> Trained:
    """Run one round."""
    events = [event.payload for event in run(project, ROUND, **args) if event.kind in ("phase", "progress")]
    last = {step["what"]: step for step in events if "loss" in step}
    names = tuple(event["name"] for event in events if "number" in event)
    return Trained(names, tuple(last[n]["total"] for n in names), tuple(last[n]["loss"] for n in names))


@about(
    "learning_rate",
    "optimizer",
    "weight_decay",
    "dropout",
    "contrastive",
    "batch_size",
    "frozen",
    "fold_frozen",
    "tune_length",
    "seed",
)
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("learning_rate", 1e-3),
        ("optimizer", "sgd"),
        ("weight_decay", 1.0),
        ("dropout", 0.8),
        ("contrastive", 0.0),
        ("batch_size", 4),
        ("frozen", 0.5),
        ("fold_frozen", 0.0),
        ("tune_length", 8),
        ("seed", 7),
    ],
)
def test_a_round_learns_otherwise(fresh: Fresh, option: str, value: object) -> None:
    assert trained(fresh(**{option: value})).losses != trained(fresh()).losses


@about("blend")
def test_what_a_long_round_changed_is_kept_in_part(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tune, "SHORT", 1)
    monkeypatch.setattr(tune, "LONG", 2)
    told = {
        share: next(e.payload for e in run(fresh(blend=share, learning_rate=1e-2), ROUND) if e.kind == "result")
        for share in (0.0, 0.5, 1.0)
    }
    assert told[0.0]["log_loss"] == pytest.approx(told[0.0]["log_loss_untuned"], abs=0.02)
    assert len({one["log_loss"] for one in told.values()}) == 3
    assert len({one["log_loss_untuned"] for one in told.values()}) == 1


def test_equal_options_give_equal_rounds(fresh: Fresh) -> None:
    assert trained(fresh()) == trained(fresh())


@about("epochs")
def test_epochs_are_passes_over_the_labels(fresh: Fresh) -> None:
    assert trained(fresh(epochs=2, max_steps=1000)).steps == (4, 4, 6)
    assert trained(fresh(epochs=4, max_steps=1000)).steps == (8, 8, 12)


@about("max_steps")
def test_max_steps_bounds_a_fine_tuning(fresh: Fresh) -> None:
    assert trained(fresh(epochs=100, max_steps=2)).steps == (2, 2, 2)


@about("round_folds")
def test_round_folds_are_models_to_judge_by(fresh: Fresh) -> None:
    assert trained(fresh(round_folds=2)).phases == ("fold 1 of 2", "fold 2 of 2", "all labels")
    assert len(trained(fresh(round_folds=4)).phases) == 5


@about("folds")
def test_folds_are_how_the_head_is_judged(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = learner.out_of_fold
    seen: list[int] = []

    def spy(task: Any, trainer: Any, folds: np.ndarray[Any, Any], *rest: Any) -> Any:
        seen.append(len(np.unique(folds)))
        return judge(task, trainer, folds, *rest)

    monkeypatch.setattr(learner, "out_of_fold", spy)
    for folds in (2, 5):
        ranked(fresh(folds=folds))
    assert seen == [2, 5]


@about("augment")
def test_augment_changes_what_a_full_round_reads(fresh: Fresh) -> None:
    plain = trained(fresh(), recipe="full")
    assert trained(fresh(augment="drop"), recipe="full").losses != plain.losses
    assert trained(fresh(augment="none"), recipe="full") == plain


@about("patience")
def test_patience_ends_the_folds_of_a_full_round(fresh: Fresh) -> None:
    assert trained(fresh(epochs=25), recipe="full").steps == (50, 50, 75)
    assert max(trained(fresh(epochs=25, patience=1), recipe="full").steps) < 50


def test_options_for_one_round_stand_in_for_the_projects_and_are_stored_with_it(fresh: Fresh) -> None:
    project = fresh()
    given = {"epochs": 2, "optimizer": "sgd", "round_folds": 3}
    assert trained(project, recipe="full", options=given).steps == (4, 4, 4, 6)
    with project.open(readonly=True) as con:
        (summary,) = models.rounds(con)
        story = summary.info
    assert story["tuning"] == "full"
    assert {key: story["settings"][key] for key in given} == given
    assert story["settings"]["batch_size"] == QUICK["batch_size"]
    assert project.settings().optimizer == "adamw"


def test_a_recipe_nobody_knows_is_refused_before_a_round_begins(fresh: Fresh) -> None:
    project = fresh()
    with pytest.raises(InputError, match=r"classify\.magic"):
        run(project, ROUND, recipe="magic")
    with project.open(readonly=True) as con:
        assert models.rounds(con) == []


def vectors_of(project: Project) -> tuple[str, np.ndarray[Any, Any]]:
    """The name and the features of the space in force, in the order of ids."""
    with project.open(readonly=True) as con:
        name = str(meta.get(con, "space"))
    store = VectorStore(project.embeddings / name, tiny.HIDDEN)
    return name, np.asarray(store.vectors(), np.float32)[np.argsort(store.ids())]


@about("encoder")
def test_another_encoder_means_other_features(fresh: Fresh, tmp_path: Path) -> None:
    project = fresh()
    name, before = vectors_of(project)
    set_options(project, encoder=str(tiny.bert(tmp_path / "other", seed=1)))
    run(project, EMBED)
    other_name, after = vectors_of(project)
    assert other_name != name
    assert after.shape == before.shape
    assert not np.allclose(after, before, atol=0.05)


@about("max_length")
def test_longer_texts_are_cut(fresh: Fresh) -> None:
    project = fresh()
    name, before = vectors_of(project)
    set_options(project, max_length=8, windows=1)
    result = run(project, EMBED)[-1].payload
    other_name, after = vectors_of(project)
    assert result["cut"] == 1.0
    assert other_name != name
    assert not np.allclose(after, before, atol=0.01)


@about("windows")
def test_longer_texts_are_read_in_windows(fresh: Fresh) -> None:
    found = {}
    for most in (1, 2, 60):
        project = fresh(max_length=8, windows=most)
        result = run(project, EMBED)[-1].payload
        assert result["windowed"] == 1.0
        assert (result["cut"] > 0) == (most < 60)
        found[most] = vectors_of(project)[1]
    assert not np.allclose(found[1], found[2], atol=0.01)
    assert not np.allclose(found[2], found[60], atol=0.01)


@about("precision")
def test_precision_is_the_format_of_the_products(mail: Project, tmp_path: Path) -> None:
    found = {}
    for precision in ("fp32", "bf16"):
        project = Project(tmp_path / precision)
        shutil.copytree(mail.root, project.root)
        set_options(project, precision=precision)
        assert run(project, EMBED)[-1].payload["device"].endswith(precision)
        found[precision] = vectors_of(project)[1]
    assert not np.array_equal(found["fp32"], found["bf16"])
    assert np.allclose(found["fp32"], found["bf16"], atol=0.05)


@about("embed_batch")
def test_embed_batch_is_how_many_texts_go_together(
    mail: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    forward = Featurizer.forward

    def counting(self: Featurizer, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        seen.append(len(input_ids))
        return forward(self, input_ids, attention_mask)

    monkeypatch.setattr(Featurizer, "forward", counting)
    largest = []
    for size in (1, 64):
        project = Project(tmp_path / str(size))
        shutil.copytree(mail.root, project.root)
        set_options(project, embed_batch=size)
        seen.clear()
        run(project, EMBED)
        assert sum(seen) == 90
        largest.append(max(seen))
    assert largest[0] < 8
    assert largest[1] > 32


@about("device")
def test_device_says_where_to_compute(fresh: Fresh) -> None:
    absent = "cuda" if not torch.cuda.is_available() else "cuda:999"
    assert device.choose(changed(Settings(), "device", "cpu")).device.type == "cpu"
    with pytest.raises(InputError, match="no device called"):
        run(fresh(device=absent), ROUND)
    with pytest.raises(InputError, match="no device called"):
        run(fresh(device="cpu"), ROUND, device=absent)


@about("threads")
def test_threads_are_what_torch_may_use(fresh: Fresh) -> None:
    for threads in (1, 2):
        run(fresh(threads=threads), EMBED)
        assert torch.get_num_threads() == threads


def ranked(project: Project) -> list[Any]:
    """The queue after a refresh."""
    with project.open() as con:
        refresh(project, con)
        ranking = models.newest_ranking(con)
        assert ranking is not None
        path = project.scores / ranking.directory / queue.QUEUE
        assert queue.is_fresh(con, project.settings())
        assert path.is_file()
        return queue.upcoming(project, con, 1000)


@about("strategy")
def test_strategy_picks_the_texts(fresh: Fresh) -> None:
    margin = ranked(fresh(strategy="margin", queue_length=5, audit_share=0.0))[:5]
    typical = ranked(fresh(strategy="typical", queue_length=5, audit_share=0.0))[:5]
    assert {item.strategy for item in margin} == {"margin"}
    assert {item.strategy for item in typical} == {"typical"}
    assert [item.example_id for item in margin] != [item.example_id for item in typical]


@about("audit_share")
def test_audit_share_is_drawn_at_random(fresh: Fresh) -> None:
    for share, expected in ((0.0, 0), (1.0, 20)):
        items = ranked(fresh(strategy="auto", audit_share=share, queue_length=20))[:20]
        assert sum(item.probability is not None for item in items) == expected


@about("draw_on_pool")
def test_draw_on_pool_hands_the_head_texts_without_a_label(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[bool] = []
    choose = ClassifyTrainer.choose

    def watched(trainer: ClassifyTrainer, *asked: Any) -> HeadRecipe:
        handed.append(trainer.pool is not None)
        return choose(trainer, *asked)

    monkeypatch.setattr(ClassifyTrainer, "choose", watched)
    for allowed in (True, False):
        ranked(fresh(draw_on_pool=allowed))
    assert handed == [True, False]


@about("answer_above", "spot_check")
def test_what_the_model_answers_by_itself_is_only_spot_checked(fresh: Fresh) -> None:
    for above, share, expected in ((0.0, 1.0, 0), (0.001, 1.0, 20), (1.0, 1.0, 0)):
        items = ranked(fresh(answer_above=above, spot_check=share, audit_share=0.0, queue_length=20))[:20]
        assert sum(item.strategy == "spot-check" for item in items) == expected
    options = {"answer_above": 0.5, "audit_share": 0.0, "queue_length": 6}
    few, many = (ranked(fresh(**options, spot_check=share))[:6] for share in (0.0, 1.0))
    assert sum(i.strategy == "spot-check" for i in few) < sum(i.strategy == "spot-check" for i in many)


@about("queue_length")
def test_queue_length_is_how_many_are_lined_up(fresh: Fresh) -> None:
    for length in (3, 11):
        items = ranked(fresh(queue_length=length))
        assert sum(item.strategy != "unranked" for item in items) == length


@about("slice_by")
def test_slice_by_gives_every_value_its_own_metrics(fresh: Fresh) -> None:
    for column, expected in (("", {""}), ("lang", {"", "lang=de", "lang=en"})):
        project = fresh(slice_by=column)
        ranked(project)
        with project.open(readonly=True) as con:
            evaluation = models.newest_evaluation(con, "head", "test")
        assert evaluation is not None
        assert set(evaluation.counts) == expected


@about("open_classes")
def test_open_classes_lets_an_answer_make_a_class(mail: Project) -> None:
    line = ['{"id": 1, "label": "brand new"}']
    with mail.open() as con:
        task = mail.task(con)
        with pytest.raises(InputError, match="no class 'brand new'"):
            take_answers(con, task, changed(mail.settings(), "open_classes", "false"), line, "ada")
        assert "brand new" not in classes.ids(con)
        take_answers(con, task, changed(mail.settings(), "open_classes", "true"), line, "ada")
        assert "brand new" in classes.ids(con)


def rounds_asked_for(project: Project, con: Connection) -> int:
    """How many rounds the worker's duty has queued."""
    Refresher(project).tick()
    return sum(job.kind == "round" for job in jobs.active(con))


@about("round_every")
def test_round_every_is_when_a_round_starts_by_itself(fresh: Fresh) -> None:
    for every, expected in ((0, 0), (len(LABELLED) + 1, 0), (len(LABELLED), 1)):
        project = fresh(round_every=every)
        with project.open() as con:
            assert rounds_asked_for(project, con) == expected


@about("target")
def test_target_is_what_the_label_screen_counts_towards(mail: Project) -> None:
    for target, expected in ((0, "7 labelled"), (5, "7 labelled"), (100, "7 of 100 labelled")):
        set_options(mail, target=target)
        with Session.at(mail.root, "ada") as session:
            assert pace.progress(session, 7)[0][0] == expected


@about("idle_seconds")
@pytest.mark.parametrize("seconds", [1, 900])
def test_idle_seconds_is_how_long_a_worker_waits_for_work(
    mail: Project, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    waited = 0.0

    def sleep(span: float) -> None:
        nonlocal waited
        waited += span

    set_options(mail, idle_seconds=seconds)
    monkeypatch.setattr(clock, "sleep", sleep)
    monkeypatch.setattr(clock, "monotonic", lambda: 1000.0 + waited)
    lock = WorkerLock(mail.worker_lock)
    assert lock.acquire()
    watch = Watch(mail, lock, lambda: None)
    try:
        assert Loop(mail, lock, watch, lambda: False).run() == 0
    finally:
        watch.close()
    assert waited == pytest.approx(seconds, abs=0.2)


def test_the_ranking_is_renewed_when_an_option_that_shapes_it_moves(fresh: Fresh) -> None:
    project = fresh(strategy="margin")
    ranked(project)
    with project.open() as con:
        for option, value in (("strategy", "random"), ("audit_share", 0.5), ("queue_length", 7), ("seed", 5)):
            other = changed(project.settings(), option, value)
            assert not queue.is_fresh(con, other), option
        assert queue.is_fresh(con, changed(project.settings(), "epochs", 99))


def test_texts_are_embedded_once_whatever_else_is_set(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    project = fresh()
    with project.open() as con:
        total = examples.total(con)
    monkeypatch.setattr(embedding, "load_featurizer", lambda *_: pytest.fail("nothing is left to embed"))
    set_options(project, epochs=5, strategy="random", seed=3)
    assert run(project, EMBED)[-1].payload["texts"] == total


@about("overlap", "overlap_people")
def test_overlap_asks_so_many_texts_of_so_many_people(fresh: Fresh) -> None:
    for share, people, asked in ((0.0, 3, 1), (1.0, 2, 2), (1.0, 3, 3)):
        project = fresh(overlap=share, overlap_people=people)
        with project.open() as con:
            holders = [leases.Holder(name, name) for name in ("ada", "bo", "cy", "di")]
            (first, *_others) = examples.open_ids(con, 1)
            overlap = overlap_of(project.settings())
            assert [serve(con, Serving({first: {}}, who, overlap)) for who in holders].count((first,)) == asked


@about("span_overlap")
def test_span_overlap_says_which_spans_may_share_characters() -> None:
    inside, across = [[0, 10, "person"], [5, 10, "person"]], [[0, 7, "person"], [5, 10, "person"]]
    for allowed, fits in (("none", (False, False)), ("nested", (True, False)), ("any", (True, True))):
        task = SPANS.bound([], changed(Settings(), "span_overlap", allowed))
        for raw, taken in zip((inside, across), fits, strict=True):
            if taken:
                assert len(task.from_file(raw, {"person": 1}, "Anna Maria").spans) == 2
            else:
                with pytest.raises(InputError, match="share characters"):
                    task.from_file(raw, {"person": 1}, "Anna Maria")


@about("span_snap")
def test_span_snap_is_whether_words_are_marked_or_characters() -> None:
    for snap, expected in ((True, "Anna"), (False, "A")):
        options = changed(Settings(), "span_snap", snap)
        editor = begin("Anna flew", overlap=options.span_overlap, snap=options.span_snap)
        assert "Anna flew"[slice(*editor.at)] == expected
