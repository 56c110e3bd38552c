"""What the simulated project says about its model in use, and what is true of that model on the whole pool.

The first is what the screens show; the second nobody in the project can know.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core import inuse, judged, plugins
from core.connection import Connection
from core.errors import RefusedError
from core.evaluation.collect import collect
from core.evaluation.report import macro_f1, reports
from core.project import Project
from core.records import Source
from core.simulation.gold import Pool
from core.simulation.judge import class_ids
from core.store import classes, examples, models
from core.tasks.base import Task
from core.training import head as heads
from core.training.base import Trainer
from core.vectors import VectorStore, rows_of
from core.worker import learners

SOURCE: Source = "audit"
"""A simulated project has no test set: its numbers rest on what was drawn at random."""


@dataclass(frozen=True, slots=True)
class Said:
    """The project's own numbers beside the true ones; None where it says that too few tell, or there is no model."""

    estimate: float | None = None
    """Accuracy of the model in use on the whole pool."""
    interval: tuple[float, float] | None = None
    """90 %."""
    source: str = ""
    """What evidence it rests on; empty if nothing was judged."""
    effective: int = 0
    """Drawn texts that were judged; all weigh the same, so as many tell."""
    macro_f1_estimate: float | None = None
    macro_f1_interval: tuple[float, float] | None = None
    least: int = 0
    """Drawn texts of the class with fewest of them, of those that any labelled text has."""
    accuracy_pool: float | None = None
    """True accuracy on the whole pool."""
    macro_f1_pool: float | None = None
    """True mean F1 over the classes that occur in the pool; one that was never met counts as 0."""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "estimate": self.estimate,
            "interval": self.interval,
            "source": self.source,
            "effective": self.effective,
            "macro_f1_estimate": self.macro_f1_estimate,
            "macro_f1_interval": self.macro_f1_interval,
            "least_of_a_class": self.least,
            "accuracy_pool": self.accuracy_pool,
            "macro_f1_pool": self.macro_f1_pool,
        }


def said(project: Project, con: Connection, pool: Pool) -> Said:
    """Both for the model in use as it stands."""
    try:
        model = inuse.model_in_use(project, con)
    except RefusedError:  # too few labels to learn from
        return Said()
    task = project.task(con)
    accuracy, f1 = _truth(con, task, model, pool)
    evaluation = models.newest_evaluation(con, model.name, SOURCE)
    if evaluation is None:
        return Said(accuracy_pool=accuracy, macro_f1_pool=f1)
    behind = judged.beside(judged.behind(project, evaluation))
    report = reports(task, evaluation, classes.names(con), *behind)[0]
    met = classes.counts(con)
    least = min((c.support for c in report.classes if met.get(c.class_id)), default=0)
    told = report if report.enough else None
    return Said(
        told.accuracy if told else None,
        told.accuracy_interval if told else None,
        SOURCE,
        report.n,
        told.macro_f1 if told else None,
        told.macro_f1_interval if told else None,
        least,
        accuracy,
        f1,
    )


def _truth(
    con: Connection, task: Task[Any], model: inuse.ModelInUse, pool: Pool
) -> tuple[float, float] | tuple[None, None]:
    """None for a task whose model does not go by the stored features of whole texts."""
    if learners.own(con) is not None:
        return None, None
    trainer: Trainer = plugins.load(plugins.TRAINERS, task.name)
    head = heads.load(model.head_dir)
    store = VectorStore(model.space_dir, int(model.space["dim"]))
    there = [example for example in examples.walk(con) if example.text in pool.answers]
    rows = rows_of(store.ids(), np.array([example.id for example in there], np.int64))
    scores = trainer.scores(head, store.vectors()[rows])
    ids = class_ids(task, pool.answers.values(), classes.ids(con))
    golds = [task.from_file(pool.answers[example.text], ids, example.text) for example in there]
    guesses = [task.from_scores(one.tolist(), head.class_ids, head.cuts) for one in scores]
    cells = collect(task, ((gold, guess, "") for gold, guess in zip(golds, guesses, strict=True)))[""]
    occurring = sorted({class_id for gold in golds for class_id in task.classes_of(gold)})
    return task.correct(cells) / len(golds), macro_f1(task.class_counts(cells, occurring)) or 0.0
