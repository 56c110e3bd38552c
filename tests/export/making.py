"""Small encoders from configurations, and projects that have learnt something with one: nothing is downloaded."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoModel, PretrainedConfig
from transformers import logging as transformers_logging

from core import settings
from core.project import Project
from core.records import Job, JobEvent
from core.store import examples
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.worker.jobs.embed import EMBED
from core.worker.learner import refresh
from core.worker.protocol import JobContext, JobKind

transformers_logging.set_verbosity_error()
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def wordpiece(texts: Sequence[str], size: int) -> Tokenizer:
    """A WordPiece tokenizer of exactly `size` entries that knows the ASCII words of the texts; no training needed."""
    words = dict.fromkeys(w for text in texts for w in text.lower().split() if w.isascii() and w.isalpha())
    letters = [prefix + chr(c) for prefix in ("", "##") for c in range(33, 127)]
    entries = list(dict.fromkeys([*SPECIAL, *letters, *words]))[:size]
    entries += [f"[unused{i}]" for i in range(size - len(entries))]
    vocab = {entry: i for i, entry in enumerate(entries)}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=50))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocab["[CLS]"]), ("[SEP]", vocab["[SEP]"])]
    )
    return tokenizer


def save_encoder(directory: Path, config: PretrainedConfig, tokenizer: Tokenizer) -> Path:
    """An encoder with random weights, as `save_pretrained` writes it."""
    torch.manual_seed(0)
    AutoModel.from_config(config).save_pretrained(directory, safe_serialization=True)
    tokenizer.save(str(directory / "tokenizer.json"))
    return directory


def run(project: Project, kind: JobKind, args: dict[str, Any] | None = None) -> list[JobEvent]:
    """Run a job kind in this process, as the worker does; returns all its events."""
    job = Job(1, kind.name, args or {}, "running", 0.0)
    return list(kind.run(JobContext(project, job, project.settings())))


def teach(project: Project, encoder: str, **options: Any) -> Project:
    """Embed the project with the encoder, label every third text of its pool, and publish a head."""
    chosen = settings.changed(settings.Settings(), "encoder", encoder)
    for key, value in options.items():
        chosen = settings.changed(chosen, key, value)
    settings.save(project.root, chosen)
    run(project, EMBED)
    with project.open() as con:
        texts = [x for x in examples.walk(con) if x.split == "pool"]
        given = [Decision(x.id, CLASSIFY.encode(ClassAnswer(1 + i % 3))) for i, x in enumerate(texts[::3])]
        decide(con, CLASSIFY, given, "ada")
        refresh(project, con)
    return project


def manifest_of(bundle: Path) -> dict[str, Any]:
    """Content of handful.json."""
    found: dict[str, Any] = json.loads((bundle / "handful.json").read_text(encoding="utf-8"))
    return found
