"""Encoders of two layers, made from a configuration in a moment: real files, real formats, nothing downloaded.

Their weights are random, but drawn from a seed, so that the same call makes the same bytes.
"""

import json
import re
import string
from collections.abc import Mapping
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertModel,
    DistilBertModel,
    ElectraModel,
    ModernBertModel,
    PreTrainedModel,
    RobertaModel,
    XLMRobertaModel,
)
from transformers import logging as transformers_logging

transformers_logging.disable_progress_bar()

HIDDEN, HEADS, INNER, LAYERS, POSITIONS = 32, 4, 64, 2, 66
SIZES = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "intermediate_size": INNER,
    "max_position_embeddings": POSITIONS,
}
"""As nearly all configurations call them."""
WORDS = re.findall(
    r"\w+",
    """
    the a my your is was not and to of it i you card money refund back please where when login password reset account
    locked internet slow router speed cable broken order parcel late cancel help want send shoes charged twice
    """,
)
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def wordpiece() -> Tokenizer:
    """A small uncased WordPiece of Latin letters and some words; padding and cutting at 8, as careless ones are."""
    pieces = [*string.ascii_lowercase, *string.digits, *string.punctuation]
    entries = [*SPECIAL, *dict.fromkeys([*pieces, *(f"##{p}" for p in string.ascii_lowercase + string.digits), *WORDS])]
    vocab = {entry: number for number, entry in enumerate(entries)}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))  # noqa: S106 (no password)
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", vocab["[SEP]"]), ("[CLS]", vocab["[CLS]"]))
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.enable_padding(length=8, pad_id=0, pad_token="[PAD]")  # noqa: S106 (no password)
    tokenizer.enable_truncation(8)
    return tokenizer


def byte_level() -> Tokenizer:
    """A small byte-level BPE like RoBERTa's: no text has an unknown token."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))  # noqa: S106 (no password)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        show_progress=False,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    tokenizer.train_from_iterator([" ".join(WORDS)] * 4, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


def byte_level_with_names() -> Tokenizer:
    """The same pieces as ModernBERT has them: BERT's names for the special tokens, behind all others."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=330, show_progress=False, initial_alphabet=alphabet)
    tokenizer.train_from_iterator([" ".join(WORDS)] * 4, trainer)
    tokenizer.add_special_tokens(SPECIAL)
    ends = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=ends)
    return tokenizer


def unigram() -> Tokenizer:
    """A small SentencePiece Unigram like XLM-R's, of Latin letters: it knows no other writing."""
    pieces = [*dict.fromkeys(f"▁{word}" for word in WORDS), "▁", *string.ascii_letters, *string.digits]
    scored = [(piece, -3.0 if len(piece) > 1 else -6.0) for piece in [*pieces, *string.punctuation]]
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.Unigram([*((name, 0.0) for name in special), *scored], 3, byte_fallback=False))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens(special)
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return tokenizer


def bert(directory: Path, *, seed: int = 0, extra_rows: int = 0, layers: int = LAYERS) -> Path:
    """A BERT; `extra_rows`: how many rows of its embedding matrix no token uses."""
    tokenizer = wordpiece()
    rows = tokenizer.get_vocab_size() + extra_rows
    return _made(directory, BertModel, tokenizer, seed, {**SIZES, "vocab_size": rows, "num_hidden_layers": layers})


def roberta(directory: Path, *, seed: int = 0) -> Path:
    """A RoBERTa, whose padding id is 1 and whose positions start behind it."""
    return _made(directory, RobertaModel, byte_level(), seed, {**SIZES, "type_vocab_size": 1})


def distilbert(directory: Path, *, seed: int = 0) -> Path:
    """A DistilBERT, whose configuration names everything differently."""
    own = {"dim": HIDDEN, "n_layers": LAYERS, "n_heads": HEADS, "hidden_dim": INNER}
    return _made(directory, DistilBertModel, wordpiece(), seed, {**own, "max_position_embeddings": POSITIONS})


def electra(directory: Path, *, seed: int = 0) -> Path:
    """An ELECTRA, whose embeddings are narrower than its layers, and which has no pooler."""
    return _made(directory, ElectraModel, wordpiece(), seed, {**SIZES, "embedding_size": HIDDEN // 2})


def modernbert(directory: Path, *, seed: int = 0) -> Path:
    """A ModernBERT: rotary positions, one layer that attends to neighbours only, no token types, no biases."""
    tokenizer = byte_level_with_names()
    special = {"pad": "[PAD]", "cls": "[CLS]", "sep": "[SEP]", "bos": "[CLS]", "eos": "[SEP]"}
    ids = {f"{name}_token_id": tokenizer.token_to_id(token) for name, token in special.items()}
    sizes = {**SIZES, "global_attn_every_n_layers": 2, "local_attention": 8, **ids}
    return _made(directory, ModernBertModel, tokenizer, seed, sizes)


def xlm_roberta(directory: Path, *, seed: int = 0) -> Path:
    """An XLM-R: RoBERTa's positions, and a Unigram vocabulary."""
    return _made(directory, XLMRobertaModel, unigram(), seed, {**SIZES, "type_vocab_size": 1})


BUILDERS = {
    "bert": bert,
    "distilbert": distilbert,
    "electra": electra,
    "modernbert": modernbert,
    "roberta": roberta,
    "xlm-roberta": xlm_roberta,
}
"""Every kind by name, for tests that must hold for all of them."""


def _made(
    directory: Path, kind: type[PreTrainedModel], tokenizer: Tokenizer, seed: int, sizes: Mapping[str, int]
) -> Path:
    """A model of this kind with weights drawn at random; its vocabulary is the tokenizer's unless `sizes` says."""
    assert kind.config_class is not None
    config = kind.config_class(**{"vocab_size": tokenizer.get_vocab_size(), **sizes})
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        kind(config).save_pretrained(directory, safe_serialization=True)
    tokenizer.save(str(directory / "tokenizer.json"))
    return directory


def change_config(directory: Path, **changes: object) -> None:
    """Write some entries of a config.json anew."""
    path = directory / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
