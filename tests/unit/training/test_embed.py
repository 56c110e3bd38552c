"""Embedding: batches of like length, the same numbers however they are cut, and on where a kill stopped it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import tokenizing
from core.project import Project
from core.settings import Settings
from core.training import embed, space
from core.training.device import Compute
from core.training.embed import batches_by_length, embed_pool, features_of, features_of_ids, pad, pad_id_of
from core.training.featurizer import Featurizer, load_featurizer
from core.vectors import VectorStore
from core.windows import Windows
from tests.conftest import HELD_OUT, POOL

TEXTS = ["where is my refund", "help", "", "my card was charged twice and the router is slow", "refund", "locked"] * 3


@pytest.fixture(scope="module")
def model(bert: Path) -> Featurizer:
    return load_featurizer(bert, {})


@pytest.fixture(scope="module")
def ids(bert: Path) -> list[list[int]]:
    return [e.ids for e in tokenizing.load(bert / "tokenizer.json", 64).encode_batch(TEXTS)]


@settings(max_examples=80, deadline=None, database=None, derandomize=True)
@given(st.lists(st.integers(0, 300), max_size=200), st.sampled_from([1, 4, 64]))
def test_batches_hold_every_text_once_within_their_room(lengths: list[int], size: int) -> None:
    found = batches_by_length([[7] * n for n in lengths], size, 64)
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    assert [lengths[i] for batch in found for i in batch] == sorted(lengths, reverse=True)
    for batch in found:
        longest = max(lengths[i] for i in batch)
        assert len(batch) == 1 or (len(batch) * longest <= size * 64 and len(batch) <= size * 4)


def test_padding_reaches_to_the_longest_and_is_masked() -> None:
    input_ids, mask = pad([[2, 5, 3], [2, 3], []], 9)
    assert input_ids.tolist() == [[2, 5, 3], [2, 3, 9], [9, 9, 9]]
    assert mask.tolist() == [[1, 1, 1], [1, 1, 0], [0, 0, 0]]
    assert {input_ids.dtype, mask.dtype} == {torch.int64}
    assert pad([], 0)[0].shape == (0, 1)


def table(model: Featurizer, ids: list[list[int]], compute: Compute, batch: int) -> np.ndarray[Any, Any]:
    out = np.zeros((len(ids), 32), np.float32)
    for rows, part in features_of_ids(model, ids, compute, batch=batch, pad_id=0):
        out[rows] = part
    return out


@pytest.mark.parametrize("batch", [1, 2, 64])
def test_features_do_not_depend_on_their_company(
    model: Featurizer, ids: list[list[int]], compute: Compute, batch: int
) -> None:
    with torch.inference_mode():
        alone = np.concatenate([model(*pad([one], 0)).numpy() for one in ids])
    assert np.abs(table(model, ids, compute, batch) - alone).max() < 1e-5


def test_texts_and_their_tokens_give_the_same(
    model: Featurizer, bert: Path, ids: list[list[int]], compute: Compute
) -> None:
    windows = Windows.chosen(64, 4)
    texts = windows.cut(windows.tokenizer(bert / "tokenizer.json"), TEXTS)
    out = np.zeros((len(TEXTS), 32), np.float32)
    for rows, part in features_of(model, texts, compute, batch=4, pad_id=0):
        out[rows] = part
    assert np.array_equal(out, table(model, ids, compute, 4))


@pytest.mark.parametrize("batch", [1, 4, 64])
def test_a_long_texts_features_are_the_mean_of_its_windows(
    model: Featurizer, bert: Path, compute: Compute, batch: int
) -> None:
    windows = Windows.chosen(8, 3)
    long = [
        "refund " * 5,
        "my card was charged twice " * 20,
        "slow router " * 5,
        "",
        "the internet is slow and I am locked out",
    ]
    texts = windows.cut(windows.tokenizer(bert / "tokenizer.json"), long)
    assert [len(text) for text in texts] == [1, 3, 2, 1, 3]
    out = np.full((len(long), 32), np.nan, np.float32)
    seen: list[int] = []
    for rows, part in features_of(model, texts, compute, batch=batch, pad_id=0):
        out[rows] = part
        seen += rows
    assert sorted(seen) == list(range(5))
    with torch.inference_mode():
        alone = [np.mean([model(*pad([ids], 0)).numpy()[0] for ids in text], axis=0) for text in texts]
    assert np.abs(out - np.stack(alone)).max() < 1e-5
    assert np.linalg.norm(out[4]) < 1 - 1e-4, "the head is linear: a mean must stay what it is"


def test_half_precision_gives_nearly_the_same(model: Featurizer, ids: list[list[int]], compute: Compute) -> None:
    whole, half = (table(model, ids, replace(compute, bf16=bf16), 4) for bf16 in (False, True))
    assert (whole * half).sum(axis=1).min() > 0.999


class Starved(torch.nn.Module):
    """Runs out of memory on more than `most` texts at once."""

    def __init__(self, model: Featurizer, most: int) -> None:
        super().__init__()
        self.model, self.most = model, most
        self.asked: list[int] = []

    def forward(self, input_ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        self.asked.append(len(input_ids))
        if len(input_ids) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.model(input_ids, mask)  # type: ignore[no-any-return]


def test_W5_too_little_memory_means_smaller_batches(model: Featurizer, ids: list[list[int]], compute: Compute) -> None:
    starved: Any = Starved(model, 3)
    assert np.abs(table(starved, ids, compute, 64) - table(model, ids, compute, 64)).max() < 1e-5
    assert max(starved.asked) > 3
    assert starved.asked.count(max(starved.asked)) == 1


def test_W5_no_memory_even_for_one_text_is_an_error_that_ends(
    model: Featurizer, ids: list[list[int]], compute: Compute
) -> None:
    starved: Any = Starved(model, 0)
    with pytest.raises(MemoryError):
        table(starved, ids, compute, 64)
    assert len(starved.asked) < 12


def test_other_errors_are_not_retried(model: Featurizer, compute: Compute) -> None:
    with pytest.raises((IndexError, RuntimeError)):
        table(model, [[2, 10_000, 3]], compute, 4)


@pytest.mark.parametrize(("config", "said"), [({"pad_token_id": 1}, 1), ({"pad_token_id": None}, 0)])
def test_the_padding_id_is_the_encoders(model: Featurizer, config: dict[str, Any], said: int) -> None:
    fake: Any = type("Fake", (), {"config": type("Config", (), config)})
    assert pad_id_of(fake) == said


def test_the_whole_project_is_embedded_test_set_included(project: Project, bert: Path, compute: Compute) -> None:
    made = space.prepare(project, Settings(), "base", bert, list(POOL))
    events = list(embed_pool(project, made, Settings(), compute))
    store = VectorStore(made.directory, made.dim)
    assert store.ids().tolist() == list(range(1, len(POOL) + len(HELD_OUT) + 1))
    assert events[-1].payload == {"what": "embed", "done": 15, "total": 15}
    lengths = np.linalg.norm(store.vectors()[:, :32].astype(np.float32), axis=1)
    assert np.abs(lengths - 1).max() < 1e-2


def test_embedding_goes_on_where_it_was_cut_off(
    project: Project, bert: Path, compute: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = space.prepare(project, Settings(), "base", bert, list(POOL))
    list(embed_pool(project, made, Settings(), compute))
    store = VectorStore(made.directory, made.dim)
    expected = store.vectors().copy()
    for name in ("state.json", "ids.i64", "vectors.f16"):
        (made.directory / name).unlink()

    monkeypatch.setattr(embed, "PIECE", 4)
    monkeypatch.setattr(embed, "TICK", -1.0)
    run = embed_pool(project, made, Settings(), compute)
    next(event for event in run if event.payload["done"] > 8)
    run.close()  # type: ignore[attr-defined]
    assert store.count == 8
    again = list(embed_pool(project, made, Settings(), compute))
    assert again[0].payload["done"] == 8
    assert np.abs(store.vectors().astype(np.float32) - expected.astype(np.float32)).max() < 2e-3
    assert len(list(embed_pool(project, made, Settings(), compute))) == 1, "nothing is left to do"
