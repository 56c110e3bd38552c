"""A bundle made by hand in milliseconds: a graph that counts words, so that every answer can be told beforehand."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from exports.runtime.predictor import Predictor

WORDS = ("refund", "money", "login", "password", "slow", "wifi", "please")
CLASSES = ("refund", "login", "speed")
WEIGHTS = np.zeros((5 + len(WORDS), 3), np.float32)
WEIGHTS[0] = 9.0, 0.0, -9.0  # padding that is not masked can't go unnoticed
WEIGHTS[5:] = [[2, 0, 0], [1, 0, 0], [0, 2, 0], [0, 1, 0], [0, 0, 2], [0, 0, 1], [0.25, 0, 0]]


def tokenizer() -> Tokenizer:
    vocab = {entry: i for i, entry in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS))}
    made = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))  # noqa: S106 (no password)
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.enable_truncation(16)
    made.enable_padding(pad_id=0, pad_token="[PAD]")  # noqa: S106 (no password)
    return made


def graph(weights: np.ndarray) -> onnx.ModelProto:
    """logits = sum over the text's words of their rows of weights."""
    free = ["batch", "sequence"]
    nodes = [
        helper.make_node("Gather", ["weights", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["rows", "column"], ["read"]),
        helper.make_node("ReduceSum", ["read", "middle"], ["logits"], keepdims=0),
    ]
    made = helper.make_graph(
        nodes,
        "words",
        [helper.make_tensor_value_info(n, TensorProto.INT64, free) for n in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", weights.shape[1]])],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([2]), "last"),
            numpy_helper.from_array(np.array([1]), "middle"),
        ],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def sign(bundle: Path, **more: Any) -> None:
    """Write handful.json for the files as they are."""
    hashes = {
        path.name: {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
        for path in sorted(bundle.iterdir())
        if path.name != "handful.json" and path.is_file()
    }
    content = {
        "format": "handful-bundle",
        "format_version": 1,
        "activation": "softmax",
        "classes": [{"id": i, "name": name} for i, name in enumerate(CLASSES, 1)],
        "max_length": 16,
        "windows": 1,
        "overlap": 0,
        "files": hashes,
        **more,
    }
    (bundle / "handful.json").write_text(json.dumps(content), encoding="utf-8")


def complete(bundle: Path, **more: Any) -> None:
    """Sign the bundle with all that its contract asks for, and what it answers to the probes."""
    pair = {"type": "int64", "shape": ["batch", "sequence"]}
    content = {
        "task": "classify",
        "unlearnt": [],
        "guidelines": "",
        "temperature": 0.5,
        "inputs": {"input_ids": pair, "attention_mask": pair},
        "outputs": {"logits": {"type": "float32", "shape": ["batch", len(CLASSES)]}},
        "encoder": {"name": "words", "weights_sha256": "0" * 64, "tokenizer_sha256": "0" * 64, "dim": 3},
        "model": "head",
        "precision": {"name": "fp32", "method": "as trained"},
        "training": {"n_labels": 9, "labels": {"refund": 9}, "picked": {"given": 9}, "annotators": 1},
        "parity": {"ok": True, "texts": 9, "max_abs_diff": 1e-6, "tolerance": 1e-4, "flips": 0, "other_tokens": 0},
        "metrics": [],
        "versions": {"handful": "0"},
        "created": "2026-01-01T00:00:00Z",
        **more,
    }
    sign(bundle, **content)
    texts = ["refund", "login please", "slow " * 30, "money slow slow"]
    answers = [{"text": t, "answer": a} for t, a in zip(texts, Predictor(bundle).predict(texts), strict=True)]
    sign(bundle, **{"probes": {"tolerance": 1e-3, "texts": answers}} | content)
