"""Spans: what a bundle that marks says of texts from production."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from onnx import TensorProto, helper, numpy_helper

from core.project import Project
from core.store import examples
from exports.production.looking import Marks, opened
from exports.runtime.predictor import Predictor
from tests.conftest import AddTexts
from tests.unit.exports.handmade import WORDS, sign, tokenizer
from tui.commands.drift import drift_command
from tui.commands.predict import predict_command

V = 5 + len(WORDS)
MONEY, WIFI, LOGIN = (5 + WORDS.index(word) for word in ("money", "wifi", "login"))
"""`money` begins an amount, `wifi` a thing; `login` is anybody's guess."""


def graph() -> onnx.ModelProto:
    """features = which word a token is; logits = features · head, for the tags of two classes."""
    head = np.zeros((V, 5), np.float32)
    head[:, 0] = 6.0
    head[MONEY], head[WIFI] = [0, 6, 0, 0, 0], [0, 0, 0, 6, 0]
    head[LOGIN] = [1, 1.2, 0, 1, 0]
    free = ["batch", "sequence"]
    nodes = [
        helper.make_node("Gather", ["eye", "input_ids"], ["features"]),
        helper.make_node("MatMul", ["features", "head"], ["product"]),
        helper.make_node("Cast", ["shapes"], ["looks"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["looks", "last"], ["column"]),
        helper.make_node("Mul", ["column", "zero"], ["nothing"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["read"]),
        helper.make_node("Mul", ["product", "read"], ["own"]),
        helper.make_node("Add", ["own", "nothing"], ["logits"]),
    ]
    names = ("input_ids", "attention_mask", "shapes")
    made = helper.make_graph(
        nodes,
        "marks",
        [helper.make_tensor_value_info(name, TensorProto.INT64, free) for name in names],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [*free, 5])],
        [
            numpy_helper.from_array(np.eye(V, dtype=np.float32), "eye"),
            numpy_helper.from_array(head, "head"),
            numpy_helper.from_array(np.array([2]), "last"),
            numpy_helper.from_array(np.zeros(1, np.float32), "zero"),
        ],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("marking") / "bundle"
    made.mkdir()
    onnx.save(graph(), made / "model.onnx")
    tokenizer().save(str(made / "tokenizer.json"))
    (made / "schemas").mkdir()
    sign(
        made,
        task="spans",
        activation="bio",
        classes=[{"id": 1, "name": "amount"}, {"id": 2, "name": "thing"}],
        inputs=dict.fromkeys(("input_ids", "attention_mask", "shapes"), "int64 [batch, sequence]"),
    )
    return made


@pytest.fixture
def filled(project: Project, add_texts: AddTexts) -> Project:
    """A pool of clear texts."""
    with project.open() as con:
        add_texts(con, [f"{a} {b} {'please ' * n}" for a in ("refund", "slow") for b in WORDS[:4] for n in range(2, 9)])
    return project


def file(folder: Path, rows: list[Any]) -> Path:
    path = folder / "today.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def run(command: Any, *args: str) -> Result:
    return CliRunner().invoke(command, args, catch_exceptions=False)


def test_texts_are_seen_as_their_words_are(bundle: Path) -> None:
    predictor, look = opened(bundle, 1)
    assert isinstance(look, Marks)
    texts = ["refund money money", "", "wifi", "login " * 3]
    features, answers, sure = look.see(texts)
    assert answers == Predictor(bundle).predict(texts)
    assert [look.classes_of(answer) for answer in answers[:3]] == [("amount",), (), ("thing",)]
    assert features[0, MONEY] == pytest.approx(2 / 5**0.5)
    assert np.linalg.norm(features, axis=1).round(5).tolist() == [1, 0, 1, 1]
    assert sure[3] < 0.6
    assert min(sure[:3]) > 0.95
    assert predictor.labels == ("amount", "thing")


def test_unsure_far_and_corrected_texts_come(bundle: Path, filled: Project, tmp_path: Path) -> None:
    money = {"start": 7, "end": 12, "label": "amount"}
    rows = [
        {"text": "refund money please please", "id": "clear"},
        {"text": "refund money please please please", "id": "right", "spans": [money | {"text": "money"}]},
        {"text": "refund money please please please please", "id": "wrong", "spans": [money | {"label": "thing"}]},
        {"text": "please refund", "id": "part", "spans": {"spans": [], "complete": False}},
        {"text": "refund login please", "id": "unsure"},
        {"text": "wifi wifi wifi", "id": "odd"},
    ]
    done = run(predict_command, str(bundle), str(file(tmp_path, rows)), "--into", str(filled.root))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    wanted = Predictor(bundle).predict([row["text"] for row in rows])
    assert answers == [answer | {"id": row["id"]} for answer, row in zip(wanted, rows, strict=True)]
    with filled.open() as con:
        brought = {x.meta["id"]: x.meta for x in examples.walk(con) if "chosen" in x.meta}
    assert brought["wrong"]["chosen"].split(", ")[0] == "corrected"
    assert brought["wrong"]["answered"] == "amount"
    assert "unsure" in brought["unsure"]["chosen"]
    assert "far" in brought["odd"]["chosen"]
    assert not any("corrected" in one["chosen"] for name, one in brought.items() if name != "wrong")
    assert "clear" not in brought


def test_drift_of_texts_and_of_what_is_marked(bundle: Path, filled: Project, tmp_path: Path) -> None:
    odd = file(tmp_path, [{"text": "wifi password wifi"}] * 60)
    said = json.loads(run(drift_command, str(filled.root), str(bundle), str(odd), "--json").stdout)
    assert said["content_changed"]
    shares = {share["name"]: share for share in said["shares"]}
    assert shares.keys() == {"amount", "thing"}
    assert shares["thing"]["now"] == 60
    assert shares["thing"]["changed"]
    assert "The texts have changed." in run(drift_command, str(filled.root), str(bundle), str(odd)).stdout
