"""Texts as a tagger reads them: tokens in windows, each with the word it belongs to, and back from tokens to words.

A word is what its tokens say on average. In a text of several windows a word counts once: as the window says in which
it stands furthest from the edges. Training and bundles read by these very functions. Needs numpy and `tokenizers` only.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.shapes import codes_of
from core.words import Stretch, words

NO_WORD = -1
"""In place of a word's number, for tokens that mark beginning and end."""


@dataclass(frozen=True, slots=True)
class Window:
    """As many tokens as are read at once."""

    ids: list[int]
    """The special ones included."""
    owners: list[int]
    """Number of the word that each belongs to, or `NO_WORD`."""
    shapes: list[int]
    """Code of that word's shape (`core.shapes`), 0 for `NO_WORD`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One text."""

    words: list[Stretch]
    """All of them, even those beyond what is read."""
    windows: list[Window]
    """In order, at least one."""


def read(tokenizer: Any, texts: Sequence[str], most: int) -> list[Reading]:
    """Each text in `most` windows at most; the tokenizer cuts and overlaps, and does not pad."""
    found = []
    for text, encoding in zip(texts, tokenizer.encode_batch(list(texts)), strict=True):
        parts = words(text)
        codes, ends = codes_of(text, parts), [end for _start, end in parts]
        windows = [_window(one, parts, codes, ends) for one in (encoding, *encoding.overflowing[: most - 1])]
        found.append(Reading(parts, windows))
    return found


def _window(encoding: Any, parts: Sequence[Stretch], codes: Sequence[int], ends: Sequence[int]) -> Window:
    owners = []
    for (start, end), special in zip(encoding.offsets, encoding.special_tokens_mask, strict=True):
        word = bisect_right(ends, start) if not special else len(parts)
        owners.append(word if word < len(parts) and parts[word][0] < end else NO_WORD)
    return Window(list(encoding.ids), owners, [codes[word] if word >= 0 else 0 for word in owners])


def merged(reading: Reading, rows: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """What each word that was read says, [words read, dim], from its windows' rows [tokens, dim].

    Words are read from the first on; a text too long for its windows has more. A word without a token of its own says
    what the one before it does.
    """
    dim = rows[0].shape[1]
    found = np.zeros((len(reading.words), dim), np.float32)
    depth = np.full(len(reading.words), -1, np.int64)
    for window, row in zip(reading.windows, rows, strict=True):
        owners = np.asarray(window.owners, np.int64)
        places = np.flatnonzero(owners >= 0)
        if not len(places):
            continue
        numbers, starts, counts = np.unique(owners[places], return_index=True, return_counts=True)
        own = np.add.reduceat(row[places], starts, axis=0) / counts[:, None]
        first, last = places[starts], places[starts + counts - 1]
        depths = np.minimum(first, len(owners) - 1 - last)
        better = depths > depth[numbers]
        found[numbers[better]], depth[numbers[better]] = own[better], depths[better]
    reached = depth >= 0
    end = int(np.flatnonzero(reached).max(initial=-1)) + 1
    for word in np.flatnonzero(~reached[:end]):
        found[word] = found[word - 1] if word else 0.0
    return found[:end]
