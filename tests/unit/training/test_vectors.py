"""The cached features on disk: whole rows or none, whatever moment a process dies at."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core import vectors as module
from core.publish import publish_file
from core.vectors import IDS, STATE, VECTORS, VectorStore, rows_of
from tests.children import exit_code, in_child

DIM = 6


def lot(first: int, n: int) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
    ids = np.arange(first, first + n)
    return ids, (ids[:, None] + np.arange(DIM) / 8).astype(np.float16)


@pytest.fixture
def store(tmp_path: Path) -> VectorStore:
    return VectorStore(tmp_path, DIM)


def check(store: VectorStore, n: int) -> None:
    ids, vectors = lot(1, n)
    assert store.count == n
    assert np.array_equal(store.ids(), ids)
    assert np.array_equal(store.vectors(), vectors)


def test_an_empty_store_has_no_rows(store: VectorStore) -> None:
    assert store.count == 0
    assert store.ids().shape == (0,)
    assert store.vectors().shape == (0, DIM)


def test_what_is_appended_is_there_in_order(store: VectorStore) -> None:
    store.append(*lot(1, 5))
    store.append(*lot(6, 3))
    check(store, 8)


def test_vectors_are_a_read_only_map(store: VectorStore) -> None:
    store.append(*lot(1, 5))
    mapped = store.vectors()
    assert isinstance(mapped, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        mapped[0, 0] = 1


def test_other_number_formats_are_stored_in_half_precision(store: VectorStore) -> None:
    ids, vectors = lot(1, 4)
    store.append(ids.astype(np.int32), vectors.astype(np.float64))
    check(store, 4)


@pytest.mark.parametrize("shape", [(3, DIM), (4, DIM + 1), (4 * DIM,)])
def test_rows_that_do_not_fit_are_refused_with_nothing_written(store: VectorStore, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\("):
        store.append(lot(1, 4)[0], np.zeros(shape, np.float16))
    assert not list(store.directory.iterdir())


def test_what_was_never_committed_is_cut_off(store: VectorStore) -> None:
    store.append(*lot(1, 5))
    with (store.directory / IDS).open("ab") as file:
        file.write(b"\x07" * 21)
    with (store.directory / VECTORS).open("ab") as file:
        file.write(b"\x07" * 5)
    check(store, 5)
    store.append(*lot(6, 2))
    check(store, 7)
    assert (store.directory / IDS).stat().st_size == 7 * 8
    assert (store.directory / VECTORS).stat().st_size == 7 * DIM * 2


@pytest.mark.parametrize("dies_before", [VECTORS, STATE])
def test_a_kill_between_the_files_loses_that_lot_and_no_other(
    store: VectorStore, monkeypatch: pytest.MonkeyPatch, dies_before: str
) -> None:
    store.append(*lot(1, 5))
    append = module.append_at

    def dying_append(path: Path, offset: int, data: bytes) -> None:
        os._exit(9) if path.name == dies_before else append(path, offset, data)

    def dying_publish(path: Path, data: bytes) -> None:
        os._exit(9) if path.name == dies_before else publish_file(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(module, "append_at", dying_append)
        patch.setattr(module, "publish_file", dying_publish)
        assert exit_code(in_child(lambda: store.append(*lot(6, 3)))) == 9
    assert (store.directory / IDS).stat().st_size == 8 * 8
    check(store, 5)
    store.append(*lot(6, 2))
    check(store, 7)


def test_files_are_private(store: VectorStore) -> None:
    previous = os.umask(0)
    try:
        store.append(*lot(1, 2))
    finally:
        os.umask(previous)
    assert {oct(path.stat().st_mode & 0o777) for path in store.directory.iterdir()} == {"0o600"}


def test_the_state_is_one_number(store: VectorStore) -> None:
    store.append(*lot(1, 2))
    assert json.loads((store.directory / STATE).read_text()) == {"count": 2}


@settings(max_examples=100, deadline=None, database=None, derandomize=True)
@given(st.lists(st.integers(-5, 40), unique=True), st.lists(st.integers(-5, 40)))
def test_rows_are_found_in_any_order(ids: list[int], wanted: list[int]) -> None:
    found = rows_of(np.array(ids, np.int64), np.array(wanted, np.int64))
    assert found.tolist() == [ids.index(w) if w in ids else -1 for w in wanted]
