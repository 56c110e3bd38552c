"""From a project to a bundle, with all its processes."""

import hashlib
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from tokenizers import Tokenizer
from transformers import AutoConfig, PreTrainedTokenizerFast
from transformers.exporters import ExportedModel

from core import demo, inuse
from core.errors import InputError, RefusedError
from core.project import Project
from core.records import Job, JobEvent
from core.store import models
from core.training import head
from core.vectors import VectorStore
from core.windows import Windows
from core.worker.protocol import JobContext
from exports import onnx_model, parity, probes, reference, sampling, staging
from exports.job import EXPORT
from exports.layouts.base import lay_out
from exports.layouts.transformers import TRANSFORMERS
from exports.plan import Plan
from exports.runtime.checks import checks
from exports.runtime.predictor import Predictor
from tests import tiny
from tests.conftest import POOL, AddTexts
from tests.export.making import fewer_texts, manifest_of, run, teach
from tests.nasty import STORABLE

N = 48
"""Texts for parity in most of these tests; the full number is tried on a slow day."""


@dataclass(frozen=True)
class Made:
    """One export, and the staging directory as it was just before it was published."""

    project: Project
    bundle: Path
    events: list[JobEvent]
    stage: Path


@pytest.fixture(autouse=True, scope="module")
def _fewer_texts() -> Iterator[None]:
    with fewer_texts(N):
        yield


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A tiny BERT with the sketch (one of fifteen texts is Chinese), exported."""
    root = tmp_path_factory.mktemp("made")
    shutil.copytree(template, root / "project")
    project = teach(Project(root / "project"), str(tiny.bert(root / "encoder")), max_length=64)
    events: list[JobEvent] = []
    target = root / "out" / "bundle"
    job = Job(1, "export", {"to": str(target)}, "running", 0.0)
    before = os.umask(0)
    try:
        for event in EXPORT.run(JobContext(project, job, project.settings())):
            events.append(event)
            if event.payload.get("name") == "publish":
                (stage,) = target.parent.glob(".stage-*")
                shutil.copytree(stage, root / "stage")
    finally:
        os.umask(before)
    return Made(project, target, events, root / "stage")


@pytest.fixture
def stage(made: Made, tmp_path: Path) -> Path:
    """A copy of the staging directory, to be damaged."""
    return shutil.copytree(made.stage, tmp_path / "stage")


def resign(stage: Path) -> None:
    said = manifest_of(stage)
    for name in said["files"]:
        said["files"][name]["sha256"] = hashlib.sha256((stage / name).read_bytes()).hexdigest()
    (stage / "handful.json").write_text(json.dumps(said), encoding="utf-8")


def perturb(model_file: Path) -> None:
    """Add 1e-2 to one weight of the head, the one that counts most on these texts."""
    model = onnx.load(model_file)
    (bias,) = [t for t in model.graph.initializer if t.name.endswith("head.bias")]
    values = numpy_helper.to_array(bias).copy()
    values[0] += 1e-2
    bias.CopyFrom(numpy_helper.from_array(values, bias.name))
    onnx.save(model, model_file)


def test_the_phases_come_in_order_and_progress_often(made: Made) -> None:
    assert [e.payload["name"] for e in made.events if e.kind == "phase"] == ["load", "graph", "parity", "publish"]
    assert sum(e.kind == "progress" for e in made.events) >= 3
    assert made.events[-1].kind == "result"


def test_the_result_has_the_numbers_and_the_bundle_is_written_down(made: Made) -> None:
    result = made.events[-1].payload
    assert result["path"] == str(made.bundle)
    assert result["model"] == "head"
    assert result["size_bytes"] == sum(p.stat().st_size for p in made.bundle.iterdir())
    assert result["parity"]["ok"] is True
    assert result["parity"]["texts"] == N + sampling.LONG
    assert result["parity"]["windowed"] >= sampling.LONG, "no text of this project is longer than a window"
    assert result["parity"]["max_abs_diff"] <= 1e-5
    assert result["parity"]["flips"] == 0
    assert result["parity"]["features_compared"] == len(POOL) + 3
    assert result["parity"]["features_cosine"] > 0.99
    with made.project.open(readonly=True) as con:
        ((path, info, _when),) = models.bundles(con)
    assert path == str(made.bundle)
    assert info == result


def test_a_bundle_holds_these_files_and_they_are_private(made: Made) -> None:
    names = sorted(p.name for p in made.bundle.iterdir())
    assert names == ["README.md", "config.json", "handful.json", "model.onnx", "predict.py", "tokenizer.json"]
    assert sorted(manifest_of(made.bundle)["files"]) == [n for n in names if n != "handful.json"]
    assert stat.S_IMODE(made.bundle.stat().st_mode) == 0o700
    assert stat.S_IMODE(made.bundle.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in made.bundle.iterdir()} == {0o600}
    assert [p.name for p in made.bundle.parent.iterdir()] == ["bundle"]


def test_S6_no_text_of_the_project_and_no_place_of_this_machine_is_in_it(made: Made) -> None:
    assert set(POOL) <= set(reference.read(made.stage).texts)
    for path in made.bundle.iterdir():
        content = path.read_bytes()
        for text in POOL:
            if len(text) > 10:
                assert text.encode() not in content
        assert str(made.project.root.parent).encode() not in content


def test_it_keeps_every_promise_of_its_contract(made: Made) -> None:
    found = list(checks(made.bundle))
    assert [check.name for check in found] == ["schema", "files", "graph", "tokenizer", "probes"]
    assert all(check.ok for check in found), found
    tried = manifest_of(made.bundle)["probes"]["texts"]
    assert tried
    assert not {probe["text"] for probe in tried} & set(POOL)


def test_it_answers_as_the_project_does(made: Made) -> None:
    """Through the whole of training's side: stored features, head, softmax."""
    with made.project.open(readonly=True) as con:
        model = inuse.model_in_use(made.project, con)
    stored = VectorStore(model.space_dir, int(model.space["dim"]))
    expected = head.load(model.head_dir).logits(stored.vectors()[: len(POOL)])
    np.testing.assert_allclose(Predictor(made.bundle).logits(POOL), expected, atol=0.02)


