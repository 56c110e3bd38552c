"""What the model in use marks in any text it has read, one JSON list a text, found by bisection over a memory map.

Written by the worker with each ranking; the counterpart of `core.predictions` for answers that are no probabilities.
"""

import bisect
import json
import mmap
import struct
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.connection import Connection
from core.predictions import SURE, Predictions
from core.publish import publish_file
from core.records import Suggestion
from core.spans import Guess, Span, suggestion_of
from core.store import classes
from core.tasks.base import Task

if TYPE_CHECKING:
    from core.training.tagger import Found

INDEX, BODY = "spans.index.bin", "spans.json.bin"
_SURE = struct.Struct("<f")
_ROW = struct.Struct("<qqq")
"""id, where its list begins, how many bytes it has"""


def write(directory: Path, ids: Sequence[int], found: "Sequence[Sequence[Found]]", sure: Sequence[float]) -> None:
    """Write what was found in each text, and how probable it is that all of it is right."""
    index, body, at = [], [], 0
    for example_id, own in sorted(zip(ids, found, strict=True), key=lambda pair: pair[0]):
        rows = [[f.span.start, f.span.end, f.span.label, round(f.probability, 4)] for f in own]
        said = json.dumps(rows, separators=(",", ":")).encode()
        index.append(_ROW.pack(example_id, at, len(said)))
        body.append(said)
        at += len(said)
    column = array("f", [one for _id, one in sorted(zip(ids, sure, strict=True))])
    if sys.byteorder == "big":
        column.byteswap()
    publish_file(directory / SURE, column.tobytes())
    publish_file(directory / BODY, b"".join(body))
    publish_file(directory / INDEX, b"".join(index))


class SpanPredictions(Predictions):
    """The newest of them, open for reading."""

    def __init__(self, directory: Path, source: str) -> None:
        self.source = source
        self._directory = directory
        with (directory / INDEX).open("rb") as file:
            self._n = (directory / INDEX).stat().st_size // _ROW.size
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self._n else None
        self._body = directory / BODY

    def of(self, example_id: int) -> tuple[tuple[int, float], ...]:  # noqa: ARG002
        """Nothing: a text has no class here."""
        return ()

    def _id_at(self, row: int) -> int:
        return self._at(row)[0]

    def _at(self, at: int) -> tuple[int, int, int]:
        assert self._map is not None  # noqa: S101 (asked only where there are rows)
        found: tuple[int, int, int] = _ROW.unpack_from(self._map, at * _ROW.size)
        return found

    def suggestion(self, con: Connection, task: Task[Any], example_id: int) -> Suggestion | None:  # noqa: ARG002
        """What the model would mark; None for a text it has not read."""
        at = bisect.bisect_left(range(self._n), example_id, key=lambda row: self._at(row)[0])
        if at == self._n or self._at(at)[0] != example_id:
            return None
        _id, start, size = self._at(at)
        with self._body.open("rb") as file:
            file.seek(start)
            rows = json.loads(file.read(size))
        names = classes.names(con)
        guesses = [Guess(Span(a, b, names[c]), p, self.source) for a, b, c, p in rows if c in names]
        return suggestion_of(guesses, self.source, self._sure_at(at))

    def _sure_at(self, at: int) -> float | None:
        """Probability of the whole answer in one row; None where an older version wrote none."""
        try:
            with (self._directory / SURE).open("rb") as file:
                file.seek(at * _SURE.size)
                return round(float(_SURE.unpack(file.read(_SURE.size))[0]), 4)
        except (OSError, struct.error):
            return None
