"""A feature space: one encoder, one tokenizer, one way to cut long texts. All computed in it is cached by its name.

The name is a fingerprint of all that shapes a feature, so that another encoder, a tuned one or another length never
meets the wrong cache.
"""

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from core import tokenizing
from core.errors import InputError
from core.i18n import _
from core.project import Project
from core.publish import make_dir, publish_file
from core.settings import Settings
from core.store import models
from core.training import lexical
from core.training.encoders.embedded import sha256_of
from core.windows import Windows

SPACE, TOKENIZER = "space.json", "tokenizer.json"
_OFFSET_POSITIONS = ("roberta", "camembert", "mpnet", "xmod", "data2vec-text", "longformer")
"""Model types (or parts of their names) whose positions start after the padding id: two of them never serve a token."""


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

    @property
    def encoder(self) -> str:
        """Which one it is: `base`, or a round's number."""
        return str(self.info["encoder"])

    @property
    def is_base(self) -> bool:
        """Whether its encoder is untouched, so that the project's labels are new to it."""
        return self.encoder == models.BASE

    def encoder_dir(self, project: Project) -> Path:
        """The directory of the encoder's files."""
        return project.root / str(self.info["encoder_dir"])


def described(settings: Settings, ref: str, encoder_dir: Path, sample: Sequence[str]) -> tuple[dict[str, Any], str]:
    """(what shapes the features of an encoder, its tokenizer.json); nothing is written. See `prepare`."""
    plain = tokenizing.load(encoder_dir / "tokenizer.json", None)
    raw = (encoder_dir / "tokenizer.json").read_text(encoding="utf-8")
    config, hidden = _config(encoder_dir)
    # a tuned encoder, of this project or another, brings the tokenizer that was extended for it
    grown = _is_wordpiece(raw) and plain.get_vocab_size() > int(config["vocab_size"])
    poor = ref == models.BASE and _is_wordpiece(raw) and _reads_poorly(plain, sample)
    sketch = _sketch(plain, config) if grown or poor else None
    extend = sketch is not None and not grown
    tokenizer = lexical.extended_tokenizer(raw, int(config["vocab_size"])) if extend else raw
    info: dict[str, Any] = {
        "encoder": ref,
        "model_type": config.get("model_type"),
        "weights_sha256": sha256_of(encoder_dir / "model.safetensors"),
        "tokenizer_sha256": hashlib.sha256(tokenizer.encode()).hexdigest(),
        **Windows.chosen(min(settings.max_length, _usable_positions(config)), settings.windows).as_json(),
        "lexical": sketch,
        "dim": hidden + (sketch["buckets"] if sketch else 0),
    }
    return info, tokenizer


def prepare(project: Project, settings: Settings, ref: str, encoder_dir: Path, sample: Sequence[str]) -> Space:
    """The space of an encoder (`ref`: `base` or a round's number) for this project, made if it is new.

    `sample`: texts from which is decided whether the encoder can read the project's writing. Raises InputError if the
    encoder's configuration or tokenizer can't be read.
    """
    info, tokenizer = described(settings, ref, encoder_dir, sample)
    info["fingerprint"] = hashlib.sha256(json.dumps(info, sort_keys=True).encode()).hexdigest()[:16]
    inside = encoder_dir.is_relative_to(project.root)
    info["encoder_dir"] = os.fspath(encoder_dir.relative_to(project.root) if inside else encoder_dir)
    directory = make_dir(project.embeddings / info["fingerprint"])
    if not (directory / SPACE).exists():
        publish_file(directory / TOKENIZER, tokenizer.encode())
    content = json.dumps(info, indent=1).encode()
    if not (directory / SPACE).exists() or (directory / SPACE).read_bytes() != content:
        publish_file(directory / SPACE, content)  # anew, too, where the same encoder lies in another place now
    return Space(directory, info)


def _config(encoder_dir: Path) -> tuple[dict[str, Any], int]:
    """The encoder's configuration and its hidden size."""
    path = encoder_dir / "config.json"
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        int(config["vocab_size"])
        return config, int(config.get("hidden_size") or config.get("dim") or config["d_model"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            _("This encoder's configuration can't be used."),
            _("{path} is no JSON, or names no vocab_size or hidden_size.").format(path=path),
            _("Save the model anew with save_pretrained, or choose another encoder."),
        ) from error


def _usable_positions(config: Mapping[str, Any]) -> int:
    """Tokens a text may have at most; a very large number if the encoder sets no limit."""
    positions = int(config.get("max_position_embeddings") or 0)
    if positions <= 0:
        return sys.maxsize
    offset = any(name in str(config.get("model_type")) for name in _OFFSET_POSITIONS)
    return positions - 2 if offset else positions


def _is_wordpiece(raw: str) -> bool:
    """Only WordPiece gives up a whole word for one unknown character; others fall back to bytes or pieces."""
    return bool(json.loads(raw)["model"].get("type") == "WordPiece")


def _reads_poorly(plain: Tokenizer, sample: Sequence[str]) -> bool:
    """Whether much of some script of the sample is unknown to the vocabulary."""
    return any(r.unknown_share > tokenizing.UNKNOWN_LIMIT for r in tokenizing.readability(plain, sample))


def _sketch(plain: Tokenizer, config: Mapping[str, Any]) -> dict[str, Any] | None:
    """The arguments of the lexical sketch; None for a tokenizer without an unknown token."""
    unknown = tokenizing.unknown_id(plain)
    if unknown is None:
        return None
    return {
        "buckets": lexical.BUCKETS,
        "vocab_size": int(config["vocab_size"]),
        "unk_id": unknown,
        "threshold": lexical.THRESHOLD,
    }


def load(project: Project, fingerprint: str) -> Space:
    """The space with this fingerprint."""
    directory = project.embeddings / fingerprint
    return Space(directory, json.loads((directory / SPACE).read_text(encoding="utf-8")))
