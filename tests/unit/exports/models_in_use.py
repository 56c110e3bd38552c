"""A project with a model in use that nobody trained: its files and rows alone, for what only reads them."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from core.connection import Connection
from core.project import Project
from core.records import Evaluation
from core.store import labels, models
from core.store.labels import Decision
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.vectors import VectorStore

DIM = 4


def give_labels(con: Connection, n: int = 9) -> None:
    """Label the first texts in turn with the classes 1, 2, 3; the first was picked by margin."""
    for i in range(1, n + 1):
        pick = {"strategy": "margin"} if i == 1 else {}
        labels.decide(con, CLASSIFY, [Decision(i, CLASSIFY.encode(ClassAnswer(1 + i % 3)), pick)], f"ada{i % 2}")


def give_model(project: Project, con: Connection, *, class_ids: tuple[int, ...] = (1, 2, 3), **space: Any) -> Path:
    """Publish a ranking with a head and a space; returns the encoder's directory."""
    encoder = project.root.parent / "encoder"
    encoder.mkdir()
    config = {
        "model_type": "bert",
        "hidden_size": DIM,
        "auto_map": {"AutoModel": "evil.py"},
        "_name_or_path": "/home/x",
    }
    (encoder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (encoder / "model.safetensors").write_bytes(b"0" * 100)
    said = {
        "fingerprint": "f",
        "encoder": "base",
        "encoder_dir": str(encoder),
        "model_type": "bert",
        "weights_sha256": "w",
        "tokenizer_sha256": "t",
        "dim": DIM,
        "max_length": 64,
        "lexical": None,
        **space,
    }
    (project.embeddings / "f").mkdir()
    (project.embeddings / "f" / "space.json").write_text(json.dumps(said), encoding="utf-8")
    VectorStore(project.embeddings / "f", DIM).append(np.arange(1, 16), np.ones((15, DIM), np.float32))
    head = {
        "task": "classify",
        "class_ids": list(class_ids),
        "encoder": "base",
        "space": "f",
        "dim": DIM,
        "event_seq": labels.last_seq(con),
        "source": "head",
        "n_labels": 9,
    }
    (project.scores / "000001").mkdir()
    (project.scores / "000001" / "head.json").write_text(json.dumps(head), encoding="utf-8")
    (project.scores / "000001" / "head.safetensors").write_bytes(b"weights")
    models.add_ranking(con, "000001", labels.last_seq(con), head)
    return encoder


def give_evaluations(con: Connection) -> None:
    """Counts from the test set (enough to tell, with a slice) and out of fold (too few)."""
    cells = {(1, 1): 20, (2, 2): 10, (3, 1): 5}
    models.add_evaluation(con, Evaluation("head", "test", 9, {"": cells, "lang=zh": {(1, 1): 3}}))
    models.add_evaluation(con, Evaluation("head", "out-of-fold", 9, {"": {(1, 2): 4}}))
    models.add_evaluation(con, Evaluation("round 7", "test", 9, {"": {(1, 2): 99}}))
