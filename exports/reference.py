"""What an export is compared with: texts of the project, and what the model gives for them in torch, fp32.

Written into the staging directory before the graph is tried, read by the parity check, and removed before anything is
published, for the texts are private. No pickle is written or read.
"""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.publish import publish_file

TEXTS, LOGITS = "reference.json", "reference.npz"
FILES = (TEXTS, LOGITS)
BATCHES = (1, 8, 32)


@dataclass(frozen=True, slots=True)
class Reference:
    """Texts and the truth about them."""

    texts: tuple[str, ...]
    batches: tuple[int, ...]
    """Numbers of texts per step at which the export has to give the same."""
    threads: int
    """CPU threads to use."""
    logits: NDArray[np.float32]
    """[texts, classes]"""
    tokens: NDArray[np.uint8]
    """SHA-256 of each text's windows of token ids as training saw them, [texts, 32]."""


def write_texts(folder: Path, texts: Sequence[str], threads: int, **more: Any) -> None:
    """The questions: which texts, and how they are to be tried."""
    content = {"texts": list(texts), "batches": list(BATCHES), "threads": threads, **more}
    publish_file(folder / TEXTS, json.dumps(content).encode())


def read_texts(folder: Path) -> dict[str, Any]:
    """What `write_texts` wrote."""
    found: dict[str, Any] = json.loads((folder / TEXTS).read_text(encoding="utf-8"))
    return found


def write_logits(folder: Path, logits: NDArray[np.float32], tokens: NDArray[np.uint8]) -> None:
    """The answers: logits [texts, classes] and fingerprints of windows [texts, 32]."""
    buffer = io.BytesIO()
    np.savez(buffer, logits=logits, tokens=tokens)
    publish_file(folder / LOGITS, buffer.getvalue())


def read(folder: Path) -> Reference:
    """Questions and answers together."""
    said = read_texts(folder)
    with np.load(folder / LOGITS, allow_pickle=False) as arrays:
        logits, tokens = arrays["logits"], arrays["tokens"]
    return Reference(tuple(said["texts"]), tuple(said["batches"]), int(said["threads"]), logits, tokens)


def fingerprint(windows: Sequence[Sequence[int]]) -> NDArray[np.uint8]:
    """SHA-256 of a text's windows of token ids, [32]; where one ends and the next begins counts, too."""
    digest = hashlib.sha256()
    for ids in windows:
        digest.update(np.asarray([len(ids), *ids], np.int64).tobytes())
    return np.frombuffer(digest.digest(), np.uint8)
