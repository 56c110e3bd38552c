"""What the model in use says about any text of the project: the likeliest classes, a fixed number of bytes a text.

Written by the worker with each ranking, sorted by id; the terminal reads one row by bisection over a memory map,
without numpy.
"""

import bisect
import json
import mmap
import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from core.connection import Connection
from core.project import Project
from core.publish import publish_file, publish_parts
from core.records import Suggestion
from core.store import classes, models
from core.tasks.base import LIKELIEST, Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE, ABOUT = "predictions.bin", "predictions.json"
SURE = "confidence.bin"
_CHUNK = 65536
_ID = struct.Struct("<q")


def write(
    directory: Path,
    ids: "NDArray[np.int64]",
    scores: "NDArray[Any]",
    class_ids: Sequence[int],
    cuts: Sequence[float] = (),
    sure: "NDArray[np.float32] | None" = None,
) -> None:
    """Write the likeliest classes of every text: `ids` [n]; `scores` [n, classes] by `class_ids`, mapped or not.

    With `cuts`, the probability from which each class is answered, they are those furthest above theirs. `sure`: how
    probable the model holds its whole answer [n]; None if it does not say.
    """
    k = min(LIKELIEST, len(class_ids))
    publish_parts(directory / FILE, _tables(ids, scores, class_ids, k, cuts))
    if sure is not None:
        publish_parts(directory / SURE, _column(ids, sure))
    limits = {str(c): cut for c, cut in zip(class_ids, cuts, strict=bool(cuts))}
    publish_file(directory / ABOUT, json.dumps({"n": len(ids), "k": k, "cuts": limits}).encode())


def _tables(
    ids: "NDArray[np.int64]", scores: "NDArray[Any]", class_ids: Sequence[int], k: int, cuts: Sequence[float]
) -> Iterator[bytes]:
    """The rows by id, in pieces: a million texts are no more than some thousands to memory."""
    import numpy as np

    order = np.argsort(ids, kind="stable")
    row = np.dtype([("id", "<i8"), ("class", "<i4", (k,)), ("p", "<f4", (k,))])
    for start in range(0, len(ids), _CHUNK):
        rows = order[start : start + _CHUNK]
        table = np.empty(len(rows), row)
        part = np.asarray(scores[rows], np.float32)
        over = part - np.asarray(cuts, np.float32) if len(cuts) else part
        some = np.argpartition(-over, k - 1, axis=1)[:, :k]
        best = np.take_along_axis(some, np.argsort(-np.take_along_axis(over, some, axis=1), axis=1), axis=1)
        table["id"] = ids[rows]
        table["class"] = np.asarray(class_ids, np.int32)[best]
        table["p"] = np.take_along_axis(part, best, axis=1)
        yield table.tobytes()


def _column(ids: "NDArray[np.int64]", sure: "NDArray[np.float32]") -> Iterator[bytes]:
    """The confidences by id, in pieces."""
    import numpy as np

    order = np.argsort(ids, kind="stable")
    for start in range(0, len(ids), _CHUNK):
        yield np.asarray(sure[order[start : start + _CHUNK]], "<f4").tobytes()


class Predictions:
    """The newest predictions, open for reading; close it, or use it as a context manager."""

    def __init__(self, directory: Path, source: str) -> None:
        about = json.loads((directory / ABOUT).read_text(encoding="utf-8"))
        self.source = source
        self._directory = directory
        self._n, self._k = int(about["n"]), int(about["k"])
        self._cuts = {int(class_id): float(cut) for class_id, cut in about.get("cuts", {}).items()}
        self._row = struct.Struct(f"<q{self._k}i{self._k}f")
        with (directory / FILE).open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self._n else None

    @classmethod
    def open(cls, project: Project, con: Connection) -> "Predictions | None":
        """Those of the ranking in force; None if there is no model yet."""
        ranking = models.newest_ranking(con)
        if ranking is None:
            return None
        from core.span_predictions import INDEX, SpanPredictions

        directory, source = project.scores / ranking.directory, str(ranking.info.get("source", ""))
        try:
            return SpanPredictions(directory, source) if (directory / INDEX).exists() else cls(directory, source)
        except (OSError, ValueError, KeyError):
            return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._map is not None:
            self._map.close()

    def of(self, example_id: int) -> tuple[tuple[int, float], ...]:
        """(class id, probability) of the likeliest classes, the likeliest first; empty for a text it does not know."""
        if self._map is None:
            return ()
        at = bisect.bisect_left(range(self._n), example_id, key=self._id_at)
        if at == self._n or self._id_at(at) != example_id:
            return ()
        row = self._row.unpack_from(self._map, at * self._row.size)
        return tuple(zip(row[1 : 1 + self._k], row[1 + self._k :], strict=True))

    def confidences(self) -> Iterator[tuple[int, float]]:
        """(id, probability of the whole answer) of every text by id; nothing if the model does not say."""
        for row, sure in enumerate(_floats(self._directory / SURE, self._n)):
            yield self._id_at(row), sure

    def _id_at(self, row: int) -> int:
        assert self._map is not None  # noqa: S101 (asked only where there are rows)
        return int(_ID.unpack_from(self._map, row * self._row.size)[0])

    def suggestion(self, con: Connection, task: Task[Any], example_id: int) -> Suggestion | None:
        """The same as something to show; None for a text it does not know."""
        found = self.of(example_id)
        if not found:
            return None
        names = classes.names(con)
        cuts = [self._cuts[c] for c, _p in found] if self._cuts else ()
        return task.suggest([p for _c, p in found], [c for c, _p in found], names, self.source, cuts)


def _floats(path: Path, n: int) -> "array[float]":
    """What `_column` wrote; empty if nothing did, or the file is not whole."""
    found = array("f")
    try:
        with path.open("rb") as file:
            found.fromfile(file, n)
    except (OSError, EOFError):
        return array("f")
    if sys.byteorder == "big":
        found.byteswap()
    return found
