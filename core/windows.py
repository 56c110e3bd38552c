"""Texts longer than the encoder reads at once: windows of token ids, the features of which are averaged.

The head is linear, so the mean of the windows' features gives the mean of the windows' logits. Each window has the
special tokens at both ends and shares an eighth of its tokens with the one before, so that nothing is only ever seen at
an edge. Embedding, rounds and the export all read texts through this module; the bundle's predict.py does the same by
itself. Needs only `tokenizers` and numpy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from core import tokenizing

OVERLAP = 8
"""One token in so many of a window is in the next one, too."""

TokenIds = list[int]


@dataclass(frozen=True, slots=True)
class Windows:
    """How texts are cut."""

    length: int
    """Tokens of a window, the special ones included."""
    most: int = 1
    """Windows a text has at most; what is beyond them is not read."""
    overlap: int = 0
    """Tokens a window shares with the one before; 0 where there is one window only."""

    @classmethod
    def chosen(cls, length: int, most: int) -> "Windows":
        """With the overlap that belongs to this length."""
        return cls(length, most, max(1, length // OVERLAP) if most > 1 else 0)

    @classmethod
    def of(cls, space: Mapping[str, Any]) -> "Windows":
        """As a space's or a bundle's JSON says; those of earlier versions know one window only."""
        return cls(int(space["max_length"]), int(space.get("windows", 1)), int(space.get("overlap", 0)))

    def as_json(self) -> dict[str, int]:
        """What `of` reads."""
        return {"max_length": self.length, "windows": self.most, "overlap": self.overlap}

    def tokenizer(self, tokenizer_json: Path) -> Tokenizer:
        """The tokenizer that cuts this way, without padding; raises InputError if the file is none."""
        return tokenizing.load(tokenizer_json, self.length, overlap=self.overlap)

    def cut(self, tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[TokenIds]]:
        """For each text its windows in order, at least one; `tokenizer` as the method of this name gives it."""
        found = []
        for encoding in tokenizer.encode_batch(list(texts)):
            rest = encoding.overflowing[: self.most - 1] if self.most > 1 else ()
            found.append([encoding.ids, *(window.ids for window in rest)])
        return found

    def reach(self, tokenizer: Tokenizer) -> int:
        """Tokens of the longest text that is read whole, the special ones counted once."""
        special = tokenizer.num_special_tokens_to_add(is_pair=False)
        return self.length + (self.most - 1) * (self.length - special - self.overlap)


def firsts(texts: Sequence[Sequence[TokenIds]]) -> list[TokenIds]:
    """The first window of each text."""
    return [windows[0] for windows in texts]


def means(rows: NDArray[np.float32], texts: Sequence[Sequence[TokenIds]]) -> NDArray[np.float32]:
    """rows [windows of all texts in order, dim] → their mean per text, [texts, dim]."""
    counts = np.array([len(windows) for windows in texts], np.int64)
    starts = np.cumsum(counts) - counts
    return np.asarray(np.add.reduceat(rows, starts, axis=0) / counts[:, None], np.float32)
