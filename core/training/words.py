"""Caching what the words of a project's texts look like: those that are labelled, and as many others as there is room.

Which others is a matter of chance (a hash of their ids), so that they stand for the whole pool.
"""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core import clock
from core.connection import Connection
from core.project import Project
from core.reading import read
from core.records import Example, JobEvent
from core.settings import Settings
from core.shapes import SHAPES
from core.store import examples
from core.training.device import Compute
from core.training.space import TOKENIZER, Space
from core.training.tokens import TokenFeaturizer, load_token_featurizer, word_features
from core.windows import Windows
from core.word_store import WordStore

ROOM = 256_000_000
"""Bytes of cached features beyond which only texts that must be there are added."""
PIECE = 512
"""Texts read and committed together."""
TICK = 0.3


def store_of(space: Space) -> WordStore:
    """The words cached in a space."""
    return WordStore(space.directory, space.dim + 3 * SHAPES)


def missing(con: Connection, store: WordStore) -> tuple[list[int], list[int]]:
    """Ids of texts that are not cached: those that must be, and those that may be, in the order of their hashes."""
    there = set(store.load().ids.tolist())
    must = [x.example.id for x in (*examples.labelled(con), *examples.labelled(con, "test"))]
    wanted = [i for i in must if i not in there]
    known = there | set(must)
    others = [i for i in examples.open_ids(con) if i not in known]
    return wanted, sorted(others, key=lambda i: hashlib.sha256(str(i).encode()).digest())


def cache(
    project: Project, space: Space, settings: Settings, compute: Compute, *, all_there_is_room_for: bool = True
) -> Iterator[JobEvent]:
    """Cache what is missing; without `all_there_is_room_for` only what must be there."""
    with project.open(readonly=True) as con:
        store = store_of(space)
        must, others = missing(con, store)
    if not must and not (others and all_there_is_room_for):
        return
    model = load_token_featurizer(space.encoder_dir(project), space.info).to(compute.device)
    room = ROOM // (2 * store.dim) - len(store.load().features)
    done, ticked = 0, clock.monotonic()
    queue = [(i, True) for i in must] + [(i, False) for i in others if all_there_is_room_for]
    for start in range(0, len(queue), PIECE):
        piece = [i for i, needed in queue[start : start + PIECE] if needed or room > 0]
        if not piece:
            break
        with project.open(readonly=True) as con:
            found = examples.get(con, piece)
        room -= add(store, model, space, found, settings, compute)
        done += len(piece)
        if clock.monotonic() - ticked > TICK:
            ticked = clock.monotonic()
            yield JobEvent("progress", {"what": "read words", "done": done, "total": len(queue)})


def add(
    store: WordStore,
    model: TokenFeaturizer,
    space: Space,
    found: Sequence[Example],
    settings: Settings,
    compute: Compute,
) -> int:
    """Cache these texts; returns how many words they have."""
    read = _read(model, space, [one.text for one in found], settings, compute)
    store.append([one.id for one in found], [places for places, _rows in read], [rows for _places, rows in read])
    return sum(len(rows) for _places, rows in read)


Told = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Where each word of a text that was read lies in it [words, 2], and its features [words, dim]."""


def of_texts(project: Project, space: Space, texts: Sequence[str], settings: Settings, compute: Compute) -> list[Told]:
    """The same for any texts, without the cache."""
    model = load_token_featurizer(space.encoder_dir(project), space.info).to(compute.device)
    return [
        one
        for start in range(0, len(texts), PIECE)
        for one in _read(model, space, texts[start : start + PIECE], settings, compute)
    ]


def _read(
    model: TokenFeaturizer, space: Space, texts: Sequence[str], settings: Settings, compute: Compute
) -> list[Told]:
    windows = Windows.of(space.info)
    readings = read(windows.tokenizer(space.directory / TOKENIZER), texts, windows.most)
    rows = [np.empty((0, model.dim), np.float32)] * len(texts)
    pad_id = int(model.config.pad_token_id or 0)
    for text, own in word_features(model, readings, compute, batch=settings.embed_batch, pad_id=pad_id):
        rows[text] = own
    return [
        (np.array(reading.words[: len(own)], np.int64).reshape(-1, 2), own)
        for reading, own in zip(readings, rows, strict=True)
    ]
