"""CoNLL-2003 and its kin: a word a line with its tag in the last column, a blank line behind each text."""

import json
import re
from collections.abc import Iterator

from core.conll import DOCSTART, TEXT, found_spans, unescaped
from core.i18n import _
from core.importing.formats import TAGGED_CONTENT, text_format
from core.importing.lines import Lines
from core.importing.rows import Read
from core.show import shorten
from core.words import Stretch

TEXT_COLUMN, COLUMN = "text", "spans"
"""Names of the two columns that the rows have."""
_COMMENT = re.compile(r"# [\w.]+ = ")


def read(lines: Lines) -> Iterator[Read]:
    """Each text with its spans: as its comment says, else its words with a blank between them."""
    block: list[tuple[int, str]] = []
    for line in lines:
        bare = line.rstrip("\r\n")
        if bare.strip(" \t"):
            block.append((lines.number, bare))
        elif block:
            yield from _rows(block)
            block = []
    if block:
        yield from _rows(block)


def _rows(block: list[tuple[int, str]]) -> Iterator[Read]:
    said = next((line for _number, line in block if line.startswith(TEXT)), None)
    body = [(n, line) for n, line in block if not (_COMMENT.match(line) or line.startswith(DOCSTART))]
    if not body:
        return
    try:
        yield block[0][0], _row(body, said)
    except _WrongLineError as error:
        yield error.line, error.why


class _WrongLineError(Exception):
    """A line that can't be used, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line, self.why = line, why


def _row(body: list[tuple[int, str]], said: str | None) -> dict[str, object]:
    pieces, tags = [], []
    for number, line in body:
        columns = line.split("\t") if "\t" in line else line.split(" ")
        columns = [column for column in columns if column]
        if len(columns) < 2:
            raise _WrongLineError(number, _("A word without a tag: {line}").format(line=shorten(line, 40)))
        pieces.append(columns[0] if said is None else unescaped(columns[0]))
        tags.append(columns[-1])
    text, tokens = _placed(body, pieces, said)
    for (number, _line), tag in zip(body, tags, strict=True):
        try:
            found_spans([(0, 1)], [tag])
        except ValueError as error:
            raise _WrongLineError(number, _("This is no tag: {tag}").format(tag=shorten(tag, 40))) from error
    spans = [{"start": s.start, "end": s.end, "label": s.label} for s in found_spans(tokens, tags)]
    return {TEXT_COLUMN: text, COLUMN: spans}


def _placed(body: list[tuple[int, str]], pieces: list[str], said: str | None) -> tuple[str, list[Stretch]]:
    """The text, and where each word lies in it."""
    text = " ".join(pieces) if said is None else _text(body[0][0], said)
    tokens: list[Stretch] = []
    at = 0
    for (number, _line), piece in zip(body, pieces, strict=True):
        start = text.find(piece, at)
        if start < 0 or not (text[at:start].isspace() or start == at):
            why = _("This word is not where the text has it: {word}").format(word=shorten(piece, 40))
            raise _WrongLineError(number, why)
        at = start + len(piece)
        tokens.append((start, at))
    return text, tokens


def _text(number: int, said: str) -> str:
    try:
        text = json.loads(said.removeprefix(TEXT))
    except ValueError as error:
        raise _WrongLineError(number, _("The comment `# text` holds no JSON string.")) from error
    if not isinstance(text, str):
        raise _WrongLineError(number, _("The comment `# text` holds no JSON string."))
    return text


def _content(head: str) -> int:
    return TAGGED_CONTENT if head.startswith((DOCSTART, TEXT)) else 0


CONLL = text_format("CoNLL", (".bio", ".conll", ".iob"), read, _content)
