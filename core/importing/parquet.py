"""Parquet, read by pyarrow a few rows at a time; values that JSON does not have become texts.

Dates and decimals are written as people write them, bytes are decoded if they are UTF-8 and left out if not, NaN is no
value. A long text that a dictionary repeats a million times, lists of millions of numbers and lies about the number of
rows take little room: few rows are unpacked together where rows are large. A column chunk that is packed suspiciously
well is refused, as a gzip file is.
"""

import io
import math
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

from core.errors import InputError
from core.i18n import _
from core.importing.formats import MAGIC, Format, Found
from core.importing.gzipped import FREE, RATIO
from core.importing.rows import Read, Rows
from core.show import visible

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

_MARK = b"PAR1"
_ROWS = 512
"""Most rows that are unpacked together."""
_ROOM = 32_000_000
"""Bytes that they may take, as far as the file tells."""
_SPREAD = 256_000_000
"""Bytes of a row group above which fewer are unpacked together, for a few of its rows may hold most of them."""
_DICTIONARY_PAGE = 2
_MOST_NESTED, _MOST_PLAIN = 4_000_000, 40_000_000
"""Bytes of one value: a list of numbers takes many times its room once it is Python's, a text does not."""
_SPOOLED = 4_000_000_000
"""Most bytes that are laid down in a temporary file, where the source can be read only once."""


class _ParquetRows:
    """The rows of one Parquet file."""

    unit = "row"

    def __init__(self, file: "ParquetFile", found: Found, rows: Sequence[int]) -> None:
        """`rows`: how many of each row group are unpacked together."""
        self._file, self._found, self._rows = file, found, rows
        self.done = 0
        self.total = file.metadata.num_rows

    @property
    def name(self) -> str:
        return self._found.name

    def __iter__(self) -> Iterator[Read]:
        import pyarrow as pa

        names = self._file.schema_arrow.names
        try:
            for group, rows in enumerate(self._rows):
                for batch in self._file.iter_batches(rows, row_groups=[group], use_threads=False):
                    large = [column for column in batch.columns if column.nbytes > _MOST_NESTED]
                    for row in range(batch.num_rows):
                        self.done += 1
                        yield self.done, _row(names, batch.columns, row, large)
        except (pa.ArrowException, OSError) as error:
            raise _broken(self.name, error) from error
        if self.done != self.total:
            said = _("it says that it holds {n:,} rows, but there are {m:,}").format(n=self.total, m=self.done)
            raise _broken(self.name, ValueError(said))


