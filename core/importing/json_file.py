"""JSON: an array of objects, an object of arrays (one a column), or objects one after another, on lines or not.

Arrays of objects are read as a stream, object by object. An object of arrays must be held in memory, for its columns
come one after the other; so it may have `MOST_COLUMNS` characters at most.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.errors import InputError
from core.i18n import _
from core.importing.formats import JSON_CONTENT, Format, Found, TextRows
from core.importing.jsonl import DECODER
from core.importing.lines import MAX_LINE, Lines
from core.importing.rows import Read, Rows
from core.show import visible

MOST_COLUMNS = 64_000_000
_BLANKS = " \t\n\r"
_NEAR = 16
"""So close to the end of what was read, an error may only mean that more has to be read."""


class _Stream:
    """The text of a file, read on as it is needed, with the line and column of every place."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self._chunks = lines.chunks()
        self._text, self._at = "", 0
        self._line, self._column = 1, 1
        """Where `_text` begins."""
        self._ended = False

    def next_mark(self) -> str:
        """The next character that is no blank, without taking it; empty at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANKS:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def skip(self) -> None:
        """Take the character that `next_mark` gave."""
        self._at += 1

    def line(self) -> int:
        """The line of the next character."""
        return self._place(self._at)[0]

    def value(self, most: int = 0) -> Any:
        """The next value; raises InputError, with line and column, if there is none or it is too long."""
        self.next_mark()
        wanted = 1
        while True:
            while len(self._text) - self._at < wanted and self._more():
                pass
            try:
                found, end = DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._ended or (not error.msg.startswith("Unterminated") and error.pos < len(self._text) - _NEAR):
                    raise self.broken(error.pos, error.msg) from error
            except RecursionError as error:
                raise self.broken(self._at, _("it is nested too deeply")) from error
            except ValueError as error:  # an integer of more digits than Python converts
                raise self.broken(self._at, str(error)) from error
            else:
                if self._ended or end < len(self._text) or self._text[end - 1] in '}]"':
                    self._at = end
                    return found
            if len(self._text) - self._at > (most or MAX_LINE):
                raise self._too_long()
            wanted = 2 * (len(self._text) - self._at) + 1

    def broken(self, at: int | None = None, why: str = "") -> InputError:
        """The error for what is no JSON at a place, or at the next character."""
        at = self._at if at is None else at
        line, column = self._place(at)
        cut = at >= len(self._text) and self._ended
        return InputError(
            _("This file holds broken JSON."),
            _("{path}, line {line}, column {column}: {why}.").format(
                path=self.lines.name,
                line=line,
                column=column,
                why=_("it ends here, within a value") if cut else why or _("Expecting ',' or ']'"),
            ),
            _("Give an array of objects, or an object with one array a column."),
        )

    def _too_long(self) -> InputError:
        line, column = self._place(self._at)
        return InputError(
            _("A value of this file is too long."),
            _("{path}, line {line}, column {column}: more than {limit} MB.").format(
                path=self.lines.name, line=line, column=column, limit=(len(self._text) - self._at) // 1_000_000
            ),
            _("Write one object a line: jq -c '.[]' {path} > NEW.jsonl").format(path=self.lines.quoted),
        )

    def _more(self) -> bool:
        """Read on; what was taken is let go. False at the end."""
        piece = next(self._chunks, None)
        if piece is None:
            self._ended = True
            return False
        self._line, self._column = self._place(self._at)
        self._text, self._at = self._text[self._at :] + piece, 0
        return True

    def _place(self, at: int) -> tuple[int, int]:
        newlines = self._text.count("\n", 0, at)
        if not newlines:
            return self._line, self._column + at
        return self._line + newlines, at - self._text.rfind("\n", 0, at)


class _JsonRows(TextRows):
    """The rows of one JSON file."""

    def __init__(self, lines: Lines, found: Found) -> None:
        super().__init__(lines, found)
        self.unit = "item" if lines.head_text().lstrip().startswith("[") else "line"

    def __iter__(self) -> Iterator[Read]:
        stream = _Stream(self._lines)
        return _elements(stream) if stream.next_mark() == "[" else self._objects(stream)

    def _objects(self, stream: _Stream) -> Iterator[Read]:
        """Objects one after another; if there is only one, and it holds arrays, these are columns."""
        line = stream.line()
        first = stream.value(MOST_COLUMNS)
        if not stream.next_mark() and isinstance(first, dict) and first and _all_lists(first):
            self.unit = "item"
            yield from _columns(first, self.name)
            return
        yield line, _row(first)
        while stream.next_mark():
            line = stream.line()
            yield line, _row(stream.value())


def _elements(stream: _Stream) -> Iterator[Read]:
    stream.skip()
    number = 0
    more = stream.next_mark() != "]"
    while more:
        number += 1
        yield number, _row(stream.value())
        mark = stream.next_mark()
        if mark not in (",", "]"):
            raise stream.broken()
        more = mark == ","
        if more:
            stream.skip()
    stream.skip()
    if stream.next_mark():
        raise stream.broken(why=_("Extra data"))


def _row(value: object) -> dict[str, Any] | str:
    return value if isinstance(value, dict) else _("This is no JSON object.")


def _all_lists(value: dict[str, Any]) -> bool:
    return all(isinstance(column, list) for column in value.values())


def _columns(columns: dict[str, list[Any]], name: str) -> Iterator[Read]:
    lengths = {key: len(column) for key, column in columns.items()}
    if len(columns) == 1 and all(isinstance(item, dict) for item in next(iter(columns.values()))):
        yield from enumerate(next(iter(columns.values())), 1)
        return
    if len(set(lengths.values())) > 1:
        raise InputError(
            _("The columns of this file are not equally long."),
            "\n".join([name, *(f"{visible(key)}: {n}" for key, n in list(lengths.items())[:10])]),
            _("Give every array as many items."),
        )
    for number, values in enumerate(zip(*columns.values(), strict=True), 1):
        yield number, dict(zip(columns, values, strict=True))


@contextmanager
def _read(found: Found) -> Iterator[Rows]:
    yield _JsonRows(Lines(found.bytes(), found.path, found.total), found)


def _fits(found: Found) -> int:
    if found.kind != "file":
        return 0
    head = Lines(found.bytes(), found.path, 0).head_text().lstrip()
    return JSON_CONTENT if head.startswith("[") and head[1:].lstrip().startswith("{") else 0


JSON = Format("JSON", _read, _fits, (".json",))
