"""The texts that other formats of numbers are held against: unlabelled ones, and labelled ones out of fold.

Run as `python -P -m exports.precision.bodies STAGE`, in a process of its own, for fitting heads needs the trainers. For
each fold a head is fitted that never saw it, on the stored features; put in place of the graph's own head it answers
the fold's texts. Texts of the test set are answered by the head that is shipped.
"""

import io
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import plugins
from core.project import Project
from core.publish import publish_file
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
from core.worker.learner import Labelled, labelled_rows
from exports import child
from exports.plan import Plan, read_plan
from exports.sampling import MAX_CHARS

BODIES, HEADS = "bodies.json", "heads.npz"
FILES = (BODIES, HEADS)
POOL = 2000
"""Unlabelled texts."""
HELD = 2000
"""Labelled texts, the newest, and as many of the test set."""
NEVER = -1e4
"""Bias of a class that a fold's head does not know: it is never answered."""


@dataclass(frozen=True, slots=True)
class Bodies:
    """What is answered by each graph."""

    pool: tuple[str, ...]
    held: tuple[str, ...]
    golds: tuple[str, ...]
    """Stored answers of `held`."""
    heads: NDArray[np.int64]
    """Which head answers each of `held`, [n]; -1: the graph's own."""
    weight: NDArray[np.float32]
    """[heads, classes, dim]"""
    bias: NDArray[np.float32]
    """[heads, classes]"""
    cuts: NDArray[np.float64]
    """Probability from which each class is answered, [heads, classes]; of no matter to a softmax."""
    learnt: bool
    """Whether the encoder has learnt from the labelled ones."""


def write(stage: Path, project: Project, plan: Plan, settings: Settings) -> None:
    """Choose the texts, fit the heads, and put both where `read` looks for them."""
    if plan.bio:
        _write_unseen(stage, project)
        return
    own = heads.load(Path(plan.head_dir))
    story = json.loads((Path(plan.head_dir) / heads.STORY).read_text(encoding="utf-8"))
    store = VectorStore(Path(plan.space_dir), int(plan.space["dim"]))
    with project.open(readonly=True) as con:
        task = project.task(con)
        pool = _unlabelled(examples.open_ids(con), POOL)
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
    publish_file(stage / BODIES, json.dumps(content).encode())
    publish_file(stage / HEADS, _aligned(own, fitted))


def _write_unseen(stage: Path, project: Project) -> None:
    """For models whose head is no linear layer over a text: labelled texts are those of the test set alone."""
    with project.open(readonly=True) as con:
        pool = _unlabelled(examples.open_ids(con), POOL)
        texts = [example.text[:MAX_CHARS] for example in examples.get(con, pool)]
        test = [item for item in examples.labelled(con, "test", learnable=True) if len(item.example.text) <= MAX_CHARS]
    content = {
        "pool": texts,
        "held": [item.example.text for item in test[-HELD:]],
        "golds": [item.stored for item in test[-HELD:]],
        "heads": [-1] * len(test[-HELD:]),
        "learnt": False,
    }
    publish_file(stage / BODIES, json.dumps(content).encode())
    out = io.BytesIO()
    none = np.zeros(0, np.float32)
    np.savez(out, weight=none, bias=none, cuts=none)
    publish_file(stage / HEADS, out.getvalue())


def read(stage: Path) -> Bodies:
    """What `write` wrote."""
    said = json.loads((stage / BODIES).read_text(encoding="utf-8"))
    with np.load(stage / HEADS, allow_pickle=False) as arrays:
        weight, bias, cuts = arrays["weight"], arrays["bias"], arrays["cuts"]
    which = np.array(said["heads"], np.int64)
    pool, held, golds = (tuple(said[name]) for name in ("pool", "held", "golds"))
    return Bodies(pool, held, golds, which, weight, bias, cuts, bool(said["learnt"]))


def _unlabelled(ids: Sequence[int], n: int) -> list[int]:
    """Evenly spread over all of them."""
    places = np.linspace(0, len(ids) - 1, min(len(ids), n)).round().astype(np.int64)
    return [ids[place] for place in places]


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


def _aligned(own: Head, fitted: Sequence[Head]) -> bytes:
    """All heads over the classes of the graph's own, in its order, as an npz file."""
    place = {class_id: row for row, class_id in enumerate(own.class_ids)}
    weight = np.zeros((len(fitted), *own.weight.shape), np.float32)
    bias = np.full((len(fitted), len(own.bias)), NEVER, np.float32)
    cuts = np.full(bias.shape, 0.5)
    for number, one in enumerate(fitted):
        rows = [place[class_id] for class_id in one.class_ids]
        weight[number, rows], bias[number, rows] = one.weight, one.bias
        if one.cuts:
            cuts[number, rows] = one.cuts
    out = io.BytesIO()
    np.savez(out, weight=weight, bias=bias, cuts=cuts)
    return out.getvalue()


def work(stage: Path) -> Iterator[JobEvent]:
    """As the plan in the stage says."""
    plan = read_plan(stage)
    project = Project(Path(plan.project))
    write(stage, project, plan, project.settings())
    yield JobEvent("result", {})


if __name__ == "__main__":
    sys.exit(child.main(work, sys.argv[1:]))
