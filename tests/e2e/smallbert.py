"""A two-layer BERT of random weights, written as files without torch: a round with it takes seconds."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
HIDDEN, LAYERS, HEADS, INNER, POSITIONS = 32, 2, 4, 64, 64

Arrays = dict[str, NDArray[np.float32]]


def make(directory: Path, texts: Sequence[str], seed: int = 0) -> Path:
    """An encoder directory whose vocabulary knows every word of the texts."""
    directory.mkdir(parents=True)
    tokenizer = _tokenizer(texts)
    tokenizer.save(str(directory / "tokenizer.json"))
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": INNER,
        "max_position_embeddings": POSITIONS,
        "type_vocab_size": 2,
        "pad_token_id": 0,
    }
    (directory / "config.json").write_text(json.dumps(config), encoding="utf-8")
    rng = np.random.default_rng(seed)
    save_file(_weights(rng, tokenizer.get_vocab_size()), directory / "model.safetensors", metadata={"format": "pt"})
    return directory


def _tokenizer(texts: Sequence[str]) -> Tokenizer:
    words = dict.fromkeys(word for text in texts for word in text.lower().split() if word.isalnum())
    letters = [prefix + chr(code) for prefix in ("", "##") for code in range(33, 127)]
    vocab = {entry: number for number, entry in enumerate(dict.fromkeys([*SPECIAL, *letters, *words]))}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=50))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocab["[CLS]"]), ("[SEP]", vocab["[SEP]"])]
    )
    return tokenizer


def _weights(rng: np.random.Generator, vocab: int) -> Arrays:
    out: Arrays = {}
    for name, rows in (("word", vocab), ("position", POSITIONS), ("token_type", 2)):
        scale = 1.0 if name == "word" else 0.02
        out[f"embeddings.{name}_embeddings.weight"] = _random(rng, rows, HIDDEN, scale)
    out |= _norm("embeddings.LayerNorm")
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            out |= _linear(rng, f"{layer}.attention.{part}", HIDDEN, HIDDEN)
        out |= _norm(f"{layer}.attention.output.LayerNorm")
        out |= _linear(rng, f"{layer}.intermediate.dense", INNER, HIDDEN)
        out |= _linear(rng, f"{layer}.output.dense", HIDDEN, INNER)
        out |= _norm(f"{layer}.output.LayerNorm")
    return out | _linear(rng, "pooler.dense", HIDDEN, HIDDEN)


def _random(rng: np.random.Generator, rows: int, columns: int, scale: float) -> NDArray[np.float32]:
    return rng.normal(0, scale, (rows, columns)).astype(np.float32)


def _linear(rng: np.random.Generator, name: str, rows: int, columns: int) -> Arrays:
    return {f"{name}.weight": _random(rng, rows, columns, 0.05), f"{name}.bias": np.zeros(rows, np.float32)}


def _norm(name: str) -> Arrays:
    return {f"{name}.weight": np.ones(HIDDEN, np.float32), f"{name}.bias": np.zeros(HIDDEN, np.float32)}
