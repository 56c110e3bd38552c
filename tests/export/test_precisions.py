"""Other formats of numbers: made, held to the gates, measured, shipped or refused."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from core.errors import InputError
from core.project import Project
from exports import staging
from exports.compare_job import PRECISIONS
from exports.job import EXPORT
from exports.precision import bodies, choosing, evening, graphs, held, int8, rounding, sensitivity, trial
from exports.runtime import predictor
from exports.runtime.checks import checks
from tests.export.making import fewer_texts, manifest_of, run

N = 24


@pytest.fixture(autouse=True, scope="module")
def _fewer_texts() -> Iterator[None]:
    with fewer_texts(N):
        yield


@pytest.fixture(scope="module")
def stage(taught: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A staged bundle in fp32 with the texts and heads of the gates."""
    folder = tmp_path_factory.mktemp("stage")
    for _event in staging.staged(staging.subject(taught, taught.settings(), folder), folder):
        pass
    list(bodies.work(folder))
    return folder


def tried(stage: Path, tmp_path: Path, *names: str) -> dict[str, dict[str, Any]]:
    """What a trial in this process says, by precision."""
    folder = shutil.copytree(stage, tmp_path / "stage")
    trial.ask(folder, names)
    *_events, last = trial.work(folder)
    return {row["name"]: row for row in last.payload["rows"]}


def test_labelled_texts_are_answered_by_heads_that_never_saw_them(stage: Path, taught: Project) -> None:
    found = held.read(stage)
    assert len(found.held) == len(found.golds) == len(found.heads)
    assert set(found.heads.tolist()) >= {0, 1}
    assert len(found.fitted) == found.heads.max() + 1
    assert not found.learnt
    assert not {*found.pool} & {*found.held}


def test_a_head_of_a_fold_gives_what_it_gives_on_the_stored_features(stage: Path, tmp_path: Path) -> None:
    """The graph with another head answers as that head does, not as its own."""
    folder = shutil.copytree(stage, tmp_path / "stage")
    found, known = held.read(folder), trial._trial(folder)
    graph = known.graph("fp32", folder / "model.onnx")
    first = found.fitted[0]
    weight, bias = np.zeros_like(first.weight), np.full_like(first.bias, held.NEVER)
    bias[1] = 0.0
    answers = graph.answers_of_head(known.task, found.pool, held.OpenHead(weight, bias, first.cuts))
    assert {answer.class_id for answer in answers} == {2}


def test_the_table_has_every_number_for_every_precision(stage: Path, tmp_path: Path) -> None:
    rows = tried(stage, tmp_path, "fp16", "int8")
    assert list(rows) == ["fp32", "fp16", "int8"]
    for name in ("fp16", "int8"):
        row = rows[name]
        assert row["passed"], row["why"]
        assert row["agreement"]["share"] >= 0.99
        assert row["held"]["n"] > 0
        assert row["batch_1"]["p99_ms"] >= row["batch_1"]["p50_ms"] > 0
        assert row["bytes"] < rows["fp32"]["bytes"]
    assert rows["fp32"]["throughput"] > 0


