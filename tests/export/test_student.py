"""A student: fewer layers, taught by the model in use, held to the same gates."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from core import inuse
from core.errors import InputError, RefusedError
from core.project import Project
from exports import onnx_model, student
from exports.job import EXPORT
from exports.plan import Plan
from exports.precision import choosing
from exports.runtime.checks import checks
from tests.export.making import fewer_texts, manifest_of, run

N = 24


@pytest.fixture(autouse=True, scope="module")
def _fewer_texts() -> Iterator[None]:
    with fewer_texts(N):
        yield


def plan_of(project: Project) -> Plan:
    with project.open(readonly=True) as con:
        model = inuse.model_in_use(project, con)
    parts = [str(part) for part in (model.encoder_dir, model.space_dir, model.head_dir)]
    return Plan(*parts, model.space, 1, [], project=str(project.root))


def test_layers_are_taken_evenly_and_never_all() -> None:
    assert student.kept_layers(6, 3) == [0, 2, 5]
    assert student.kept_layers(12, 1) == [0]
    assert student.kept_layers(2, 1) == [0]


def test_it_comes_nearer_to_the_model_in_use(taught: Project) -> None:
    plan = plan_of(taught)
    small = onnx_model.load(plan)
    head = small.head.weight.detach().clone()
    assert student.shorten(small.featurizer.encoder, 1) == 2
    told = [loss for _step, loss in student.taught(small, student.lessons(plan), steps=200)]
    assert sum(told[-5:]) < 0.8 * sum(told[:5])
    assert torch.equal(small.head.weight, head), "the head stays as it is"
    assert small.featurizer.encoder.config.num_hidden_layers == 1


def test_as_many_layers_as_there_are_make_no_student(taught: Project) -> None:
    small = onnx_model.load(plan_of(taught))
    with pytest.raises(InputError, match="fewer layers"):
        student.shorten(small.featurizer.encoder, 2)


def test_a_student_that_passes_is_shipped_with_its_story_else_refused_with_numbers(
    taught: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "bundle"
    refused = None
    try:
        result = run(taught, EXPORT, {"to": str(target), "layers": 1})[-1].payload
    except RefusedError as error:
        refused = error
    if refused is not None:
        assert "1 of 2 layers" in refused.title
        assert "answered as in fp32" in refused.what or "macro-F1" in refused.what
        assert not target.exists()
        return
    said = manifest_of(target)
    assert said["precision"]["student"]["layers"] == 1
    assert "1 of 2 layers, taught" in result["precision"]["method"]
    assert all(check.ok for check in checks(target))
    assert "taught by the whole model" in (target / "README.md").read_text(encoding="utf-8")


def test_what_is_refused_says_how_it_was_made() -> None:
    same = {"n": 100, "share": 0.5}
    row = {"name": "student", "attempts": 1, "why": "50%", "method": "x", "agreement": same, "passed": False}
    assert "student" in choosing.refusal(row).title
