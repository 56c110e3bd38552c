"""`predict.py --verify`: what it finds, and that the contract's schema is the one that is published."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports import probes
from exports.runtime.checks import Check, checks
from exports.runtime.errors import BundleError
from exports.runtime.predictor import Predictor
from exports.runtime.schema import SCHEMA, mismatches
from tests.unit.exports.handmade import CLASSES, WEIGHTS, complete, graph, sign, tokenizer

ROOT = Path(__file__).parents[3]


@pytest.fixture
def whole(bundle: Path) -> Path:
    """A bundle that keeps all its promises."""
    complete(bundle)
    return bundle


def manifest(bundle: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bundle / "handful.json").read_text(encoding="utf-8"))
    return found


def say(bundle: Path, **more: Any) -> None:
    (bundle / "handful.json").write_text(json.dumps(manifest(bundle) | more), encoding="utf-8")


def failed(bundle: Path) -> Check:
    """The one check that fails."""
    (found,) = [check for check in checks(bundle) if not check.ok]
    return found


def test_a_bundle_that_keeps_its_promises_passes_every_check(whole: Path) -> None:
    found = list(checks(whole))
    assert [check.name for check in found] == ["schema", "files", "graph", "tokenizer", "probes"]
    assert all(check.ok for check in found)


def test_an_edited_card_is_no_fault_but_said(whole: Path) -> None:
    (whole / "README.md").write_text("mine", encoding="utf-8")
    (whole / "notes.txt").write_text("mine", encoding="utf-8")
    files = list(checks(whole))[1]
    assert files.ok
    assert "changed, which is allowed: README.md" in files.words
    assert "not looked at: notes.txt" in files.words


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "config.json"])
def test_a_flipped_bit_is_found_and_nothing_is_run_then(whole: Path, name: str) -> None:
    raw = bytearray((whole / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (whole / name).write_bytes(raw)
    found = list(checks(whole))
    assert found[-1].name == "files"
    assert name in found[-1].words


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"task": 7}, "task is no string"),
        ({"metrics": None}, "metrics is no array"),
        ({"parity": {}}, "parity lacks ok"),
        ({"temperature": 0}, "temperature is out of range"),
        ({"windows": True}, "windows is no integer"),
        ({"training": {"n_labels": 1, "labels": {"x": "many"}, "picked": {}, "annotators": 1}}, "training.labels.x"),
    ],
)
def test_a_contract_that_lacks_something_is_named(whole: Path, change: dict[str, Any], said: str) -> None:
    say(whole, **change)
    check = failed(whole)
    assert check.name == "schema"
    assert said in check.words


def test_another_graph_rightly_signed_is_caught_by_the_probes(whole: Path) -> None:
    kept = {k: v for k, v in manifest(whole).items() if k != "files"}
    weights = WEIGHTS.copy()
    weights[5] = 0.0, 2.0, 0.0
    onnx.save(graph(weights), whole / "model.onnx")
    sign(whole, **kept)
    check = failed(whole)
    assert check.name == "probes"
    assert '"refund": another answer' in check.words


def test_a_graph_with_another_output_is_caught(whole: Path) -> None:
    kept = {k: v for k, v in manifest(whole).items() if k != "files"}
    model = graph(WEIGHTS)
    model.graph.output.append(onnx.helper.make_tensor_value_info("rows", 1, ["batch", "sequence", 3]))
    onnx.save(model, whole / "model.onnx")
    sign(whole, **kept)
    assert failed(whole).name == "graph"
    say(whole, outputs={"logits": {"type": "float32", "shape": ["batch", 3]}, "rows": {"type": "x", "shape": []}})
    assert "rows is tensor(float), promised: x" in failed(whole).words


def test_a_tokenizer_that_cuts_elsewhere_is_caught(whole: Path) -> None:
    kept = {k: v for k, v in manifest(whole).items() if k != "files"}
    other = tokenizer()
    other.enable_truncation(8)
    other.save(str(whole / "tokenizer.json"))
    sign(whole, **kept)
    found = {check.name: check for check in checks(whole)}
    assert not found["tokenizer"].ok
    assert "8/0" in found["tokenizer"].words


def test_what_is_no_bundle_is_no_check(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is no bundle"):
        list(checks(tmp_path))


def test_the_program_in_the_bundle_says_it_in_words_and_in_json(whole: Path) -> None:
    command = [sys.executable, "-I", str(whole / "predict.py"), "--verify", str(whole)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("ok  ")) == (0, 5), done.stderr
    (whole / "config.json").unlink()
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    assert done.returncode == 3
    assert said["ok"] is False
    assert said["checks"][-1] == {
        "name": "files",
        "ok": False,
        "words": "the bundle is not whole: config.json is missing or no plain file",
    }


def test_the_published_schema_is_the_one_that_is_checked() -> None:
    published = json.loads((ROOT / "docs" / "bundle.schema.json").read_text(encoding="utf-8"))
    published.pop("$schema")
    published.pop("title")
    assert published == SCHEMA, "renew it: make docs"


def test_every_field_of_the_contract_is_told_of_in_the_documentation() -> None:
    told = (ROOT / "docs" / "bundle.md").read_text(encoding="utf-8")
    assert [name for name in SCHEMA["required"] if f"`{name}`" not in told] == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(SCHEMA["properties"])), json_values)
def test_no_value_makes_the_check_of_the_schema_crash(name: str, value: object) -> None:
    assert all(isinstance(said, str) for said in mismatches({name: value}, SCHEMA))


def test_probes_are_answered_clearly_and_are_nobodys_texts(whole: Path) -> None:
    made = probes.made(Predictor(whole), 1e-3)
    assert len(made["texts"]) <= probes.PROBES
    for probe in made["texts"]:
        second, best = sorted(probe["answer"]["scores"].values())[-2:]
        assert best - second >= 5e-3
        assert tuple(probe["answer"]["scores"]) == CLASSES
    assert np.isfinite(probes.margin({"labels": [], "scores": {"a": 0.4}}, [{"name": "a", "threshold": 0.5}]))