def test_a_damaged_graph_is_refused_with_the_numbers_and_the_classes(
    stage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = graphs.columns
    monkeypatch.setattr(graphs, "columns", lambda node, tensor: 40 * plain(node, tensor)[:, ::-1])
    monkeypatch.setattr("exports.precision.int8.KEPT", ())
    row = tried(stage, tmp_path, "int8")["int8"]
    assert not row["passed"]
    assert row["agreement"]["share"] < 0.99
    error = choosing.refusal(row)
    assert "unlabelled texts are answered as in fp32 (needed: 99%)" in error.what
    assert any(name in error.what for name in ("refund", "login", "speed"))
    assert error.exit_code == 3


def test_what_hurts_is_left_in_fp32(stage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one product ruined beyond use, the search finds it."""
    plain = graphs.columns
    model = graphs.load(stage / "model.onnx")
    names = graphs.products(model)
    bad = next(node.input[1] for node in model.graph.node if node.name == names[3])
    coarse = lambda node, tensor: plain(node, tensor) * (0.0 if tensor.name == bad else 1.0)  # noqa: E731
    monkeypatch.setattr(graphs, "columns", coarse)
    calibration = trial._feeds(trial._trial(stage).graph("x", stage / "model.onnx").plain, ["where is my refund"] * 4)
    assert sensitivity.ranked(stage / "model.onnx", names, calibration, {})[0] == names[3]


def calibration_of(stage: Path) -> list[Any]:
    plain = trial._trial(stage).graph("y", stage / "model.onnx").plain
    return list(trial._feeds(plain, held.read(stage).pool))


def test_integers_give_nearly_the_same_logits_whatever_is_made_even(stage: Path) -> None:
    calibration = calibration_of(stage)
    made = int8._Making.of(stage / "model.onnx", calibration)
    ways = [evening.chosen(made.weights, made.seen, apart=apart) for apart in (False, True)]
    ways += [evening.static(way, made.weights, made.seen) for way in ways]
    tokens = {name: replace(one, tokens=True) for name, one in ways[0].items()}
    for even in ({}, *ways, tokens):
        found = made.graph(even)
        assert not [node for node in found.graph.node if node.name in made.names]
        moved = np.abs(sensitivity.logits(found, made.others) - made.truth).max()
        assert 0 < moved < 0.1 * np.abs(made.truth).max()
    kinds = {node.op_type for node in made.graph(ways[2]).graph.node}
    assert "QuantizeLinear" in kinds
    assert "DynamicQuantizeLinear" not in kinds


def test_what_is_seen_is_of_real_tokens_or_of_whatever_else_is_multiplied() -> None:
    value = onnx.helper.make_tensor_value_info
    nodes = [
        onnx.helper.make_node("Gather", ["t", "input_ids"], ["x"]),
        onnx.helper.make_node("Identity", ["t"], ["p"]),
    ]
    table = np.arange(12, dtype=np.float32).reshape(6, 2)
    ids = [value(name, onnx.TensorProto.INT64, ["b", "s"]) for name in ("input_ids", "attention_mask")]
    out = [value("logits", onnx.TensorProto.FLOAT, None)]
    nodes.append(onnx.helper.make_node("Identity", ["x"], ["logits"]))
    made = onnx.helper.make_graph(nodes, "g", ids, out, [numpy_helper.from_array(table, "t")])
    model = onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    feed = {"input_ids": np.array([[1, 2, 0], [3, 0, 0]]), "attention_mask": np.array([[1, 1, 0], [1, 0, 0]])}
    found = evening.seen(model, ["x", "p"], [feed])
    np.testing.assert_array_equal(found["x"], table[[1, 2, 3]])
    assert found["p"].shape[1] == 2


def test_ranges_seen_beforehand_are_taken_where_they_are_nearer(stage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = int8._Making.of(stage / "model.onnx", calibration_of(stage))
    dynamic = evening.chosen(made.weights, made.seen, apart=False)
    both = [made.graph(dynamic), made.graph(evening.static(dynamic, made.weights, made.seen))]
    each, fixed = map(made.distance, both)
    assert made.distance(made.graph(made.nearer(dynamic))) == (fixed if fixed <= int8.SLACK * each else each)
    monkeypatch.setattr(int8, "SLACK", 1e9)
    assert all(one.span is not None for one in made.nearer(dynamic).values())
    monkeypatch.setattr(int8, "SLACK", 1.25)
    monkeypatch.setattr(evening, "CUTS", (0.01,))
    assert made.nearer(dynamic) is dynamic


def test_what_one_row_loses_by_rounding_the_others_make_up_for() -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(96, 40)).astype(np.float32)
    seen = (rng.normal(size=(400, 12)) @ rng.normal(size=(12, 96))).astype(np.float32)
    seen += 0.1 * rng.normal(size=seen.shape).astype(np.float32)
    scale = rounding.scales(weights)
    off = [
        np.square(seen @ (whole * scale - weights)).mean()
        for whole in (rounding.nearest(weights, scale), rounding.fitted(weights, scale, seen))
    ]
    assert off[1] < 0.3 * off[0]


def test_a_token_that_reaches_far_does_not_take_the_bits_of_the_others() -> None:
    rng = np.random.default_rng(0)
    values = {"x": np.abs(rng.normal(size=(300, 64))).astype(np.float32)}
    values["x"][7] *= 200
    weights = {"x": rng.normal(size=(64, 16)).astype(np.float32)}
    assert evening.chosen(weights, values, apart=False)["x"].tokens
    values = {"x": rng.uniform(size=(300, 64)).astype(np.float32)}
    values["x"][:, 3] = 1.0  # all reach equally far
    assert not evening.chosen(weights, values, apart=False)["x"].tokens


def test_a_channel_that_reaches_far_is_made_even_or_multiplied_apart() -> None:
    rng = np.random.default_rng(0)
    values = {"x": rng.normal(size=(300, 96)).astype(np.float32)}
    values["x"][:, 5] *= 200
    weights = {"x": rng.normal(size=(96, 16)).astype(np.float32)}
    assert evening.chosen(weights, values, apart=False)["x"].factor[5] > 5
    assert 5 in evening.chosen(weights, values, apart=True)["x"].apart


def test_a_fusion_that_is_slow_on_a_cpu_is_left_out(stage: Path, tmp_path: Path) -> None:
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "fused.onnx")
    options.log_severity_level = 3
    predictor._session(stage / "model.onnx", options, (predictor.CPU,))
    found = {node.op_type for node in onnx.load(tmp_path / "fused.onnx").graph.node}
    assert "LayerNormalization" in found
    assert "SkipLayerNormalization" not in found


def test_large_tables_are_packed_row_by_row() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(2000, 64)).astype(np.float32) * np.geomspace(1e-3, 1e3, 2000)[:, None].astype(np.float32)
    node = onnx.helper.make_node("Gather", ["t", "i"], ["y"], axis=0)
    made = onnx.helper.make_graph(
        [node],
        "g",
        [onnx.helper.make_tensor_value_info("i", onnx.TensorProto.INT64, ["n"])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["n", 64])],
        [numpy_helper.from_array(table, "t")],
    )
    model = onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    whole = len(model.SerializeToString())
    packed = graphs.pack_embeddings(model)
    assert len(packed.SerializeToString()) < 0.3 * whole
    rows = np.arange(0, 2000, 7)
    (found,) = graphs.opened(packed.SerializeToString()).run(None, {"i": rows})
    assert np.all(np.abs(found - table[rows]) <= np.abs(table[rows]).max(axis=1, keepdims=True) / 250)


def test_a_bundle_in_integers_keeps_its_promises_and_tells_its_table(taught: Project, tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    result = run(taught, EXPORT, {"to": str(target), "precision": "int8"})[-1].payload
    assert result["precision"]["name"] == "int8"
    found = list(checks(target))
    assert all(check.ok for check in found), found
    said = manifest_of(target)
    assert said["precision"]["passed"] is True
    assert [row["name"] for row in said["precision"]["compared"]] == ["fp32", "int8"]
    assert said["probes"]["tolerance"] > 1e-3
    assert sorted(p.name for p in target.iterdir()) == sorted([*said["files"], "handful.json"])
    card = (target / "README.md").read_text(encoding="utf-8")
    assert "| int8 |" in card


def test_the_comparison_ships_nothing(taught: Project) -> None:
    before = sorted(taught.bundles.iterdir())
    result = run(taught, PRECISIONS, {"names": ["int8"]})[-1].payload
    assert [row["name"] for row in result["rows"]] == ["fp32", "int8"]
    assert result["model"] == "head"
    assert sorted(taught.bundles.iterdir()) == before


def test_a_precision_nobody_knows_is_refused(taught: Project, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing called"):
        run(taught, EXPORT, {"to": str(tmp_path / "b"), "precision": "int3"})
    assert not (tmp_path / "b").exists()
