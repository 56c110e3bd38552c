"""Which format a file has: by its name's ending, or by its content where the ending says nothing.

A new format is a file with one reader in it, and a line in `_BY_ENDING`.
"""

from collections.abc import Iterator

from core.conll import DOCSTART, TEXT
from core.importing import conll, delimited, jsonl, plain
from core.importing.lines import Lines
from core.importing.rows import Read, Reader

_BY_ENDING: dict[str, Reader] = {
    ".csv": delimited.read_csv,
    ".tsv": delimited.read_tsv,
    ".tab": delimited.read_tsv,
    ".bio": conll.read,
    ".conll": conll.read,
    ".iob": conll.read,
    ".json": jsonl.read,
    ".jsonl": jsonl.read,
    ".ndjson": jsonl.read,
    ".txt": plain.read,
    ".text": plain.read,
}


def read(lines: Lines) -> Iterator[Read]:
    """The rows of a file, refused ones included, one at a time.

    Raises InputError, at once or on the way, where the structure of the file is in doubt.
    """
    reader = _BY_ENDING.get(lines.path.suffix.lower()) or _by_content(lines.head_text())
    return reader(lines)


def _by_content(head: str) -> Reader:
    first, _end, rest = head.partition("\n")
    if first.lstrip().startswith("{"):
        return jsonl.read
    if first.startswith((DOCSTART, TEXT)):
        return conll.read
    if "\t" in first:
        return delimited.read_tsv
    commas = first.count(",")
    return delimited.read_csv if commas and rest.partition("\n")[0].count(",") >= commas else plain.read
