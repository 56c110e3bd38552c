"""A student: fewer layers or another encoder, taught by the model in use, held to the same gates."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from core import inuse
from core.errors import InputError, RefusedError
from core.project import Project
from core.store import examples
from core.store.labels import Decision, decide
from core.tasks.classify import ClassAnswer
from core.training.space import TOKENIZER
from core.vectors import VectorStore, rows_of
from exports import onnx_model, staging, student
from exports.job import EXPORT
from exports.plan import Plan, Student
from exports.precision import choosing, gates, held
from exports.production.features import Features
from exports.runtime.checks import checks
from exports.runtime.predictor import Predictor
from tests import tiny
from tests.export.making import fewer_texts, manifest_of, run

N = 24


@pytest.fixture(autouse=True, scope="module")
def _fewer_texts() -> Iterator[None]:
    with fewer_texts(N):
        yield


def plan_of(project: Project) -> Plan:
    with project.open(readonly=True) as con:
        model = inuse.model_in_use(project, con)
    encoder, space, head = (str(part) for part in (model.encoder_dir, model.space_dir, model.head_dir))
    return Plan(encoder, space, head, model.space, 1, [], project=str(project.root))


def test_layers_are_taken_evenly_and_never_all() -> None:
    assert student.kept_layers(6, 3) == [0, 2, 5]
    assert student.kept_layers(12, 1) == [0]
    assert student.kept_layers(2, 1) == [0]


def reading(plan: Plan) -> student.Reading:
    return student.Reading(plan.space, Path(plan.space_dir) / TOKENIZER)


def test_it_comes_nearer_to_the_model_in_use(taught: Project, tmp_path: Path) -> None:
    plan = plan_of(taught)
    small = onnx_model.load(plan)
    head = small.head.weight.detach().clone()
    assert student.shorten(small.featurizer.encoder, 1) == 2
    told = [loss for _step, loss in student.taught(small, student.lessons(tmp_path, plan, reading(plan)), steps=200)]
    assert sum(told[-5:]) < 0.8 * sum(told[:5])
    assert torch.equal(small.head.weight, head), "the head stays as it is"
    assert small.featurizer.encoder.config.num_hidden_layers == 1


def test_it_learns_from_texts_without_a_label_that_no_gate_asks_for(taught: Project, tmp_path: Path) -> None:
    plan = plan_of(taught)
    given = student.lessons(tmp_path, plan, reading(plan))
    with taught.open(readonly=True) as con:
        there = examples.open_ids(con)
    aside = held.kept_aside(tmp_path)
    assert aside is not None
    assert len(aside) == 2
    rest = [i for i in there if i not in aside]
    store = VectorStore(Path(plan.space_dir), int(plan.space["dim"]))
    rows = rows_of(store.ids(), np.array(rest, np.int64))
    assert np.array_equal(given.features, store.vectors()[rows].astype(np.float32))


def test_where_everything_is_labelled_nobody_can_be_taught(taught: Project, tmp_path: Path) -> None:
    shutil.copytree(taught.root, tmp_path / "project")
    project = Project(tmp_path / "project")
    with project.open() as con:
        task = project.task(con)
        decide(con, task, [Decision(i, task.encode(ClassAnswer(1))) for i in examples.open_ids(con)], "ada")
    plan = plan_of(project)
    with pytest.raises(RefusedError, match="no text that a student"):
        student.lessons(tmp_path, plan, reading(plan))


@pytest.mark.parametrize("build", [tiny.distilbert, tiny.roberta])
def test_another_encoder_is_led_to_the_features_and_then_comes_nearer(
    taught: Project, tmp_path: Path, build: Callable[..., Path]
) -> None:
    plan = plan_of(taught)
    small = onnx_model.load(plan)
    asked = Student(encoder="other", encoder_dir=str(build(tmp_path / "other", seed=7)))
    own, mapped = student.other(plan, asked, tmp_path)
    assert own.space["tokenizer_sha256"] == hashlib.sha256(own.tokenizer.read_bytes()).hexdigest()
    small.featurizer = mapped
    given = student.lessons(tmp_path, plan, own)
    before = next(student.taught(small, given, steps=1))[1]
    own, mapped = student.other(plan, asked, tmp_path)
    small.featurizer = mapped
    assert [done for done, _total in student.fit_map(mapped, given)][-1] == len(given.token_ids)
    fitted, *_rest = told = [loss for _step, loss in student.taught(small, given, steps=100)]
    assert fitted < 0.5 * before, "the map alone is worth a lot"
    assert sum(told[-5:]) < 0.8 * sum(told[:5])


def test_as_many_layers_as_there_are_make_no_student(taught: Project) -> None:
    small = onnx_model.load(plan_of(taught))
    with pytest.raises(InputError, match="fewer layers"):
        student.shorten(small.featurizer.encoder, 2)


@pytest.mark.usefixtures("lenient")
def test_a_student_with_fewer_layers_is_shipped_with_its_story(taught: Project, tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    result = run(taught, EXPORT, {"to": str(target), "layers": 1})[-1].payload
    said = manifest_of(target)
    assert said["precision"]["student"]["layers"] == 1
    assert "1 of 2 layers, taught" in result["precision"]["method"]
    assert json.loads((target / "config.json").read_text())["num_hidden_layers"] == 1
    assert said["encoder"]["name"] == "encoder"
    assert all(check.ok for check in checks(target))
    assert "taught by the model in use" in (target / "README.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_another_encoder_is_shipped_with_its_own_tokenizer_and_its_story(
    taught: Project, tmp_path: Path, precision: str
) -> None:
    target, small = tmp_path / "bundle", tiny.roberta(tmp_path / "small-one", seed=7)
    tiny.change_config(small, max_position_embeddings=26)
    weights = load_file(small / "model.safetensors")
    name = next(key for key in weights if key.endswith("position_embeddings.weight"))
    save_file(weights | {name: weights[name][:26].clone()}, small / "model.safetensors", {"format": "pt"})
    run(taught, EXPORT, {"to": str(target), "student": str(small), "precision": precision})
    said = manifest_of(target)
    assert said["encoder"]["name"] == "small-one"
    assert said["encoder"]["model_type"] == "roberta"
    assert said["encoder"]["weights_sha256"] == hashlib.sha256((small / "model.safetensors").read_bytes()).hexdigest()
    assert said["max_length"] == 24, "its own positions, less the two that RoBERTa leaves free"
    assert json.loads((target / "tokenizer.json").read_text())["model"]["type"] == "BPE"
    assert json.loads((target / "config.json").read_text())["model_type"] == "roberta"
    assert said["parity"]["ok"]
    assert said["parity"]["texts"] >= N
    made = said["precision"]["student"]
    assert made["encoder"] == "small-one"
    assert made["texts"] == 3, "one is longer than it reads at once"
    assert made["agreement"]["n"] == 2
    assert made["held"]["n"] > 0
    assert said["precision"]["name"] == precision
    assert all(check.ok for check in checks(target))
    assert {path.name for path in target.iterdir()} == {*said["files"], "handful.json"}
    card = (target / "README.md").read_text(encoding="utf-8")
    assert "small-one" in card
    assert "for 3 unlabelled texts. Of 2 others, kept aside" in card
    features = Features(target, Predictor(target), 1).of(["where is my refund"])[0]
    assert features.shape == (1, said["encoder"]["dim"])


def test_what_loses_too_much_is_refused_with_its_numbers(taught: Project, tmp_path: Path) -> None:
    target, small = tmp_path / "bundle", tiny.distilbert(tmp_path / "small-one", seed=7)
    with taught.open(readonly=True) as con:
        assert len(examples.open_ids(con)) == 6
    try:
        run(taught, EXPORT, {"to": str(target), "student": str(small)})
    except RefusedError as error:
        assert "small-one" in error.title  # noqa: PT017
        assert "answered as in fp32" in error.what or "macro-F1" in error.what  # noqa: PT017
        assert "another student" in error.hint  # noqa: PT017
        assert not target.exists()
        return
    made = manifest_of(target)["precision"]["student"]
    assert made["agreement"]["share"] >= gates.AGREE
    assert made["held"]["fall"] <= gates.FALL


def test_a_student_nobody_has_is_a_clear_error_before_anything_is_computed(
    taught: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_args: object) -> None:
        raise AssertionError

    monkeypatch.setattr(staging, "subject", never)
    with pytest.raises(InputError, match="no encoder in this place"):
        run(taught, EXPORT, {"to": str(tmp_path / "bundle"), "student": str(tmp_path / "nothing")})
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="not on this machine, and there is no network"):
        run(taught, EXPORT, {"to": str(tmp_path / "bundle"), "student": "nobody/nothing"})
    with pytest.raises(InputError, match="some layers of the model"):
        run(taught, EXPORT, {"to": str(tmp_path / "bundle"), "student": "minilm", "layers": 1})


def test_what_is_refused_says_how_it_was_made() -> None:
    same = {"n": 100, "share": 0.5}
    row = {"name": "student", "attempts": 1, "why": "50%", "method": "x", "agreement": same, "passed": False}
    assert "student" in choosing.refusal(row).title
