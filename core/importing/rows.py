"""What a reader gives for each row of a file, and how a row's values are packed for storage."""

import json
from collections.abc import Callable, Iterator
from json.encoder import encode_basestring as quote
from typing import Any

from core.importing.lines import Lines

Read = tuple[int, dict[str, Any] | str]
"""The line where a row begins, and its values by column, or the reason why the row is refused."""

Reader = Callable[[Lines], Iterator[Read]]
"""One format: from the lines of a file to its rows, refused ones included."""

_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_ENCODE_ASCII = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def pack(value: object) -> str:
    """A value as JSON that can be stored; raises ValueError for a number that JSON does not have."""
    packed = quote(value) if isinstance(value, str) else _ENCODE(value)
    return packed if encodable(packed) else _ENCODE_ASCII(value)


def pack_columns(values: dict[str, Any]) -> str:
    """The same for columns; those of a CSV file, all strings, in a third of the time."""
    if not values:
        return "{}"
    try:
        packed = "{" + ",".join([f"{quote(name)}:{quote(value)}" for name, value in values.items()]) + "}"
    except TypeError:  # a value that is no string
        return pack(values)
    return packed if encodable(packed) else _ENCODE_ASCII(values)


def encodable(text: str) -> bool:
    """Whether the text can be written as UTF-8; it can't with half a character (a lone surrogate) in it."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
