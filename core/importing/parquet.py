"""Parquet, read by pyarrow a few rows at a time; values that JSON does not have become texts.

Dates and decimals are written as people write them, bytes are decoded if they are UTF-8 and left out if not, NaN is no
value. Columns of texts are read as the dictionaries they are stored as, so that one long text repeated a million times
takes its own room once; a column chunk that is packed suspiciously well is refused, as a gzip file is.
"""

import io
import math
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
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
_BATCH = 512
_SPOOLED = 4_000_000_000
"""Most bytes that are laid down in a temporary file, where the source can be read only once."""


class _ParquetRows:
    """The rows of one Parquet file."""

    unit = "row"

    def __init__(self, file: "ParquetFile", found: Found) -> None:
        self._file, self._found = file, found
        self.done = 0
        self.total = file.metadata.num_rows

    @property
    def name(self) -> str:
        return self._found.name

    def __iter__(self) -> Iterator[Read]:
        import pyarrow as pa

        names = self._file.schema_arrow.names
        try:
            for batch in self._file.iter_batches(batch_size=_BATCH, use_threads=False):
                for row in range(batch.num_rows):
                    self.done += 1
                    yield self.done, _row(names, batch.columns, row)
        except (pa.ArrowException, OSError) as error:
            raise _broken(self.name, error) from error


def _row(names: list[str], columns: list[Any], row: int) -> dict[str, Any] | str:
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
            schema = parquet.read_schema(file)
            file.seek(0)
            texts = [field.name for field in schema if _is_text(field.type)]
            opened = parquet.ParquetFile(file, read_dictionary=texts, pre_buffer=False, buffer_size=1 << 20)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _broken(found.name, error) from error
        with opened:
            _check(opened, found.name)
            yield _ParquetRows(opened, found)


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


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
