"""The graph alone, against torch, for encoders of several kinds and for the sketch."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from transformers import (
    DebertaV2Config,
    ElectraConfig,
    ModernBertConfig,
    MPNetConfig,
    PretrainedConfig,
    XLMRobertaConfig,
)

from core.training.featurizer import Featurizer, load_encoder
from core.training.head import Head
from core.training.lexical import LexicalSketch
from exports.onnx_model import TextClassifier, save, trace
from exports.runtime.external import external_files
from tests import tiny
from tests.export.making import random_encoder

CLASSES, HIDDEN = 5, tiny.HIDDEN
SMALL = {"vocab_size": 300, "hidden_size": HIDDEN, "num_hidden_layers": 2, "num_attention_heads": 4}
OTHERS: dict[str, PretrainedConfig] = {
    "electra": ElectraConfig(**SMALL, embedding_size=16, intermediate_size=64, max_position_embeddings=66),
    "modernbert": ModernBertConfig(
        **SMALL | {"num_hidden_layers": 4},
        intermediate_size=64,
        max_position_embeddings=66,
        global_attn_every_n_layers=2,
        local_attention=16,
        **dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"), 0),
    ),
    "xlm-roberta": XLMRobertaConfig(**SMALL, intermediate_size=64, max_position_embeddings=66),
    "mpnet": MPNetConfig(**SMALL, intermediate_size=64, max_position_embeddings=66),
    "deberta": DebertaV2Config(
        **SMALL, intermediate_size=64, max_position_embeddings=66, relative_attention=True, pos_att_type=["p2c", "c2p"]
    ),
}


def classifier(encoder: Path, lexical: LexicalSketch | None = None) -> TextClassifier:
    dim = HIDDEN + (lexical.buckets if lexical else 0)
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=(CLASSES, dim)).astype(np.float32), rng.normal(size=CLASSES).astype(np.float32)
    return TextClassifier(Featurizer(load_encoder(encoder), lexical), Head((1, 2, 3, 4, 5), weight, bias)).eval()


def session(path: Path) -> Any:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def batch(model: TextClassifier, rows: int, length: int, ids_below: int) -> dict[str, np.ndarray]:
    """Random ids; each text is shorter than the last by two, and padded as training pads."""
    rng = np.random.default_rng(rows * 1000 + length)
    ids = rng.integers(5, ids_below, (rows, length))
    mask = np.zeros_like(ids)
    for row in range(rows):
        mask[row, : max(1, length - 2 * row)] = 1
    ids[mask == 0] = model.config.pad_token_id or 0
    return {"input_ids": ids, "attention_mask": mask}


def worst_difference(model: TextClassifier, path: Path, longest: int, ids_below: int) -> float:
    run, worst = session(path), 0.0
    for rows, length in (
        (1, 1),
        (1, 2),
        (2, 1),
        (1, 7),
        (8, 3),
        (8, 33),
        (32, longest),
        (1, longest),
        (3, longest - 1),
    ):
        feed = batch(model, rows, length, ids_below)
        with torch.inference_mode():
            truth = model(*(torch.from_numpy(feed[name]) for name in ("input_ids", "attention_mask")))["logits"]
        (found,) = run.run(["logits"], feed)
        assert found.shape == (rows, CLASSES)
        worst = max(worst, float(np.abs(found - truth.numpy()).max()))
    return worst


@pytest.mark.parametrize("kind", [pytest.param("bert", marks=pytest.mark.slow), "distilbert", "roberta"])
def test_X1_the_graph_gives_what_torch_gives_at_every_batch_and_length(tmp_path: Path, kind: str) -> None:
    model = classifier(tiny.BUILDERS[kind](tmp_path / "encoder"))
    save(trace(model, max_length=64), tmp_path / "model.onnx")
    assert worst_difference(model, tmp_path / "model.onnx", 64, int(model.config.vocab_size)) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(OTHERS))
def test_X1_other_encoders_export_too(tmp_path: Path, kind: str) -> None:
    model = classifier(random_encoder(tmp_path / "encoder", OTHERS[kind]))
    save(trace(model, max_length=64), tmp_path / "model.onnx")
    assert worst_difference(model, tmp_path / "model.onnx", 64, SMALL["vocab_size"]) < 1e-5


@pytest.fixture(scope="module")
def with_sketch(tmp_path_factory: pytest.TempPathFactory) -> tuple[TextClassifier, Path]:
    """A BERT with the lexical sketch, and its graph."""
    root = tmp_path_factory.mktemp("sketch")
    model = classifier(tiny.bert(root / "encoder"), None)
    sketch = LexicalSketch(vocab_size=int(model.config.vocab_size), unk_id=1)
    model = classifier(root / "encoder", sketch)
    program = trace(model, max_length=64)
    save(program, root / "model.onnx")
    (root / "large").mkdir()
    save(program, root / "large" / "model.onnx", one_file=1000)
    return model, root / "model.onnx"


def test_the_sketch_exports_with_ids_beyond_the_encoders_vocabulary(with_sketch: tuple[TextClassifier, Path]) -> None:
    model, path = with_sketch
    assert worst_difference(model, path, 64, 131_072) < 1e-5


def test_the_sketch_opens_at_the_same_share_of_unknown_tokens(with_sketch: tuple[TextClassifier, Path]) -> None:
    model, path = with_sketch
    sketch = model.featurizer.lexical
    assert sketch is not None
    run = session(path)
    for words in (9, 10, 11, 30, 60):
        for unknown in (words // 10, words // 10 + 1):
            ids = np.full((1, words + 2), 7, np.int64)
            ids[0, 1 : 1 + unknown] = 5000 + np.arange(unknown)
            feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
            with torch.inference_mode():
                truth = model(torch.from_numpy(ids), torch.ones(1, words + 2, dtype=torch.int64))["logits"].numpy()
                opened = bool(sketch(torch.from_numpy(ids), torch.ones(1, words + 2, dtype=torch.int64)).any())
            assert opened == (unknown / words > sketch.threshold)
            np.testing.assert_allclose(run.run(["logits"], feed)[0], truth, atol=1e-5)


def test_the_sketch_is_the_same_whatever_a_text_is_padded_to(with_sketch: tuple[TextClassifier, Path]) -> None:
    _model, path = with_sketch
    run, ids = session(path), np.array([[2, 9000, 9001, 9002, 3]])
    alone = run.run(["logits"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]
    padded = np.pad(ids, ((0, 0), (0, 30)))
    mask = np.pad(np.ones_like(ids), ((0, 0), (0, 30)))
    np.testing.assert_allclose(run.run(["logits"], {"input_ids": padded, "attention_mask": mask})[0], alone, atol=1e-5)


def test_inputs_and_outputs_have_speaking_names(with_sketch: tuple[TextClassifier, Path]) -> None:
    run = session(with_sketch[1])
    assert [(x.name, x.type, x.shape) for x in run.get_inputs()] == [
        ("input_ids", "tensor(int64)", ["batch", "sequence"]),
        ("attention_mask", "tensor(int64)", ["batch", "sequence"]),
    ]
    assert [(x.name, x.type, x.shape) for x in run.get_outputs()] == [("logits", "tensor(float)", ["batch", CLASSES])]


def test_one_file_holds_all_and_tells_nothing_of_this_machine(with_sketch: tuple[TextClassifier, Path]) -> None:
    path = with_sketch[1]
    assert external_files(path) == set()
    assert not path.with_name("model.onnx.data").exists()
    content = path.read_bytes()
    for word in (b"site-packages", b".py", b"Traceback", bytes(Path.home()), bytes(Path(__file__).parents[2])):
        assert word not in content


def test_weights_too_large_for_one_file_go_beside_it(with_sketch: tuple[TextClassifier, Path]) -> None:
    model, path = with_sketch
    large = path.parent / "large" / "model.onnx"
    assert external_files(large) == {"model.onnx.data"}
    assert large.stat().st_size < large.with_name("model.onnx.data").stat().st_size
    assert worst_difference(model, large, 64, 131_072) < 1e-5
