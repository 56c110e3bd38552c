"""From a bundle and a file of texts to texts in a project's pool, through the command line."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from onnx import TensorProto, helper, numpy_helper

from core.errors import InputError, RefusedError
from core.project import Project
from core.querying.base import PoolView
from core.querying.policy import auto
from core.querying.randomly import audit, randomly
from core.store import examples, imports, meta
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from exports.production.features import Features, features_name
from exports.runtime.predictor import Predictor
from tests.conftest import AddTexts
from tests.unit.exports.handmade import CLASSES, WORDS, sign, tokenizer
from tui.commands.drift import drift_command
from tui.commands.predict import predict_command

V = 5 + len(WORDS)
HEAD = np.zeros((V, 3), np.float32)
HEAD[5:] = [[2, 0, 0], [1, 0, 0], [0, 2, 0], [0, 1, 0], [0, 0, 2], [0, 0, 1], [0.25, 0, 0]]


def counting_graph(extra: Sequence[onnx.NodeProto] = ()) -> onnx.ModelProto:
    """features = how often each word comes; logits = features · head + bias, as an exported head computes them."""
    free = ["batch", "sequence"]
    nodes = [
        helper.make_node("Gather", ["eye", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["rows", "column"], ["read"]),
        helper.make_node("ReduceSum", ["read", "middle"], ["features"], keepdims=0),
        helper.make_node("MatMul", ["features", "head"], ["product"]),
        helper.make_node("Add", ["bias", "product"], ["logits"]),
        *extra,
    ]
    eye = np.eye(V, dtype=np.float32)
    eye[:5] = 0.0
    made = helper.make_graph(
        nodes,
        "counts",
        [helper.make_tensor_value_info(n, TensorProto.INT64, free) for n in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 3])],
        [
            numpy_helper.from_array(eye, "eye"),
            numpy_helper.from_array(HEAD, "head"),
            numpy_helper.from_array(np.zeros(3, np.float32), "bias"),
            numpy_helper.from_array(np.array([2]), "last"),
            numpy_helper.from_array(np.array([1]), "middle"),
        ],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("counting") / "bundle"
    made.mkdir()
    onnx.save(counting_graph(), made / "model.onnx")
    tokenizer().save(str(made / "tokenizer.json"))
    sign(made)
    return made


@pytest.fixture
def filled(project: Project, add_texts: AddTexts) -> Project:
    """A pool of 210 clear texts beside the twelve."""
    with project.open() as con:
        add_texts(
            con, [" ".join([a] * n + [b]) for a in ("refund", "login", "slow") for b in WORDS for n in range(2, 12)]
        )
    return project


def file(folder: Path, rows: Sequence[Any]) -> Path:
    path = folder / "today.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def run(command: Any, *args: str) -> Result:
    return CliRunner().invoke(command, args, catch_exceptions=False)


def test_the_features_are_what_the_head_reads(bundle: Path) -> None:
    predictor = Predictor(bundle)
    features = Features(bundle, predictor, 1)
    assert features.name == "features"
    texts = ["refund money", "slow slow wifi", "", "login " * 9, "please"]
    found, logits = features.of(texts)
    np.testing.assert_allclose(logits, predictor.logits(texts), atol=1e-6)
    np.testing.assert_allclose(found[1], np.eye(V)[9] * 2 / 5**0.5 + np.eye(V)[10] / 5**0.5, atol=1e-6)
    assert np.linalg.norm(found[0]) == pytest.approx(1.0)


def test_a_quantised_head_leads_to_the_same_features() -> None:
    """As onnxruntime's dynamic quantization writes a MatMul."""
    model = counting_graph()
    del model.graph.node[5:]
    model.graph.node.extend(
        [
            helper.make_node("DynamicQuantizeLinear", ["features"], ["q", "q_scale", "q_zero"]),
            helper.make_node("MatMulInteger", ["q", "head_q", "q_zero", "head_zero"], ["product_q"]),
            helper.make_node("Cast", ["product_q"], ["product_f"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["q_scale", "head_scale"], ["scale"]),
            helper.make_node("Mul", ["product_f", "scale"], ["product"]),
            helper.make_node("Add", ["product", "bias"], ["logits"]),
        ]
    )
    assert features_name(model.graph) == "features"


def test_a_graph_without_a_head_is_compared_by_its_logits() -> None:
    model = counting_graph()
    del model.graph.node[5:]
    model.graph.node.append(helper.make_node("Identity", ["features"], ["logits"]))
    assert features_name(model.graph) == "logits"


def test_doubtful_far_and_corrected_texts_come_with_their_reasons(
    bundle: Path, filled: Project, tmp_path: Path
) -> None:
    rows = [
        {"text": "refund refund refund please", "id": "clear"},
        {"text": "refund login slow", "id": "unsure"},
        {"text": "please wifi please please please please", "id": "odd"},
        {"text": "login login login money money", "id": "wrong", "label": "refund"},
        {"text": "slow slow slow money money", "id": "right", "label": "speed"},
    ]
    done = run(predict_command, str(bundle), str(file(tmp_path, rows)), "--into", str(filled.root))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    wanted = Predictor(bundle).predict([row["text"] for row in rows])
    assert [answer | {"id": row["id"]} for answer, row in zip(wanted, rows, strict=True)] == answers
    with filled.open() as con:
        brought = {x.meta["id"]: x for x in examples.walk(con) if "chosen" in x.meta}
        (report,) = [one for one in imports.reports(con) if one.source == "today.jsonl"]
        assert sorted(examples.chosen_ids(con)) == sorted(x.id for x in brought.values())
    assert report.new == len(brought)
    assert "unsure" in brought["unsure"].meta["chosen"]
    assert "corrected" in brought["wrong"].meta["chosen"]
    assert brought["wrong"].meta["feedback"] == "refund"
    assert brought["wrong"].meta["answered"] == "login"
    assert brought["wrong"].meta["source"] == "today.jsonl"
    assert not {"clear", "right"} & brought.keys()
    assert f"{len(brought)} texts came" in done.stderr


def test_no_more_come_than_were_asked_for_and_corrected_ones_first(
    bundle: Path, filled: Project, tmp_path: Path
) -> None:
    rows = [{"text": f"refund login slow {word}"} for word in WORDS]
    rows.append({"text": "login login login money money", "label": "refund"})
    run(predict_command, str(bundle), str(file(tmp_path, rows)), "--into", str(filled.root), "--most", "2")
    with filled.open() as con:
        brought = [x for x in examples.walk(con) if "chosen" in x.meta]
    assert len(brought) == 2
    assert "corrected" in brought[1].meta["chosen"]


def test_what_has_come_stands_for_nothing(bundle: Path, filled: Project, tmp_path: Path) -> None:
    """It is not compared with, not audited, and what is drawn of it at random has no inclusion probability."""
    texts = [{"text": f"refund login slow {a} {b}"} for a in WORDS for b in WORDS]
    with filled.open() as con:
        before = examples.original_texts(con, 1000)
    run(predict_command, str(bundle), str(file(tmp_path, texts)), "--into", str(filled.root))
    with filled.open() as con:
        chosen, ids = examples.chosen_ids(con), np.array(examples.open_ids(con))
        assert len(chosen) >= 20
        assert examples.original_texts(con, 1000) == before
        rows = np.searchsorted(ids, chosen)
        view = PoolView(
            np.eye(len(ids), dtype=np.float32), np.arange(len(ids)), np.empty(0, np.int64), chosen=rows, audit_share=0.5
        )
        for seed in range(20):
            for picks in (auto(view, 30, np.random.default_rng(seed)), randomly(view, 30, np.random.default_rng(seed))):
                fair = {pick.row for pick in picks if pick.probability is not None}
                assert fair
                assert not fair & set(rows.tolist())
        everything = audit(view, len(ids), np.random.default_rng(0))
        assert sorted(pick.row for pick in everything) == list(range(len(ids)))
        assert {pick.row for pick in everything if pick.probability is None} == set(rows.tolist())
        decide(con, CLASSIFY, [Decision(chosen[0], CLASSIFY.encode(ClassAnswer(1)))], "ada")
        assert examples.chosen_ids(con) == chosen


def test_an_import_that_was_cut_off_leaves_its_number_to_the_next(filled: Project, add_texts: AddTexts) -> None:
    with filled.open() as con:
        cut = imports.begin(con, "cut", "pool", chosen=True)
        assert meta.get(con, meta.CHOSEN) == [cut]
        report = add_texts(con, ["an honest text"])
        assert report.import_id == cut
        assert meta.get(con, meta.CHOSEN) == []
        assert examples.chosen_ids(con) == []


def test_the_same_texts_are_joined_not_doubled(bundle: Path, filled: Project, tmp_path: Path) -> None:
    path = file(tmp_path, [{"text": "refund login slow"}])
    run(predict_command, str(bundle), str(path), "--into", str(filled.root))
    done = run(predict_command, str(bundle), str(path), "--into", str(filled.root))
    assert "0 texts came" in done.stderr
    assert "1 were there already" in done.stderr


def test_drift_says_that_texts_have_changed(bundle: Path, filled: Project, tmp_path: Path) -> None:
    odd = file(tmp_path, [{"text": "please wifi password please wifi"}] * 60)
    said = json.loads(run(drift_command, str(filled.root), str(bundle), str(odd), "--json").stdout)
    assert said["now"] == 60
    assert said["content_changed"]
    assert {share["name"] for share in said["shares"]} == set(CLASSES)
    assert next(share for share in said["shares"] if share["name"] == "speed")["changed"]
    shown = run(drift_command, str(filled.root), str(bundle), str(odd)).stdout
    assert "The texts have changed." in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_few_texts_tell_nothing(bundle: Path, filled: Project, tmp_path: Path) -> None:
    shown = run(drift_command, str(filled.root), str(bundle), str(file(tmp_path, [{"text": "wifi"}]))).stdout
    assert "too few to tell" in shown


@pytest.mark.parametrize("line", [b"{", b'{"no": "text"}', b"\xff"])
def test_a_bad_line_changes_nothing(bundle: Path, filled: Project, tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b'{"text": "refund login slow"}\n' + line + b"\n")
    with filled.open() as con:
        before = examples.total(con)
    with pytest.raises(InputError, match="line 2"):
        run(predict_command, str(bundle), str(path), "--into", str(filled.root))
    with filled.open() as con:
        assert examples.total(con) == before


def test_a_bundle_of_another_kind_is_refused(filled: Project, tmp_path: Path, bundle: Path) -> None:
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "handful.json").write_bytes((bundle / "handful.json").read_bytes())
    with pytest.raises((InputError, RefusedError), match="bundle"):
        run(drift_command, str(filled.root), str(damaged), str(file(tmp_path, [{"text": "a"}])))
