import hashlib
import json
from pathlib import Path

import pytest

from core.connection import Connection, transaction
from core.errors import RefusedError
from core.project import Project
from core.records import LabelClass
from core.settings import Settings
from core.store import classes, examples, meta
from core.windows import Windows
from exports import contract
from exports.contract import Evidence
from tests.unit.exports.models_in_use import give_evaluations, give_labels, give_model

PARITY = {"ok": True, "texts": 512}


def test_without_a_model_there_is_nothing_to_export(project: Project, con: Connection) -> None:
    with pytest.raises(RefusedError, match="no model"):
        contract.read(project, con, Settings())
    assert not con.in_transaction


def test_classes_keep_their_ids_and_come_in_the_order_of_the_logits(project: Project, con: Connection) -> None:
    give_labels(con)
    give_model(project, con, class_ids=(3, 1))
    facts = contract.read(project, con, Settings())
    assert facts.classes == ((3, "speed"), (1, "refund"))
    assert facts.windows == Windows(64)
    assert facts.encoder == "minilm"


def test_two_classes_of_one_name_are_told_apart(project: Project, con: Connection) -> None:
    with transaction(con):
        con.execute("UPDATE classes SET active = 0 WHERE id = 1")
        classes.add(con, [LabelClass(0, "refund")], "ada")
    give_labels(con)
    give_model(project, con, class_ids=(1, 2, 4))
    facts = contract.read(project, con, Settings())
    assert facts.classes == ((1, "refund #1"), (2, "login"), (4, "refund #4"))
    assert facts.training["labels"]["refund #1"] == 3


def test_the_labels_it_learned_from_are_counted_and_fingerprinted(project: Project, con: Connection) -> None:
    give_labels(con)
    give_model(project, con)
    training = contract.read(project, con, Settings()).training
    assert training["labels"] == {"login": 3, "speed": 3, "refund": 3}
    assert training["picked"] == {"given": 8, "margin": 1}
    assert training["annotators"] == 2
    assert training["events_since"] == 0
    stored = json.dumps([[item.example.id, item.stored] for item in examples.labelled(con)])
    assert training["fingerprint"] == hashlib.sha256(stored.encode()).hexdigest()


def test_labels_given_after_the_model_are_not_counted_as_its_own(project: Project, con: Connection) -> None:
    give_labels(con)
    give_model(project, con)
    give_labels(con, 2)
    training = contract.read(project, con, Settings()).training
    assert sum(training["labels"].values()) == 7
    assert training["events_since"] == 2
    assert training["fingerprint"] is None, "what it learned from can't be told exactly any more"


def test_metrics_are_the_newest_on_this_very_model_with_their_source(project: Project, con: Connection) -> None:
    give_labels(con)
    give_model(project, con)
    give_evaluations(con)
    metrics = contract.read(project, con, Settings()).metrics
    assert [(m["source"], m["slice"], m["n"], m["enough"]) for m in metrics] == [
        ("test", "", 35, True),
        ("test", "lang=zh", 3, False),
        ("out-of-fold", "", 4, False),
    ]
    assert {m["subject"] for m in metrics} == {"head"}
    assert metrics[0]["event_seq"] == 9


@pytest.mark.parametrize(
    ("option", "said"),
    [("minilm", "minilm"), ("org/name@rev", "org/name@rev"), ("/home/ada/secret/enc", "enc"), ("./enc", "enc")],
)
def test_no_place_on_this_machine_is_told(project: Project, con: Connection, option: str, said: str) -> None:
    give_labels(con)
    give_model(project, con)
    assert contract.read(project, con, Settings(encoder=option)).encoder == said


def test_the_encoder_is_the_one_the_features_were_made_with(project: Project, con: Connection) -> None:
    give_labels(con)
    give_model(project, con)
    with transaction(con):
        meta.put(con, "encoder_name", "org/earlier")
    assert contract.read(project, con, Settings(encoder="org/asked-for-since")).encoder == "org/earlier"


def test_handful_json_tells_all_and_seals_every_file(project: Project, con: Connection, tmp_path: Path) -> None:
    give_labels(con)
    give_model(project, con)
    give_evaluations(con)
    facts = contract.read(project, con, Settings())
    stage = tmp_path / "stage"
    stage.mkdir()
    (stage / "model.onnx").write_bytes(b"graph")
    contract.write_manifest(stage, contract.manifest(facts, [stage / "model.onnx"], Evidence(PARITY)))
    said = json.loads((stage / "handful.json").read_text(encoding="utf-8"))
    assert said["files"] == {"model.onnx": {"sha256": hashlib.sha256(b"graph").hexdigest(), "bytes": 5}}
    assert said["classes"] == [{"id": 1, "name": "refund"}, {"id": 2, "name": "login"}, {"id": 3, "name": "speed"}]
    assert said["outputs"]["logits"]["shape"] == ["batch", 3]
    assert said["inputs"]["input_ids"] == {"type": "int64", "shape": ["batch", "sequence"]}
    assert said["parity"] == PARITY
    assert said["model"] == "head"
    assert said["versions"].keys() >= {"handful", "onnxruntime", "tokenizers", "numpy"}
    assert str(tmp_path) not in (stage / "handful.json").read_text(encoding="utf-8")
