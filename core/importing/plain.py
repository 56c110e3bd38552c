"""Plain text: one text a line."""

from collections.abc import Iterator

from core.importing.formats import SOME_TEXT, text_format
from core.importing.lines import Lines
from core.importing.rows import Read

COLUMN = "text"


def read(lines: Lines) -> Iterator[Read]:
    """Each line as the one column `text`, without its line end; blanks stay."""
    for line in lines:
        yield lines.number, {COLUMN: line.removesuffix("\n").removesuffix("\r")}


TEXT = text_format("text", (".txt", ".text"), read, lambda _head: SOME_TEXT)
