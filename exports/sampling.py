"""Which texts an export is tried on: as many of the project's longest as spread over all of it, long beside short."""

from itertools import chain, zip_longest
from pathlib import Path

import numpy as np

from core import demo
from core.connection import Connection
from core.store import examples
from core.vectors import VectorStore

TEXTS = 512
MAX_CHARS = 20_000
"""What is read of a longer text; encoders see less."""
DEMO_ID = 0
"""In place of an id, for texts of the demo corpus."""


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
