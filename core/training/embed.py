"""Embedding the pool: read in short pieces, sorted by length, written so that a kill costs one piece at most."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from numpy.typing import NDArray

from core import clock
from core.project import Project
from core.records import JobEvent
from core.settings import Settings
from core.store import examples
from core.training.device import Compute, out_of_memory
from core.training.featurizer import Featurizer, load_featurizer
from core.training.space import TOKENIZER, Space
from core.vectors import VectorStore
from core.windows import TokenIds, Windows

PIECE = 2048
"""Texts read, sorted by length and committed together."""
TICK = 0.3
"""Seconds between progress events."""


def batches_by_length(token_ids: Sequence[Sequence[int]], size: int, tokens_a_text: int) -> list[list[int]]:
    """Indices in batches of about equal length, longest first; a batch holds at most `size` × `tokens_a_text` tokens,
    padding included."""
    order = sorted(range(len(token_ids)), key=lambda i: -len(token_ids[i]))
    batches: list[list[int]] = []
    start = 0
    while start < len(order):
        longest = max(len(token_ids[order[start]]), 1)
        take = max(1, min(size * 4, size * tokens_a_text // longest))
        batches.append(order[start : start + take])
        start += take
    return batches


def pad(token_ids: Sequence[Sequence[int]], pad_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    """input_ids and attention_mask [B, T] int64, padded to the longest."""
    longest = max(max(map(len, token_ids), default=1), 1)
    ids = np.full((len(token_ids), longest), pad_id, np.int64)
    mask = np.zeros((len(token_ids), longest), np.int64)
    for row, one in enumerate(token_ids):
        ids[row, : len(one)] = one
        mask[row, : len(one)] = 1
    return torch.from_numpy(ids), torch.from_numpy(mask)


def autocast(compute: Compute) -> AbstractContextManager[object]:
    """bf16 products where the compute choice says so."""
    return torch.autocast(compute.device.type, torch.bfloat16) if compute.bf16 else nullcontext()


def features_of(
    model: Featurizer, texts: Sequence[Sequence[TokenIds]], compute: Compute, *, batch: int, pad_id: int
) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    """(indices, features [len(indices), dim]) of texts given as windows, in an order of its own.

    A text's features are the mean of its windows', which may lie in several batches; it comes with the last of them.
    """
    owners = [text for text, windows in enumerate(texts) for _window in windows]
    windows = [window for text in texts for window in text]
    if len(windows) == len(texts):  # one each, as nearly always
        yield from features_of_ids(model, windows, compute, batch=batch, pad_id=pad_id)
        return
    missing = [len(windows) for windows in texts]
    sums: dict[int, NDArray[np.float32]] = {}
    for places, part in features_of_ids(model, windows, compute, batch=batch, pad_id=pad_id):
        whole = []
        for place, vector in zip(places, part, strict=True):
            text = owners[place]
            sums[text] = sums[text] + vector if text in sums else vector
            missing[text] -= 1
            if not missing[text]:
                whole.append(text)
        if whole:
            yield whole, np.stack([sums.pop(text) / np.float32(len(texts[text])) for text in whole])


def features_of_ids(
    model: Featurizer, token_ids: Sequence[Sequence[int]], compute: Compute, *, batch: int, pad_id: int
) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    """The same for texts of one window each."""
    for indices in batches_by_length(token_ids, batch, compute.tokens_a_text):
        yield indices, _encoded(model, [token_ids[i] for i in indices], compute, pad_id)


def _encoded(
    model: Featurizer, token_ids: Sequence[Sequence[int]], compute: Compute, pad_id: int
) -> NDArray[np.float32]:
    """Features of one batch, [B, dim]; halved for as long as memory does not suffice.

    Raises MemoryError if it does not suffice for a single text.
    """
    try:
        input_ids, mask = pad(token_ids, pad_id)
        with torch.inference_mode(), autocast(compute):
            out = model(input_ids.to(compute.device), mask.to(compute.device))
        return np.asarray(out.float().cpu().numpy())
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        if len(token_ids) == 1:
            raise MemoryError(str(error)) from error
    half = len(token_ids) // 2
    parts = (token_ids[:half], token_ids[half:])
    return np.concatenate([_encoded(model, part, compute, pad_id) for part in parts])


def pad_id_of(model: Featurizer) -> int:
    """The encoder's padding id."""
    return int(model.config.pad_token_id or 0)


def embed_pool(project: Project, space: Space, settings: Settings, compute: Compute) -> Iterator[JobEvent]:
    """Embed every text that is not in the space yet; goes on where a killed run stopped."""
    store = VectorStore(space.directory, space.dim)
    ids = store.ids()
    last = int(ids.max()) if len(ids) else 0
    with project.open(readonly=True) as con:
        total = examples.total(con)
    done, ticked = len(ids), clock.monotonic()
    yield JobEvent("progress", {"what": "embed", "done": done, "total": total})
    if done >= total:
        return
    model = load_featurizer(space.encoder_dir(project), space.info).to(compute.device)
    windows = Windows.of(space.info)
    tokenizer = windows.tokenizer(space.directory / TOKENIZER)
    pad_id = pad_id_of(model)
    while True:
        with project.open(readonly=True) as con:
            piece = examples.after(con, last, PIECE)
        if not piece:
            break
        vectors = np.empty((len(piece), space.dim), np.float32)
        texts = windows.cut(tokenizer, [example.text for example in piece])
        for indices, part in features_of(model, texts, compute, batch=settings.embed_batch, pad_id=pad_id):
            vectors[indices] = part
            done += len(indices)
            if clock.monotonic() - ticked > TICK:
                ticked = clock.monotonic()
                yield JobEvent("progress", {"what": "embed", "done": done, "total": max(total, done)})
        store.append(np.array([example.id for example in piece]), vectors)
        last = piece[-1].id
    yield JobEvent("progress", {"what": "embed", "done": done, "total": done})
