"""CSV and its kin, read by `csv.reader`: the first record names the columns, and every value stays the string it is.

A quote that is never closed would swallow the rows after it. So quoting is checked strictly: a row whose quotes are
wrong within its one line is refused, and where a wrong quote may have hidden where rows begin, the file is.
"""

import csv
from collections import Counter
from collections.abc import Iterator

from core.errors import InputError
from core.i18n import _
from core.importing.formats import DELIMITED_CONTENT, TABBED_CONTENT, text_format
from core.importing.lines import MAX_LINE, Lines
from core.importing.rows import Read
from core.show import shorten, visible

_DELIMITERS = ",;\t"


def read_csv(lines: Lines) -> Iterator[Read]:
    """Rows of a CSV file; it may use semicolons or tabs if its first line has no comma."""
    first = lines.head_text().partition("\n")[0]
    return _read(lines, next((d for d in _DELIMITERS if d in first), ","))


def read_tsv(lines: Lines) -> Iterator[Read]:
    """Rows of a file whose values are parted by tabs, with quotes as in CSV."""
    return _read(lines, "\t")


class _Record:
    """Hands lines to `csv.reader` and remembers those of the record it is in."""

    def __init__(self, lines: Lines, delimiter: str) -> None:
        self.lines = lines
        self.parts: list[str] = []
        self._delimiter = delimiter
        self._size = 0

    def start(self) -> int:
        """Begin a record; returns the number of its first line."""
        self.parts.clear()
        self._size = 0
        return self.lines.number + 1

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.parts.append(line)
            self._size += len(line)
            if self._size > MAX_LINE:
                raise self.unbalanced(self.lines.number - len(self.parts) + 1)
            yield line

    def balanced(self) -> bool:
        """Whether the record is one line with an even number of quotes, so that the next line surely begins a row."""
        return len(self.parts) == 1 and self.parts[0].count('"') % 2 == 0

    def unbalanced(self, start: int) -> InputError:
        """The error for a record whose end can't be told, with the line of the quote that was open last."""
        record = "".join(self.parts)
        opened = start + record.count("\n", 0, _last_opening_quote(record, self._delimiter))
        return InputError(
            _("A quote in this file is not closed where it should be."),
            _("{path}: opened in line {line}, still open or wrongly closed in line {end}: {record}").format(
                path=self.lines.name, line=opened, end=self.lines.number, record=shorten(record, 60)
            ),
            _("Close it, or write each quote inside a quoted value twice."),
        )


def _last_opening_quote(record: str, delimiter: str) -> int:
    """Where the last quoted value of a record begins."""
    at, begin, inside = 0, 0, False
    while (found := record.find('"', at)) >= 0:
        at = found + 1
        if inside and record.startswith('"', at):
            at += 1
        elif inside:
            inside = False
        elif found == 0 or record[found - 1] in (delimiter, "\n"):
            begin, inside = found, True
    return begin


def _read(lines: Lines, delimiter: str) -> Iterator[Read]:
    record = _Record(lines, delimiter)
    csv.field_size_limit(MAX_LINE)
    reader = csv.reader(record, delimiter=delimiter, strict=True)
    columns: list[str] = []
    while True:
        start = record.start()
        try:
            values = next(reader, None)
        except csv.Error as error:
            if not record.balanced() or not columns:
                raise record.unbalanced(start) from error
            yield start, _("This is no valid CSV: {why}.").format(why=error)
            continue
        if values is None:
            return
        if not columns:
            columns = _header(values, lines)
        elif len(values) == len(columns):
            yield start, dict(zip(columns, values, strict=True))
        elif not values:
            yield start, _("The line is empty.")
        else:
            yield (
                start,
                _("The row has {found} values; the header has {wanted}.").format(
                    found=len(values), wanted=len(columns)
                ),
            )


def _header(values: list[str], lines: Lines) -> list[str]:
    columns = [name.strip() or f"column_{number}" for number, name in enumerate(values, 1)]
    doubled = [name for name, n in Counter(columns).items() if n > 1]
    if doubled:
        raise InputError(
            _("Two columns have the same name."),
            _("{path}, line 1: {name}").format(path=lines.name, name=visible(doubled[0])),
            _("Rename one of them."),
        )
    return columns


def _commas(head: str) -> int:
    first, _end, rest = head.partition("\n")
    commas = first.count(",")
    return DELIMITED_CONTENT if commas and rest.partition("\n")[0].count(",") >= commas else 0


def _tabs(head: str) -> int:
    return TABBED_CONTENT if "\t" in head.partition("\n")[0] else 0


CSV = text_format("CSV", (".csv",), read_csv, _commas)
TSV = text_format("TSV", (".tsv", ".tab"), read_tsv, _tabs)