def _rows_at_once(group: Any, file: BinaryIO) -> int:
    """So few rows of a row group that they take little room together, whatever its dictionaries unfold to."""
    chunks = [group.column(number) for number in range(group.num_columns)]
    widest = max((_dictionary_size(chunk, file) for chunk in chunks), default=0)
    whole: int = max(1, sum(max(chunk.total_uncompressed_size, 8 * chunk.num_values) for chunk in chunks))
    fit = min(_ROOM // max(1, widest, whole // max(1, int(group.num_rows))), _ROWS * _SPREAD // whole)
    return max(1, min(_ROWS, fit))


def _dictionary_size(chunk: Any, file: BinaryIO) -> int:
    """Bytes of a column chunk's dictionary, each of whose values any row may repeat; 0 if it has none.

    They stand in the header of its first page: https://parquet.apache.org/docs/file-format/data-pages/
    """
    offsets = [o for o in (chunk.dictionary_page_offset, chunk.data_page_offset) if o]
    file.seek(min(offsets, default=0))
    head = file.read(24)
    kind, behind = _number(head, 0)
    size, _end = _number(head, behind)
    return size if kind == _DICTIONARY_PAGE else 0


def _number(head: bytes, at: int) -> tuple[int, int]:
    """The next field of Thrift's compact protocol, if it is a 32-bit number: (its value, where it ends), else 0."""
    if head[at : at + 1] != b"\x15":
        return 0, len(head)
    value = 0
    for place, byte in enumerate(head[at + 1 : at + 6]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at + place + 2
    return 0, len(head)


def _is_too_large(column: Any, row: int) -> bool:
    import pyarrow as pa

    most = _MOST_NESTED if pa.types.is_nested(column.type) else _MOST_PLAIN
    return bool(column.slice(row, 1).nbytes > most)


def _row(names: list[str], columns: list[Any], row: int, large: list[Any]) -> dict[str, Any] | str:
    if any(_is_too_large(column, row) for column in large):
        return _("A value of this row is too large.")
    try:
        return {name: plain(column[row].as_py()) for name, column in zip(names, columns, strict=True)}
    except UnicodeDecodeError:
        return _("A text of this row is no UTF-8.")
    except (ValueError, OverflowError) as error:  # a moment outside of Python's years, say
        return _("A value can't be read: {why}.").format(why=error)


def plain(value: Any) -> Any:
    """A value as JSON has it; None for what can't be."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return _decoded(value)
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _decoded(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


@contextmanager
def _read(found: Found) -> Iterator[Rows]:
    import pyarrow as pa
    from pyarrow import parquet

    with _seekable(found) as file:
        try:
            opened = parquet.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _broken(found.name, error) from error
        with opened:
            _check(opened, found.name)
            groups = (opened.metadata.row_group(n) for n in range(opened.metadata.num_row_groups))
            yield _ParquetRows(opened, found, [_rows_at_once(group, file) for group in groups])


@contextmanager
def _seekable(found: Found) -> Iterator[BinaryIO]:
    """The file itself, or what comes from it laid down in a nameless one."""
    file = found.bytes()
    if found.position is None and file.seekable():
        yield file
        return
    with tempfile.TemporaryFile(prefix="handful-") as spooled:
        try:
            shutil.copyfileobj(_Limited(file, found.name), spooled, 1 << 20)
        except OSError as error:
            raise InputError(
                _("There is no room to unpack this file."),
                f"{found.name}: {error.strerror or error}",
                _("Make room in {path}, or unpack it elsewhere.").format(path=tempfile.gettempdir()),
            ) from error
        spooled.seek(0)
        yield spooled


class _Limited(io.RawIOBase):
    """A file of which no more than so much is read."""

    def __init__(self, file: Any, name: str) -> None:
        super().__init__()
        self._file, self._name, self._left = file, name, _SPOOLED

    def read(self, size: int = -1, /) -> bytes:
        data: bytes = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise InputError(
                _("This file is too large to be read through a pipe or from gzip."),
                _("{path}: more than {limit} GB.").format(path=self._name, limit=_SPOOLED // 1_000_000_000),
                _("Unpack it to a file first."),
            )
        return data


def _check(file: "ParquetFile", name: str) -> None:
    """Raise InputError for columns that can't be told apart, or that would burst."""
    doubled = [column for column, n in Counter(file.schema_arrow.names).items() if n > 1]
    if doubled:
        raise InputError(_("Two columns have the same name."), f"{name}: {visible(doubled[0])}", _("Rename one."))
    said = file.metadata
    for group in range(said.num_row_groups):
        for number in range(said.num_columns):
            chunk = said.row_group(group).column(number)
            unpacked, packed = chunk.total_uncompressed_size, chunk.total_compressed_size
            if unpacked > FREE and unpacked > RATIO * packed:
                raise InputError(
                    _("This file is packed suspiciously well."),
                    _("{path}, column {column}: {packed:,} bytes would become {unpacked:,}.").format(
                        path=name, column=visible(chunk.path_in_schema), packed=packed, unpacked=unpacked
                    ),
                    _("If you trust it, write it again without compression."),
                )


def _broken(name: str, error: Exception) -> InputError:
    return InputError(
        _("This Parquet file can't be read."),
        f"{name}: {visible(str(error)[:300])}",
        _("See whether it is whole; then get it again."),
    )


def _fits(found: Found) -> int:
    return MAGIC if found.head().startswith(_MARK) else 0


PARQUET = Format("Parquet", _read, _fits, (".parquet", ".pq"))
