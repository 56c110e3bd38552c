"""Which texts an export is tried on: as many of the project's longest as spread over all of it, long beside short.

A few more are made by joining texts, so that reading in windows is tried even where no text of the project needs it.
"""

from collections.abc import Sequence
from itertools import chain, cycle, zip_longest
from pathlib import Path

import numpy as np

from core import demo, tokenizing
from core.connection import Connection
from core.store import examples
from core.vectors import VectorStore
from core.windows import Windows

TEXTS = 512
MAX_CHARS = 20_000
"""What is read of a longer text; encoders see less."""
DEMO_ID = 0
"""In place of an id, for texts of the demo corpus and joined ones."""
LONG = 4
"""Joined texts."""


def reference_texts(con: Connection, space_dir: Path, dim: int, n: int = TEXTS) -> list[tuple[int, str]]:
    """(example id, text) of `n` texts, all different; fewer only if project and demo corpus together have no more.

    Half are the longest, the others evenly spread over what is embedded. They alternate, so that batches mix lengths.
    """
    long = examples.longest(con, n // 2)
    ids = VectorStore(space_dir, dim).ids()
    rest = ids[~np.isin(ids, [example.id for example in long])]
    places = np.linspace(0, len(rest) - 1, min(len(rest), n - len(long))).round().astype(np.int64)
    spread = examples.get(con, rest[places].tolist())
    mixed = [x for x in chain.from_iterable(zip_longest(long, spread)) if x is not None]
    found = {example.text[:MAX_CHARS]: example.id for example in mixed}
    for text in demo.texts():
        if len(found) >= n:
            break
        found.setdefault(text, DEMO_ID)
    return [(example_id, text) for text, example_id in found.items()]


def long_texts(tokenizer_json: Path, windows: Windows, texts: Sequence[str]) -> list[tuple[int, str]]:
    """(DEMO_ID, text) of `LONG` joined texts: from one of little more than one window to one longer than what is read.

    Fewer only if the texts hold no tokens at all.
    """
    tokenizer = tokenizing.load(tokenizer_json, None)
    special = tokenizer.num_special_tokens_to_add(is_pair=False)
    sizes = [len(encoding.ids) - special for encoding in tokenizer.encode_batch(list(texts))]
    known = [(text, size) for text, size in zip(texts, sizes, strict=True) if 0 < size <= windows.length]
    if not known:
        return []
    source, reach = cycle(known), windows.reach(tokenizer)
    found = []
    for number in range(LONG):
        goal = windows.length + (reach * 1.25 - windows.length) * number / (LONG - 1)
        parts: list[str] = []
        total = 0
        while total <= goal:
            text, size = next(source)
            parts.append(text)
            total += size
        found.append((DEMO_ID, " ".join(parts)))
    return found
