"""The lines of a text file, decoded strictly, each with its number: UTF-8 with or without BOM, UTF-16 with one.

A line ends at LF (or CRLF) and nowhere else. What is in another encoding is refused with the place of the first wrong
byte, for a guess would put garbled text before the labeller.
"""

import codecs
import io
import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from core.i18n import _
from core.show import visible

MAX_LINE = 32_000_000
"""Bytes of one line, and characters of one record of several lines."""
_HEAD, _CHUNK = 1 << 16, 1 << 20
_TEXT_BYTES = bytes(code for code in range(256) if code >= 0x20 or code in b"\t\n\v\f\r\x1b")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MAGIC = (
    (b"\x1f\x8b", "gzip", "gunzip -k {path}"),
    (b"BZh", "bzip2", "bunzip2 -k {path}"),
    (b"\xfd7zXZ", "xz", "unxz -k {path}"),
    (b"\x28\xb5\x2f\xfd", "Zstandard", "unzstd {path}"),
    (b"PK\x03\x04", "ZIP / Excel", ""),
    (b"PAR1", "Parquet", ""),
    (b"ARROW1", "Arrow", ""),
    (b"SQLite format 3", "SQLite", ""),
    (b"%PDF", "PDF", ""),
)


if TYPE_CHECKING:
    BinaryFile = io.BufferedReader[Any]
else:
    BinaryFile = io.BufferedReader
"""What can be looked at without being used up (`peek`)."""


