"""The texts that other formats of numbers are held against: unlabelled ones, and labelled ones out of fold.

Run as `python -P -m exports.precision.bodies STAGE`, in a process of its own, for fitting heads needs the trainers. For
each fold a head is fitted that never saw it, on the stored features; put in place of the graph's own head it answers
the fold's texts. Texts of the test set are answered by the head that is shipped.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import plugins
from core.project import Project
from core.records import JobEvent, LabelledExample
from core.settings import Settings
from core.store import examples, models
from core.tasks.base import Task
from core.training import head as heads
from core.training.head import Head
from core.training.recipe import HeadRecipe
from core.training.round import folds_of
from core.vectors import VectorStore
from core.worker.judging import out_of_fold, strata
from core.worker.moment import Labelled, labelled_rows
from exports import child
from exports.plan import Plan, read_plan
from exports.precision import span_bodies
from exports.precision.held import HELD, NEVER, POOL, kept_aside, publish, spread
from exports.sampling import MAX_CHARS


def write(stage: Path, project: Project, plan: Plan, settings: Settings) -> None:
    """Choose the texts, fit the heads, and put both where `read` looks for them."""
    if plan.bio:
        span_bodies.write(stage, project, plan, settings)
        return
    own = heads.load(Path(plan.head_dir))
    story = json.loads((Path(plan.head_dir) / heads.STORY).read_text(encoding="utf-8"))
    store = VectorStore(Path(plan.space_dir), int(plan.space["dim"]))
    with project.open(readonly=True) as con:
        task = project.task(con)
        pool = kept_aside(stage)
        pool = spread(examples.open_ids(con), POOL) if pool is None else pool
        texts = [example.text[:MAX_CHARS] for example in examples.get(con, pool)]
        answered = _known(task, own, examples.labelled(con, learnable=True))[-HELD:]
        test = _known(task, own, examples.labelled(con, "test", learnable=True))[-HELD:]
    known = labelled_rows(task, store.ids(), answered)
    fitted, of_row = _fold_heads(task, known, np.asarray(store.vectors()[known.rows]), story, settings)
    judged = [known.items[row] for row in of_row]
    content = {
        "pool": texts,
        "held": [item.example.text[:MAX_CHARS] for item in [*judged, *test]],
        "golds": [item.stored for item in [*judged, *test]],
        "heads": [*of_row.values(), *([-1] * len(test))],
        "learnt": plan.space["encoder"] != models.BASE,
    }
    publish(stage, content, _aligned(own, fitted))


def _known(task: Task[Any], own: Head, items: Sequence[LabelledExample]) -> list[LabelledExample]:
    """Those whose classes the model has."""
    ids = set(own.class_ids)
    return [item for item in items if ids.issuperset(task.classes_of(task.decode(item.stored)))]


def _fold_heads(
    task: Task[Any], known: Labelled, features: NDArray[Any], story: dict[str, Any], settings: Settings
) -> tuple[list[Head], dict[int, int]]:
    """(heads, row → place of the head that has not seen it)."""
    trainer = plugins.load(plugins.TRAINERS, task.name)
    recipe = HeadRecipe.from_json(story["recipe"]) if "recipe" in story else HeadRecipe()
    ids = [item.example.id for item in known.items]
    folds = folds_of(ids, strata(task, known.answers), settings.folds, settings.seed)
    scored = out_of_fold(task, trainer, folds, known.answers, features, recipe)
    fitted: list[Head] = []
    of_row: dict[int, int] = {}
    for row, one, _scores in scored:
        if not fitted or fitted[-1] is not one:
            fitted.append(one)
        of_row[row] = len(fitted) - 1
    return fitted, of_row


def _aligned(own: Head, fitted: Sequence[Head]) -> dict[str, NDArray[Any]]:
    """All heads over the classes of the graph's own, in its order."""
    place = {class_id: row for row, class_id in enumerate(own.class_ids)}
    weight = np.zeros((len(fitted), *own.weight.shape), np.float32)
    bias = np.full((len(fitted), len(own.bias)), NEVER, np.float32)
    cuts = np.full(bias.shape, 0.5)
    for number, one in enumerate(fitted):
        rows = [place[class_id] for class_id in one.class_ids]
        weight[number, rows], bias[number, rows] = one.weight, one.bias
        if one.cuts:
            cuts[number, rows] = one.cuts
    return {"weight": weight, "bias": bias, "cuts": cuts}


def work(stage: Path) -> Iterator[JobEvent]:
    """As the plan in the stage says."""
    plan = read_plan(stage)
    project = Project(Path(plan.project))
    write(stage, project, plan, project.settings())
    yield JobEvent("result", {})


if __name__ == "__main__":
    sys.exit(child.main(work, sys.argv[1:]))