def test_X1_the_parity_check_saw_what_torch_gives(made: Made) -> None:
    known = reference.read(made.stage)
    with made.project.open(readonly=True) as con:
        model = inuse.model_in_use(made.project, con)
    plan = Plan(str(model.encoder_dir), str(model.space_dir), str(model.head_dir), model.space, 1, [])
    whole = onnx_model.load(plan)
    tokenizer = Tokenizer.from_file(str(model.space_dir / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(64, stride=8)
    for i in (*range(10), *range(N, N + sampling.LONG)):
        first = tokenizer.encode(known.texts[i])
        windows = [first.ids, *(one.ids for one in first.overflowing)][:4]
        assert (len(windows) > 1) == (i >= N)
        with torch.inference_mode():
            logits = [
                whole(torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.int64))["logits"] for ids in windows
            ]
        np.testing.assert_allclose(known.logits[i], torch.cat(logits).mean(0).numpy(), atol=1e-5)


def test_plain_onnxruntime_and_the_shipped_tokenizer_are_enough(made: Made) -> None:
    texts = [*POOL, "", "x " * 30, "退" * 300, "👩‍👩‍👧‍👦 \x00 \u202e"]
    tokenizer = Tokenizer.from_file(str(made.bundle / "tokenizer.json"))
    encoded = tokenizer.encode_batch(texts)
    feed = {
        "input_ids": np.array([e.ids for e in encoded]),
        "attention_mask": np.array([e.attention_mask for e in encoded]),
    }
    assert feed["input_ids"].shape[1] == 64
    whole = [i for i, one in enumerate(encoded) if not one.overflowing]
    assert len(whole) == len(texts) - 1
    run = onnxruntime.InferenceSession(str(made.bundle / "model.onnx"), providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(run.run(None, feed)[0][whole], Predictor(made.bundle).logits(texts)[whole], atol=1e-5)


def test_X2_any_text_has_the_same_ids_in_serving_as_in_training(made: Made) -> None:
    with made.project.open(readonly=True) as con:
        model = inuse.model_in_use(made.project, con)
    rng = np.random.default_rng(0)
    letters = rng.integers(32, 0x3000, (2000, 12)).tolist()
    texts = [*STORABLE, *demo.texts(), *("".join(map(chr, row)) for row in letters), "长文 " * 20_000, "x" * 1_000_000]
    windows = Windows.of(model.space)
    expected = windows.cut(windows.tokenizer(model.space_dir / "tokenizer.json"), texts)
    assert {len(text) for text in expected} >= {1, 4}
    assert Predictor(made.bundle).windows(texts) == expected


def test_transformers_reads_its_config(made: Made) -> None:
    config = AutoConfig.from_pretrained(made.bundle, local_files_only=True, trust_remote_code=False)
    assert config.model_type == "bert"
    assert config.id2label == {0: "refund", 1: "login", 2: "speed"}
    assert config.num_labels == 3


def test_X1_one_weight_off_by_a_hundredth_leaves_no_bundle(
    made: Made, stage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    perturb(stage / "model.onnx")
    real = staging.child.result_of

    def graph_is_damaged(module: str, folder: Path, what: str) -> Generator[JobEvent, None, dict[str, Any]]:
        if module == "exports.parity":
            return (yield from real(module, folder, what=what))
        yield JobEvent("phase", {"name": "graph"})
        for name in ("model.onnx", "reference.npz", "reference.json"):
            shutil.copy(stage / name, folder / name)
        return {"pad_id": 0, "features_compared": 15, "features_cosine": 1.0}

    monkeypatch.setattr(staging.child, "result_of", graph_is_damaged)
    target = tmp_path / "out" / "bundle"
    with pytest.raises(RefusedError, match="no bundle was made") as caught:
        run(made.project, EXPORT, {"to": str(target)})
    assert "1.00e-02" in caught.value.what
    assert list(target.parent.iterdir()) == []
    with made.project.open(readonly=True) as con:
        assert str(target) not in {path for path, _info, _when in models.bundles(con)}


def test_an_undamaged_stage_passes_the_same_check(stage: Path) -> None:
    *_rest, last = parity.work(stage)
    assert last.payload["ok"] is True
    perturb(stage / "model.onnx")
    resign(stage)
    with pytest.raises(RefusedError):
        list(parity.work(stage))


def test_an_earlier_bundle_stays_without_force_and_is_replaced_with_it(
    made: Made, stage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "bundle"
    shutil.copytree(made.bundle, target)
    (target / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="--force"):
        run(made.project, EXPORT, {"to": str(target)})
    assert (target / "mine.txt").exists()

    def ready(module: str, folder: Path, what: str) -> Generator[JobEvent, None, dict[str, Any]]:
        yield JobEvent("phase", {"name": what})
        for name in ("model.onnx", "reference.npz", "parity.json", probes.FILE):
            shutil.copy(stage / name, folder / name)
        found = {"pad_id": 0, "features_compared": 15, "features_cosine": 1.0}
        return found if what == "graph" else json.loads((stage / "parity.json").read_text(encoding="utf-8"))

    monkeypatch.setattr(staging.child, "result_of", ready)
    run(made.project, EXPORT, {"to": str(target), "force": True})
    assert not (target / "mine.txt").exists()
    assert Predictor(target).predict(["hi"])
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_X3_cancelling_leaves_nothing_behind(made: Made, tmp_path: Path) -> None:
    job = Job(1, "export", {"to": str(tmp_path / "deep" / "bundle")}, "running", 0.0)
    running = EXPORT.run(JobContext(made.project, job, made.project.settings()))
    assert next(e for e in running if e.kind == "progress").payload["what"] == "graph"
    assert list((tmp_path / "deep").iterdir()) != []
    running.close()  # type: ignore[attr-defined]
    assert list((tmp_path / "deep").iterdir()) == []


@pytest.fixture
def plan(made: Made, tmp_path: Path) -> Plan:
    """A plan whose parts are copies that may be damaged."""
    with made.project.open(readonly=True) as con:
        model = inuse.model_in_use(made.project, con)
    parts = [
        str(shutil.copytree(source, tmp_path / name))
        for name, source in (("encoder", model.encoder_dir), ("space", model.space_dir), ("head", model.head_dir))
    ]
    return Plan(*parts, model.space, 1, list(range(1, 16)))


@pytest.mark.parametrize(
    ("part", "name"),
    [("encoder", "model.safetensors"), ("space", "tokenizer.json"), ("head", "head.safetensors")],
)
def test_a_damaged_part_of_the_model_is_refused_by_name(plan: Plan, tmp_path: Path, part: str, name: str) -> None:
    onnx_model.load(plan)
    path = tmp_path / part / name
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(RefusedError) as caught:
        onnx_model.load(plan)
    assert str(tmp_path / part) in caught.value.what
    path.unlink()
    with pytest.raises(RefusedError):
        onnx_model.load(plan)


def test_a_head_for_other_features_is_refused(plan: Plan) -> None:
    other = Plan(plan.encoder_dir, plan.space_dir, plan.head_dir, {**plan.space, "dim": 7}, 1, [])
    with pytest.raises(RefusedError, match="do not fit"):
        onnx_model.load(other)


def test_features_that_are_not_the_stored_ones_are_refused(plan: Plan, stage: Path, tmp_path: Path) -> None:
    """Weights that a library filled in at random pass every comparison of the model with itself."""
    whole = onnx_model.load(plan)
    *_events, last = onnx_model.write_reference(stage, _with_ids(plan, stage), whole)
    assert last.payload["features_compared"] == 15
    with torch.no_grad():
        for parameter in whole.featurizer.encoder.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.02)
    with pytest.raises(RefusedError, match="cosine"):
        list(onnx_model.write_reference(stage, _with_ids(plan, stage), whole))


def _with_ids(plan: Plan, stage: Path) -> Plan:
    """The plan with the example ids of the staged reference texts."""
    ids = json.loads((stage / "plan.json").read_text(encoding="utf-8"))["example_ids"]
    return Plan(plan.encoder_dir, plan.space_dir, plan.head_dir, plan.space, 1, ids)


def test_M3_code_in_an_encoders_directory_never_runs_nor_ships(made: Made, plan: Plan, tmp_path: Path) -> None:
    evil = tmp_path / "encoder"
    (evil / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')", encoding="utf-8")
    tiny.change_config(evil, auto_map={"AutoModel": "evil.Model", "AutoConfig": "evil.Config"})
    onnx_model.load(plan)
    assert not (tmp_path / "ran").exists()
    facts = type("Facts", (), {"classes": ((1, "x"),), "activation": "softmax"})()
    said = staging.config_of(json.loads((evil / "config.json").read_text(encoding="utf-8")), facts)
    assert "auto_map" not in said


def test_the_embedded_encoder_exports_without_a_sketch(template: Path, tmp_path: Path) -> None:
    shutil.copytree(template, tmp_path / "project")
    project = Project(tmp_path / "project")
    with project.open() as con:
        con.execute("DELETE FROM examples WHERE id = 6")  # the one Chinese text
    teach(project, "minilm")
    exported = run(project, EXPORT)[-1].payload
    said = manifest_of(Path(exported["path"]))
    assert said["encoder"]["lexical"] is None
    assert said["encoder"]["name"] == "minilm"
    assert said["max_length"] == 256
    assert exported["parity"]["max_abs_diff"] <= 1e-4
    assert Path(exported["path"]).parent == project.bundles
    assert 85e6 < exported["size_bytes"] < 100e6


@pytest.mark.slow
def test_the_embedded_encoder_exports_with_a_sketch_on_the_whole_demo(
    project: Project, add_texts: AddTexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "reference_texts", sampling.reference_texts)
    with project.open() as con:
        add_texts(con, demo.texts())
    teach(project, "minilm")
    exported = run(project, EXPORT)[-1].payload
    assert exported["parity"]["texts"] == 512 + sampling.LONG
    assert exported["parity"]["max_abs_diff"] <= 1e-4
    assert manifest_of(Path(exported["path"]))["encoder"]["lexical"] is not None


def test_transformers_runs_the_bundle_as_an_exported_model(made: Made, tmp_path: Path) -> None:
    lay_out(TRANSFORMERS, made.bundle, tmp_path / "laid", force=False)
    model = ExportedModel.from_pretrained(tmp_path / "laid", local_files_only=True, trust_remote_code=False)
    predictor = Predictor(made.bundle)
    text = "Where is my refund? 退款"
    (ids,) = predictor.windows([text])[0]
    tensor = torch.tensor([ids])
    found = model(input_ids=tensor, attention_mask=torch.ones_like(tensor))
    np.testing.assert_allclose(np.asarray(found["logits"]), predictor.logits([text]), atol=1e-5)
    assert model.config.id2label == dict(enumerate(predictor.labels))
    tokens = PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "laid" / "tokenizer.json"))
    pasted = model(**tokens(text, return_tensors="pt"))["logits"]  # as docs/serving.md has it
    np.testing.assert_allclose(np.asarray(pasted), predictor.logits([text]), atol=1e-5)


def test_the_lines_on_the_card_do_what_they_say(made: Made) -> None:
    """What the card tells to paste, pasted in the bundle's directory."""
    card = (made.bundle / "README.md").read_text(encoding="utf-8")
    python, shell = (re.findall(rf"```{kind}\n(.*?)```", card, re.DOTALL) for kind in ("python", "sh"))
    assert python
    for block in python:
        said = f"{block.strip()}\nprint('ran')"
        done = subprocess.run(
            [sys.executable, "-c", said], cwd=made.bundle, capture_output=True, text=True, check=False
        )
        assert done.stdout.endswith("ran\n"), done.stderr
    lines = [
        line for block in shell for line in block.splitlines() if "predict.py" in line and "pip install" not in line
    ]
    assert lines
    for line in lines:
        command = line.replace("python ", f"{shlex.quote(sys.executable)} ")
        done = subprocess.run(["bash", "-c", command], cwd=made.bundle, capture_output=True, text=True, check=False)
        assert "scores" in json.loads(done.stdout), done.stderr
    shutil.rmtree(made.bundle / "__pycache__", ignore_errors=True)
