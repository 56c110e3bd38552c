"""The pool's features on disk: two append-only files, memory-mapped, of which only a committed prefix counts.

`ids.i64` and `vectors.f16` grow together; `state.json`, published last, says how many rows are whole. What lies beyond
it after a kill is cut off at the next append, so that embedding resumes where it stood.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.publish import FILE_MODE, publish_file

IDS, VECTORS, STATE = "ids.i64", "vectors.f16", "state.json"


@dataclass(frozen=True, slots=True)
class VectorStore:
    """Features of one space (one encoder, tokenizer and length) below a project's `embeddings/`."""

    directory: Path
    dim: int

    @property
    def count(self) -> int:
        """How many texts are embedded: as many as were committed, and as both files still hold."""
        path = self.directory / STATE
        if not path.exists():
            return 0
        said = int(json.loads(path.read_text(encoding="utf-8"))["count"])
        return min(said, _size(self.directory / IDS) // 8, _size(self.directory / VECTORS) // (2 * self.dim))

    def ids(self) -> NDArray[np.int64]:
        """Example ids in row order, [n]."""
        count = self.count
        if not count:
            return np.empty(0, np.int64)
        return np.fromfile(self.directory / IDS, np.int64, count)

    def vectors(self) -> NDArray[np.float16]:
        """Features in row order, [n, dim], memory-mapped read-only."""
        count = self.count
        if not count:
            return np.empty((0, self.dim), np.float16)
        return np.memmap(self.directory / VECTORS, np.float16, "r", shape=(count, self.dim))

    def append(self, ids: NDArray[np.int64], vectors: NDArray[np.floating[Any]]) -> None:
        """Add rows and commit them: ids [m], vectors [m, dim]; raises ValueError for any other shape."""
        if vectors.shape != (len(ids), self.dim):
            raise ValueError(vectors.shape)
        count = self.count
        append_at(self.directory / IDS, count * 8, ids.astype(np.int64).tobytes())
        append_at(self.directory / VECTORS, count * self.dim * 2, vectors.astype(np.float16).tobytes())
        publish_file(self.directory / STATE, json.dumps({"count": count + len(ids)}).encode())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def append_at(path: Path, offset: int, data: bytes) -> None:
    """Write at an offset and flush; what lay beyond it is cut off."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, FILE_MODE)
    try:
        os.ftruncate(fd, offset)
        os.lseek(fd, offset, os.SEEK_SET)
        with open(fd, "wb", closefd=False) as out:
            out.write(data)
        os.fsync(fd)
    finally:
        os.close(fd)


def rows_of(ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row numbers of the wanted ids in `ids`, -1 where there is none; both [n] in any order."""
    if not len(ids) or not len(wanted):
        return np.full(len(wanted), -1, np.int64)
    order = np.argsort(ids, kind="stable")
    place = np.searchsorted(ids, wanted, sorter=order)
    place[place == len(ids)] = 0
    rows = order[place]
    return np.where(ids[rows] == wanted, rows, -1)
