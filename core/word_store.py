"""What the words of some texts look like to an encoder, on disk: cached as long as its space is in force.

Words are many, so the store is bounded: it holds the texts that are labelled and those that may be asked next. Like
the features of whole texts (`core.vectors`), it grows by appending, and only what `words.json` counts is there.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.publish import publish_file
from core.vectors import append_at

IDS, SIZES, PLACES, WORDS, STATE = "words.ids.i64", "words.sizes.i64", "words.places.i64", "words.f16", "words.json"


@dataclass(frozen=True, slots=True)
class Words:
    """The words of all cached texts, one after the other."""

    ids: NDArray[np.int64]
    """Example ids, [texts], in the order they were cached."""
    starts: NDArray[np.int64]
    """Where each text's words begin, and at the end where the last ones end, [texts + 1]."""
    places: NDArray[np.int64]
    """Where each word lies in its text: start and end in code points, [words, 2]."""
    features: NDArray[Any]
    """[words, dim] float16, memory-mapped."""

    def rows(self, text: int) -> slice:
        """The words of one text, by its place among the cached ones."""
        return slice(int(self.starts[text]), int(self.starts[text + 1]))

    def gather(self, texts: Sequence[int]) -> NDArray[np.float32]:
        """Features of the words of these texts, one text after the other, [words, dim]."""
        parts = [np.asarray(self.features[self.rows(text)], np.float32) for text in texts]
        return np.concatenate(parts) if parts else np.empty((0, self.features.shape[1]), np.float32)


@dataclass(frozen=True, slots=True)
class WordStore:
    """The words cached in one space."""

    directory: Path
    dim: int

    def _state(self) -> tuple[int, int]:
        path = self.directory / STATE
        if not path.exists():
            return 0, 0
        said = json.loads(path.read_text(encoding="utf-8"))
        return int(said["texts"]), int(said["words"])

    @property
    def count(self) -> int:
        """How many texts are cached."""
        return self._state()[0]

    def load(self) -> Words:
        """All that is there."""
        texts, n = self._state()
        starts = np.zeros(texts + 1, np.int64)
        if not n:
            ids = np.fromfile(self.directory / IDS, np.int64, texts) if texts else np.empty(0, np.int64)
            return Words(ids, starts, np.empty((0, 2), np.int64), np.empty((0, self.dim), np.float16))
        np.cumsum(np.fromfile(self.directory / SIZES, np.int64, texts), out=starts[1:])
        places = np.fromfile(self.directory / PLACES, np.int64, 2 * n).reshape(n, 2)
        features = np.memmap(self.directory / WORDS, np.float16, "r", shape=(n, self.dim))
        return Words(np.fromfile(self.directory / IDS, np.int64, texts), starts, places, features)

    def append(self, ids: Sequence[int], places: Sequence[NDArray[np.int64]], words: Sequence[NDArray[Any]]) -> None:
        """Add texts and commit them: places [words, 2] and features [words, dim] for each id.

        Raises ValueError for any other shape.
        """
        if any(one.shape != (len(own), self.dim) for own, one in zip(places, words, strict=True)):
            raise ValueError([one.shape for one in words])
        texts, n = self._state()
        sizes = np.array([len(one) for one in words], np.int64)
        if len(ids) != len(words):
            raise ValueError(len(ids))
        append_at(self.directory / IDS, texts * 8, np.asarray(ids, np.int64).tobytes())
        append_at(self.directory / SIZES, texts * 8, sizes.tobytes())
        where = np.concatenate(places) if places else np.empty((0, 2), np.int64)
        append_at(self.directory / PLACES, n * 16, where.tobytes())
        whole = np.concatenate(words) if words else np.empty((0, self.dim))
        append_at(self.directory / WORDS, n * self.dim * 2, whole.astype(np.float16).tobytes())
        state = {"texts": texts + len(ids), "words": n + int(sizes.sum())}
        publish_file(self.directory / STATE, json.dumps(state).encode())


def forget(directory: Path) -> None:
    """Remove all that is cached in a space, so that it is cached anew without the texts that are gone."""
    for name in (STATE, IDS, SIZES, PLACES, WORDS):
        (directory / name).unlink(missing_ok=True)