class Lines:
    """Iterate over the lines of one open file, each with its line end."""

    def __init__(self, file: BinaryFile, path: Path, total: int) -> None:
        self.path = path
        self.total = total
        """Size of the file in bytes; 0 where it can't be known (a pipe)."""
        self.number = 0
        """Number of the line given last, from 1."""
        self.done = 0
        """Bytes read, up to and including that line."""
        self.head = file.peek(_HEAD)[:_HEAD]
        """The first bytes, to tell the format by."""
        self._file = file
        self._wide = self.head.startswith(_UTF16)
        self._text: io.TextIOWrapper | None = None  # kept, for it would close the file when it is let go

    @property
    def name(self) -> str:
        """The path, fit to be shown."""
        return visible(str(self.path))

    @property
    def quoted(self) -> str:
        """The path as a word of a shell command, fit to be shown."""
        return visible(shlex.quote(str(self.path)))

    def head_text(self) -> str:
        """The first bytes as text, as far as they are whole."""
        codec = "utf-16" if self._wide else "utf-8-sig"
        return codecs.getincrementaldecoder(codec)("replace").decode(self.head)

    def chunks(self) -> Iterator[str]:
        """The text in pieces of about a megabyte, cut anywhere; `number` counts the lines that are whole."""
        self._check_head()
        for piece in self._wide_chunks() if self._wide else self._narrow_chunks():
            self.number += piece.count("\n")
            yield piece

    def _narrow_chunks(self) -> Iterator[str]:
        decode = codecs.getincrementaldecoder("utf-8")("strict").decode
        if self.head.startswith(codecs.BOM_UTF8):
            self.done += len(self._file.read(len(codecs.BOM_UTF8)))
        while True:
            raw = self._file.read(_CHUNK)
            try:
                piece = decode(raw, not raw)
            except UnicodeDecodeError as error:
                self.done -= len(error.object) - len(raw)  # a character's first bytes came with the piece before
                self.number += 1 + error.object.count(b"\n", 0, error.start)
                raise self._undecodable(error.object, error) from error
            self.done += len(raw)
            yield piece
            if not raw:
                return

    def _wide_chunks(self) -> Iterator[str]:
        self._text = io.TextIOWrapper(self._file, encoding="utf-16", errors="strict", newline="")
        while piece := self._wide_piece(self._text):
            self.done += 2 * len(piece)
            yield piece

    def __iter__(self) -> Iterator[str]:
        self._check_head()
        return self._wide_lines() if self._wide else self._narrow_lines()

    def _narrow_lines(self) -> Iterator[str]:
        read = self._file.readline
        if self.head.startswith(codecs.BOM_UTF8):
            self.done += len(self._file.read(len(codecs.BOM_UTF8)))
        while raw := read(MAX_LINE + 1):
            self.number += 1
            if len(raw) > MAX_LINE:
                raise self.too_long(self.number)
            try:
                line = raw.decode()
            except UnicodeDecodeError as error:
                raise self._undecodable(raw, error) from error
            self.done += len(raw)
            yield line

    def _wide_lines(self) -> Iterator[str]:
        self._text = io.TextIOWrapper(self._file, encoding="utf-16", errors="strict", newline="\n")
        while line := self._wide_line(self._text):
            self.number += 1
            if len(line) > MAX_LINE:
                raise self.too_long(self.number)
            self.done += 2 * len(line)
            yield line

    def _wide_line(self, text: io.TextIOWrapper) -> str:
        try:
            return text.readline(MAX_LINE + 1)
        except UnicodeDecodeError as error:
            raise self._not_whole(error) from error

    def _wide_piece(self, text: io.TextIOWrapper) -> str:
        try:
            return text.read(_CHUNK)
        except UnicodeDecodeError as error:
            raise self._not_whole(error) from error

    def _not_whole(self, error: UnicodeDecodeError) -> InputError:
        return InputError(
            _("This file is not whole."),
            _("{path} begins as UTF-16, but can't be decoded after line {line}: {why}.").format(
                path=self.name, line=self.number, why=error.reason
            ),
            _("Save it again as UTF-8."),
        )

    def too_long(self, number: int) -> InputError:
        """The error for a line, or a record that begins there, which is too long to be held in memory."""
        return InputError(
            _("A row of this file is too long."),
            _("{path}, line {line}: more than {limit} MB without an end.").format(
                path=self.name, line=number, limit=MAX_LINE // 1_000_000
            ),
            _("Split it, or give a file with one text a row."),
        )

    def _check_head(self) -> None:
        if not self.head:
            raise InputError(_("This file is empty."), self.name, _("Give a file with one text a row."))
        for magic, kind, command in _MAGIC:
            if self.head.startswith(magic):
                raise InputError(
                    _("This is not a text file."),
                    _("{path} is {kind}.").format(path=self.name, kind=kind),
                    _("Unpack it first: {command}").format(command=command.format(path=self.quoted))
                    if command
                    else _("Save it as CSV or JSONL in UTF-8."),
                )
        zeros = self.head.count(0)
        if not self._wide and zeros * 5 > len(self.head):
            raise self._not_text(self.head.index(0), 1)
        if b"\r" in self.head and b"\n" not in self.head and not self._wide and self.head.count(b"\r") > 1:
            raise InputError(
                _("The lines of this file end in a way of long ago."),
                _("{path} has carriage returns and no line feeds.").format(path=self.name),
                _("Convert it: tr '\\r' '\\n' < {path} > NEW").format(path=self.quoted),
            )

    def _undecodable(self, raw: bytes, error: UnicodeDecodeError) -> InputError:
        offset = self.done + error.start
        if 0 in raw or 0 in self.head or len(self.head.translate(None, _TEXT_BYTES)) * 50 > len(self.head):
            return self._not_text(offset, self.number)
        return InputError(
            _("This file is not UTF-8."),
            _("{path}, line {line}: byte 0x{byte:02x} at offset {offset} is no part of UTF-8 text.").format(
                path=self.name, line=self.number, byte=raw[error.start], offset=offset
            ),
            _("If it is Latin-1, convert it: iconv -f latin1 -t utf-8 {path} > NEW").format(path=self.quoted),
        )

    def _not_text(self, offset: int, line: int) -> InputError:
        return InputError(
            _("This is not a text file."),
            _("{path} holds binary data (line {line}, offset {offset}).").format(
                path=self.name, line=line, offset=offset
            ),
            _(
                "If it is UTF-16 without a mark at its start, convert it: iconv -f utf-16le -t utf-8 {path} > NEW"
            ).format(path=self.quoted),
        )


@contextmanager
def opened(path: Path) -> Iterator[Lines]:
    """The lines of a file (or pipe), closed at the end of the block.

    Raises InputError as `open_file` does; while iterating, for what is no UTF-8 or UTF-16.
    """
    with open_file(path) as file:
        yield Lines(file, path, size(file))


def open_file(path: Path) -> BinaryFile:
    """The bytes of a file (or pipe); raises InputError if there is no such file or it can't be read."""
    try:
        return io.BufferedReader(io.FileIO(path), _HEAD)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def size(file: BinaryFile) -> int:
    """Bytes of a file; 0 where they can't be known (a pipe)."""
    found = os.fstat(file.fileno())
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def _unreadable(path: Path, error: OSError | ValueError) -> InputError:
    name = visible(str(path))
    if isinstance(error, FileNotFoundError):
        return InputError(_("There is no such file."), name, _("Check the path."))
    if isinstance(error, IsADirectoryError):
        return InputError(_("This is a directory."), name, _("Give a file."))
    why = getattr(error, "strerror", None) or str(error)
    return InputError(_("This file can't be read."), f"{name}: {why}", _("Check the path and its permissions."))
