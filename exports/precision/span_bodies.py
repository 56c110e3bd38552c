"""The same texts where spans are marked: for each fold a tagger that never saw it, put in place of the graph's head."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.project import Project
from core.records import LabelledExample
from core.settings import Settings
from core.store import examples, models
from core.tags import begin, tag_count
from core.training import tagger
from core.training.round import folds_of
from core.training.space import Space
from core.training.tagger import Tagger
from core.training.words import store_of
from core.worker.judging import strata
from core.worker.tagging import marked, out_of_fold
from exports.plan import Plan
from exports.precision.held import HELD, NEVER, POOL, publish, spread
from exports.sampling import MAX_CHARS


def write(stage: Path, project: Project, plan: Plan, settings: Settings) -> None:
    """Choose the texts, fit the taggers, and put both where `exports.precision.held.read` looks for them.

    Longer texts than an export reads are left out: their spans might lie behind its end.
    """
    own = tagger.load(Path(plan.head_dir))
    there = store_of(Space(Path(plan.space_dir), plan.space)).load()
    with project.open(readonly=True) as con:
        task = project.task(con)
        pool = [example.text[:MAX_CHARS] for example in examples.get(con, spread(examples.open_ids(con), POOL))]
        answered, test = (
            examples.labelled(con, "pool", learnable=True),
            examples.labelled(con, "test", learnable=True),
        )
    known = marked(task, there, _known(own, task, answered))
    ids = [item.example.id for item in known.items]
    folds = folds_of(ids, strata(task, known.answers), settings.folds, settings.seed)
    unseen = out_of_fold(there, known, task, folds)[-HELD:]
    fitted = list({id(one.model): one.model for one in unseen}.values())
    place = {id(model): number for number, model in enumerate(fitted)}
    held, test = [known.items[one.row] for one in unseen], _known(own, task, test)[-HELD:]
    content = {
        "pool": pool,
        "held": [item.example.text for item in [*held, *test]],
        "golds": [item.stored for item in [*held, *test]],
        "heads": [*(place[id(one.model)] for one in unseen), *([-1] * len(test))],
        "learnt": plan.space["encoder"] != models.BASE,
    }
    publish(stage, content, aligned(own, fitted))


def _known(own: Tagger, task: Any, items: Sequence[LabelledExample]) -> list[LabelledExample]:
    """Those whose classes the model has, and that are read to their end."""
    ids, short = set(own.class_ids), [item for item in items if len(item.example.text) <= MAX_CHARS]
    return [item for item in short if ids.issuperset(task.classes_of(task.decode(item.stored)))]


def aligned(own: Tagger, fitted: Sequence[Tagger]) -> dict[str, NDArray[Any]]:
    """All taggers over the tags of the graph's own, in its order; a class that one does not know is never marked."""
    n, dim = len(own.bias), own.weight.shape[1]
    weight, bias = np.zeros((len(fitted), dim, n), np.float32), np.full((len(fitted), n), NEVER, np.float32)
    steps, cuts = np.zeros((len(fitted), n, 3)), np.full((len(fitted), len(own.class_ids)), 0.5)
    for number, one in enumerate(fitted):
        rows = tags_in(one.class_ids, own.class_ids)
        weight[number, :, rows], bias[number, rows] = one.weight, one.bias
        if one.steps is not None:
            steps[number, rows] = one.steps
    return {"weight": weight, "bias": bias, "cuts": cuts, "steps": steps}


def tags_in(some: Sequence[int], every: Sequence[int]) -> list[int]:
    """Where the tags of some classes are among those of more of them, [tags of some]."""
    rows = [0] * tag_count(len(some))
    for k, class_id in enumerate(some):
        at = begin(list(every).index(class_id))
        rows[begin(k)], rows[begin(k) + 1] = at, at + 1
    return rows
