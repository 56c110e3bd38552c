"""Which rows of a file can be stored: each comes out ready to be written, or is counted with the reason why not."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from core.errors import InputError
from core.i18n import _
from core.importing.answers import Answers
from core.importing.pace import Pace
from core.importing.rows import Read, Rows, encodable, pack_columns
from core.show import visible
from core.store.imports import Row

MAX_TEXT = 10_000_000
"""Characters of one text."""
_KEPT = 1000
"""Refusals that are reported one by one; the others are counted."""


@dataclass(slots=True)
class Sorter:
    """Goes through what a reader gives: usable rows come out, refused ones are counted."""

    source: Rows
    reads: Iterator[Read]
    columns: list[str]
    """Those that the first rows have."""
    text: str
    """The column of the texts."""
    answers: Answers
    count: int = 0
    """Rows seen so far."""
    refused: int = 0
    refusals: list[tuple[int, str]] = field(default_factory=list)

    def refuse(self, line: int, reason: str) -> None:
        """Count a row that can't be used."""
        self.refused += 1
        if len(self.refusals) < _KEPT:
            self.refusals.append((line, reason))

    def batches(self, pace: Pace) -> Iterator[list[Row]]:
        """Usable rows, in lists of a size that may be written at once; raises as `rows`."""
        batch: list[Row] = []
        chars = 0
        for row in self.rows():
            batch.append(row)
            chars += len(row.text) + len(row.meta)
            if len(batch) >= pace.rows or chars >= pace.chars:
                yield batch
                batch, chars = [], 0
        if batch:
            yield batch

    def rows(self) -> Iterator[Row]:
        """Usable rows, one at a time.

        Raises InputError as soon as the label column has too many different values.
        """
        for line, values in self.reads:
            self.count += 1
            try:
                row = self._row(line, values)
            except InputError as error:
                self.refuse(line, " ".join(part for part in (error.title, error.what) if part))
                continue
            if self.answers.too_many:
                raise self.answers.too_many_error(self.reads, self.source.name)
            yield row

    def _row(self, line: int, values: dict[str, Any] | str) -> Row:
        if isinstance(values, str):
            raise InputError(values)
        text = values.pop(self.text, None)
        if not isinstance(text, str):
            raise InputError(_("The column {name!r} holds no text here.").format(name=visible(self.text)))
        if not text or text.isspace():
            raise InputError(_("The text is empty."))
        if "\x00" in text:
            raise InputError(_("The text holds a NUL character."))
        if len(text) > MAX_TEXT:
            raise InputError(_("The text is longer than {max:,} characters.").format(max=MAX_TEXT))
        if not encodable(text):
            raise InputError(_("The text holds half a character (a lone surrogate)."))
        answer = self.answers.take(values, text)
        try:
            return Row(line, text, pack_columns(values), answer)
        except (ValueError, RecursionError) as error:
            raise InputError(_("A value is out of range: {why}.").format(why=error)) from error
