"""Which files an ONNX model keeps tensors in, read from its bytes: nothing is loaded before that is known."""

import mmap
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from exports.runtime.errors import BundleError

_NO_MODEL = "model.onnx is damaged or no ONNX model"
# Fields of ONNX's protobuf messages that lead to tensors, by message (https://onnx.ai, onnx.proto):
# field number → message it holds. A tensor's field 13 is an entry (key 1, value 2) about its external data.
_FIELDS: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
    "entry": {1: "key", 2: "value"},
}


def external_files(model: Path) -> set[str]:
    """The files in which an ONNX model keeps tensors outside of its own; nothing is loaded.

    Raises BundleError if the file is no ONNX model.
    """
    found: set[str] = set()
    with model.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise BundleError(_NO_MODEL)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            todo = [("model", 0, len(data))]
            while todo:
                message, start, end = todo.pop()
                parts = list(_parts(data, start, end, _FIELDS[message]))
                if message == "entry":
                    entry = {kind: data[begin:stop] for kind, begin, stop in parts}
                    if entry.get("key") == b"location":
                        found.add(entry.get("value", b"").decode("utf-8", "backslashreplace"))
                else:
                    todo += parts
    return found


def _parts(data: mmap.mmap, start: int, end: int, wanted: Mapping[int, str]) -> Iterator[tuple[str, int, int]]:
    """(what, begin, end) of the wanted length-delimited fields of one protobuf message."""
    while start < end:
        tag, start = _varint(data, start, end)
        size = {0: 0, 1: 8, 5: 4}.get(tag & 7)
        if tag & 7 == 0:
            _value, start = _varint(data, start, end)
        elif size is None:
            size, start = _varint(data, start, end)
            if tag & 7 == 2 and tag >> 3 in wanted:
                yield wanted[tag >> 3], start, start + size
        start += size or 0
        if start > end or tag & 7 in {3, 4, 6, 7}:
            raise BundleError(_NO_MODEL)


def _varint(data: mmap.mmap, start: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while start < end and shift < 64:
        byte = data[start]
        start += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, start
        shift += 7
    raise BundleError(_NO_MODEL)
