"""What the export of a tagger is compared with: logits of every word of the reference texts. Private, never published.

Questions and places are those of `exports.reference`; the answers are ragged, for texts have words, not one answer.
"""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.publish import publish_file
from core.reading import Reading
from exports import reference


@dataclass(frozen=True, slots=True)
class SpanReference:
    """Texts and the truth about them."""

    texts: tuple[str, ...]
    batches: tuple[int, ...]
    """Numbers of windows per step at which the export has to give the same."""
    threads: int
    """CPU threads to use."""
    logits: tuple[NDArray[np.float32], ...]
    """[words, tags] of each text."""
    tokens: NDArray[np.uint8]
    """What each text was read as (`fingerprint`), [texts, 32]."""


def write(folder: Path, logits: Sequence[NDArray[np.float32]], tokens: Sequence[NDArray[np.uint8]]) -> None:
    """The answers: logits [words, tags] and fingerprints [32], one each for every text."""
    buffer = io.BytesIO()
    sizes = np.array([len(own) for own in logits], np.int64)
    np.savez(buffer, logits=np.concatenate(logits), sizes=sizes, tokens=np.stack(tokens))
    publish_file(folder / reference.LOGITS, buffer.getvalue())


def read(folder: Path) -> SpanReference:
    """Questions and answers together."""
    said = reference.read_texts(folder)
    with np.load(folder / reference.LOGITS, allow_pickle=False) as arrays:
        logits = np.split(arrays["logits"], np.cumsum(arrays["sizes"])[:-1])
        tokens = arrays["tokens"]
    return SpanReference(tuple(said["texts"]), tuple(said["batches"]), int(said["threads"]), tuple(logits), tokens)


def fingerprint(reading: Reading) -> NDArray[np.uint8]:
    """SHA-256 of a text's windows: token ids, the words they belong to and how those look, [32]."""
    digest = hashlib.sha256()
    for window in reading.windows:
        for part in (window.ids, window.owners, window.shapes):
            digest.update(np.asarray([len(part), *part], np.int64).tobytes())
    return np.frombuffer(digest.digest(), np.uint8)
