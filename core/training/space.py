"""A feature space: one encoder, one tokenizer, one maximum length. Everything computed in it is cached under its name.

The name is a fingerprint of all that shapes a feature, so that another encoder, a tuned one or another length never
meets the wrong cache.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import tokenizing
from core.project import Project
from core.publish import make_dir, publish_file
from core.settings import Settings
from core.store import models
from core.training import lexical
from core.training.encoders.embedded import sha256_of

SPACE, TOKENIZER = "space.json", "tokenizer.json"


@dataclass(frozen=True, slots=True)
class Space:
    """Where a space lies and what it is."""

    directory: Path
    info: Mapping[str, Any]
    """Content of space.json."""

    @property
    def fingerprint(self) -> str:
        """Its name below `embeddings/`."""
        return str(self.info["fingerprint"])

    @property
    def dim(self) -> int:
        """Numbers per text."""
        return int(self.info["dim"])

    def encoder_dir(self, project: Project) -> Path:
        """The directory of the encoder's files."""
        return project.root / str(self.info["encoder_dir"])


def prepare(project: Project, settings: Settings, ref: str, encoder_dir: Path, sample: Sequence[str]) -> Space:
    """The space of an encoder (`ref`: `base` or a round's number) for this project, made if it is new.

    `sample`: texts from which is decided whether the encoder can read the project's writing.
    """
    config = json.loads((encoder_dir / "config.json").read_text(encoding="utf-8"))
    raw = (encoder_dir / "tokenizer.json").read_text(encoding="utf-8")
    plain = tokenizing.load(encoder_dir / "tokenizer.json", None)
    sketch = _sketch(plain, config, raw, sample, extended=ref != models.BASE)
    tokenizer = raw if sketch is None or ref != models.BASE else lexical.extended_tokenizer(raw)
    hidden = int(config.get("hidden_size") or config.get("dim") or config["d_model"])
    positions = int(config.get("max_position_embeddings", settings.max_length))
    # RoBERTa's positions start after its padding id, so two of them never serve a token
    usable = positions - 2 if "roberta" in str(config.get("model_type")) else positions
    info: dict[str, Any] = {
        "encoder": ref,
        "model_type": config.get("model_type"),
        "weights_sha256": sha256_of(encoder_dir / "model.safetensors"),
        "tokenizer_sha256": hashlib.sha256(tokenizer.encode()).hexdigest(),
        "max_length": min(settings.max_length, usable),
        "lexical": sketch,
        "dim": hidden + (sketch["buckets"] if sketch else 0),
    }
    info["fingerprint"] = hashlib.sha256(json.dumps(info, sort_keys=True).encode()).hexdigest()[:16]
    inside = encoder_dir.is_relative_to(project.root)
    info["encoder_dir"] = os.fspath(encoder_dir.relative_to(project.root) if inside else encoder_dir)
    directory = make_dir(project.embeddings / info["fingerprint"])
    if not (directory / SPACE).exists():
        publish_file(directory / TOKENIZER, tokenizer.encode())
        publish_file(directory / SPACE, json.dumps(info, indent=1).encode())
    return Space(directory, info)


def _sketch(
    plain: Any, config: Mapping[str, Any], raw: str, sample: Sequence[str], *, extended: bool
) -> dict[str, Any] | None:
    """The arguments of the lexical sketch, or None if the encoder reads the sample's scripts well enough."""
    unknown = tokenizing.unknown_id(plain)
    if unknown is None or json.loads(raw)["model"].get("type") != "WordPiece":
        return None
    vocab_size = int(config["vocab_size"])
    grown = plain.get_vocab_size() > vocab_size
    poor = any(r.unknown_share > tokenizing.UNKNOWN_LIMIT for r in tokenizing.readability(plain, sample))
    if not (grown if extended else poor):
        return None
    return {
        "buckets": lexical.BUCKETS,
        "vocab_size": vocab_size,
        "unk_id": unknown,
        "threshold": lexical.THRESHOLD,
    }


def load(project: Project, fingerprint: str) -> Space:
    """The space with this fingerprint."""
    directory = project.embeddings / fingerprint
    return Space(directory, json.loads((directory / SPACE).read_text(encoding="utf-8")))
