"""TEST: held-out texts on which the model in use is looked at from outside.

They lie in a project of their own, so that nothing about them, their number included, can reach the project that is
simulated: that one is only read. What the embedding takes from a project (a sample of its texts, from which follows
whether the encoder can read them) is taken from the simulated one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import inuse, plugins
from core.connection import Connection
from core.errors import RefusedError
from core.evaluation.collect import collect
from core.project import Project
from core.records import ClassCounts, JobEvent
from core.simulation.gold import GoldFile
from core.store import classes, examples, meta
from core.tasks.base import Task
from core.training import device, space
from core.training import head as heads
from core.training.base import Trainer
from core.training.embed import embed_pool
from core.vectors import VectorStore, rows_of
from core.worker import learners
from core.worker.jobs.embed import SAMPLE


@dataclass(frozen=True, slots=True)
class Scores:
    """How the model in use does on TEST."""

    model: str | None
    """What it is called; None before there is one, and then nothing is right."""
    accuracy: float
    macro_f1: float
    """Mean F1 over all classes that occur in TEST; one that was never met counts as 0."""
    per_class_f1: Mapping[str, float]
    """By the names of those classes."""
    micro_f1: float = 0.0
    """F1 of all classes' counts together; where spans are marked, that of entities."""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


class Exam:
    """The held-out texts, their gold, and their features in every space that was asked about."""

    def __init__(self, project: Project, file: GoldFile) -> None:
        """`project` holds the file's texts, as its pool."""
        self._project = project
        self._texts, self._gold = file.texts, file.answers
        with project.open(readonly=True) as con:
            ids = {example.text: example.id for example in examples.walk(con)}
        self._read: dict[str, Any] = {}
        """By space: the texts as a learner of the task's own needs them."""
        self._ids = np.array([ids[text] for text in file.texts], np.int64)

    def embed(self, simulated: Project, con: Connection) -> Iterator[JobEvent]:
        """Give the texts their features in the space that is in force in the simulated project, if they lack them."""
        settings = simulated.settings()
        in_force = space.load(simulated, meta.get(con, "space"))
        made = space.prepare(
            self._project,
            settings,
            in_force.encoder,
            in_force.encoder_dir(simulated),
            examples.sample_texts(con, SAMPLE),
        )
        if made.fingerprint != in_force.fingerprint:
            raise AssertionError(made.fingerprint)
        device.limit_threads(settings)
        yield from embed_pool(self._project, made, settings, device.choose(settings))

    def scores(self, simulated: Project, con: Connection) -> Scores:
        """Judge the published model; `embed` was called since its space is in force."""
        task = simulated.task(con)
        ids = class_ids(task, self._gold, classes.ids(con))
        golds = [task.from_file(raw, ids, text) for text, raw in zip(self._texts, self._gold, strict=True)]
        found = {class_id for gold in golds for class_id in task.classes_of(gold)}
        occurring = {name: class_id for name, class_id in ids.items() if class_id in found}
        try:
            model = inuse.model_in_use(simulated, con)
        except RefusedError:  # too few labels to learn from: nothing is predicted, so nothing is right
            return Scores(None, 0.0, 0.0, dict.fromkeys(sorted(occurring), 0.0))
        guesses = self._guesses(simulated, con, task, model)
        cells = collect(task, ((gold, guess, "") for gold, guess in zip(golds, guesses, strict=True)))[""]
        names = sorted(occurring)
        counts = task.class_counts(cells, [occurring[name] for name in names])
        f1 = {name: c.f1 or 0.0 for name, c in zip(names, counts, strict=True)}
        macro = sum(f1.values()) / len(f1) if f1 else 0.0
        every = task.class_counts(cells, sorted(ids.values()))
        return Scores(model.name, task.correct(cells) / len(golds), macro, f1, sum(every, ClassCounts(0)).f1 or 0.0)

    def _guesses(self, simulated: Project, con: Connection, task: Task[Any], model: inuse.ModelInUse) -> list[Any]:
        learner, space = learners.own(con), str(model.space["fingerprint"])
        if learner is not None:
            if space not in self._read:
                self._read[space] = learner.read(simulated, model, self._texts)
            return learner.answers(model, self._read[space])
        head = heads.load(model.head_dir)
        trainer: Trainer = plugins.load(plugins.TRAINERS, task.name)
        scores = trainer.scores(head, self._features(model.space))
        return [task.from_scores(row.tolist(), head.class_ids, head.cuts) for row in scores]

    def _features(self, in_space: Mapping[str, Any]) -> NDArray[np.float16]:
        """[texts, dim]"""
        store = VectorStore(self._project.embeddings / str(in_space["fingerprint"]), int(in_space["dim"]))
        return np.asarray(store.vectors()[rows_of(store.ids(), self._ids)])


def class_ids(task: Task[Any], golds: Iterable[Any], known: Mapping[str, int]) -> dict[str, int]:
    """name → id of the classes in these answers in file form; names the project has not met get numbers below zero."""
    names = dict.fromkeys(name for raw in golds for name in task.names_in(raw))
    unmet = [name for name in names if name not in known]
    return {name: known[name] for name in names if name in known} | {name: -n for n, name in enumerate(unmet, 1)}
