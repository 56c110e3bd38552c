"""What a format gives for each row of a source, and how a row's values are packed for storage."""

import json
from collections.abc import Iterator
from json.encoder import encode_basestring as quote
from typing import Any, Protocol

Read = tuple[int, dict[str, Any] | str]
"""The number of a row (the line where it begins), and its values by column, or the reason why the row is refused."""


class Rows(Protocol):
    """Iterate over the rows of an open source, refused ones included, one at a time.

    Iterating raises InputError, at once or on the way, where the structure of the source is in doubt.
    """

    unit: str
    """What its numbers count: `line`, `row`, `item` or `file`."""

    @property
    def name(self) -> str:
        """Where the rows come from, fit to be shown."""
        ...

    @property
    def done(self) -> int:
        """How much was read so far."""
        ...

    @property
    def total(self) -> int:
        """How much there is in all, in the same measure; 0 where it can't be known."""
        ...

    def __iter__(self) -> Iterator[Read]: ...


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
