"""Models that mark spans, in other formats of numbers: held to the same gates through their task."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.labelling import take_answers
from core.project import Project
from core.publish import make_dir
from core.training.tagger import Tagger
from core.worker.learners import refresh
from exports import staging
from exports.compare_job import PRECISIONS
from exports.job import EXPORT
from exports.precision import bodies, held, span_bodies, trial
from exports.precision.held import NEVER
from exports.runtime.checks import checks
from tests.export.making import fewer_texts, manifest_of
from tests.unit.spans.conftest import GOLD, encoder, fresh, run

__all__ = ["encoder", "fresh"]


@pytest.fixture(autouse=True, scope="module")
def _fewer_texts() -> Iterator[None]:
    with fewer_texts(24):
        yield


def test_spans_are_marked_alike_in_integers(fresh: Callable[..., Project]) -> None:
    project = fresh(max_length=32)
    with project.open() as con:
        lines = [json.dumps({"text": text, "spans": spans}) for text, spans in list(GOLD.items())[:20]]
        take_answers(con, project.task(con), project.settings(), lines, "ada")
        refresh(project, con)
    rows = run(project, PRECISIONS, names=["int8"])[-1].payload["rows"]
    assert [row["name"] for row in rows] == ["fp32", "int8"]
    assert rows[1]["agreement"]["n"] == len(GOLD) - 20
    assert rows[1]["passed"], rows[1]["why"]
    assert rows[1]["held"]["n"] == 20  # no test set: each by a tagger that had not seen it
    assert rows[1]["held"]["before"] > 0.5
    target = project.root.parent / "bundle"
    run(project, EXPORT, to=str(target), precision="int8")
    found = list(checks(target))
    assert all(check.ok for check in found), found
    assert manifest_of(target)["precision"]["name"] == "int8"


def test_taggers_of_folds_lie_over_the_tags_of_the_graph_s_own() -> None:
    rng = np.random.default_rng(0)
    own = Tagger((3, 5, 8), rng.normal(0, 1, (7, 4)).astype(np.float32), np.zeros(7, np.float32))
    part = Tagger(
        (8, 3), rng.normal(0, 1, (5, 4)).astype(np.float32), np.arange(5, dtype=np.float32), rng.random((5, 3))
    )
    assert span_bodies.tags_in((8, 3), (3, 5, 8)) == [0, 5, 6, 1, 2]
    found = span_bodies.aligned(own, [part])
    assert np.array_equal(found["weight"][0].T[[0, 5, 6, 1, 2]], part.weight)
    assert found["bias"][0].tolist() == [0, 3, 4, NEVER, NEVER, 1, 2]
    assert np.array_equal(found["steps"][0][[0, 5, 6, 1, 2]], part.steps)


def test_a_graph_over_words_takes_another_head(fresh: Callable[..., Project], tmp_path: Path) -> None:
    project = fresh(max_length=32)
    with project.open() as con:
        lines = [json.dumps({"text": text, "spans": spans}) for text, spans in list(GOLD.items())[:20]]
        take_answers(con, project.task(con), project.settings(), lines, "ada")
        refresh(project, con)
    stage = make_dir(tmp_path / "stage")
    for _event in staging.staged(staging.subject(project, project.settings(), stage), stage):
        pass
    list(bodies.work(stage))
    found, known = held.read(stage), trial._trial(stage)
    assert (len(found.held), set(found.heads.tolist())) == (20, {0, 1, 2})
    graph = known.graph("fp32", stage / "model.onnx")
    first = found.fitted[0]
    bias = np.full_like(first.bias, NEVER)
    bias[3] = 0.0  # each word begins the second class
    answers = graph.answers_of_head(known.task, ["a b"], held.OpenHead(0 * first.weight, bias, first.cuts))
    assert [(s.start, s.end, s.label) for s in answers[0].spans] == [(0, 1, 2), (2, 3, 2)]
