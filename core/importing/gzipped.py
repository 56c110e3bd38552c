"""Files packed by gzip: unpacked while they are read, a bomb refused before it fills anything.

Texts pack three- to tenfold, and endless repetition a thousandfold. What has grown to more than `FREE` bytes may be
`RATIO` times as large as what it was unpacked from, and no more.
"""

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.errors import InputError
from core.i18n import _
from core.importing import formats
from core.importing.formats import MAGIC, Format, Found
from core.importing.lines import BinaryFile
from core.importing.rows import Rows

FREE = 64_000_000
RATIO = 200
_BLOCK = 1 << 16
_GZIP = 31
"""zlib's number for the format of gzip with the largest window."""
_MARK = b"\x1f\x8b\x08"


class _Unpacked(io.RawIOBase):
    """The bytes inside, member after member."""

    def __init__(self, file: BinaryFile, name: str) -> None:
        super().__init__()
        self.taken = 0
        """Packed bytes read so far."""
        self.given = 0
        self._file, self._name = file, name
        self._member: zlib._Decompress | None = None
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)
        data = self._some(len(view))
        view[: len(data)] = data
        self.given += len(data)
        if self.given > FREE and self.given > RATIO * self.taken:
            raise InputError(
                _("This file is packed suspiciously well."),
                _("{path}: {taken:,} bytes have become more than {given:,}; up to {ratio}-fold is taken.").format(
                    path=self._name, taken=self.taken, given=self.given, ratio=RATIO
                ),
                _("If you trust it, unpack it yourself: gunzip"),
            )
        return len(data)

    def _some(self, most: int) -> bytes:
        """Up to `most` bytes, at least one but at the end."""
        while True:
            if self._member is None and not self._begin():
                return b""
            packed = self._rest or self._block()
            if not packed:
                raise self._broken(_("it was cut off"))
            assert self._member is not None  # noqa: S101 (it was begun)
            try:
                data = self._member.decompress(packed, most)
            except zlib.error as error:
                raise self._broken(str(error)) from error
            self._rest = self._member.unconsumed_tail
            if self._member.eof:
                self._rest, self._member = self._member.unused_data.lstrip(b"\x00"), None
            if data:
                return data

    def _begin(self) -> bool:
        """Begin the next member; False if there is none. Zeros behind a member are the padding of tapes."""
        while not self._rest:
            self._rest = self._block()
            if not self._rest:
                return False
            if self.given:
                self._rest = self._rest.lstrip(b"\x00")
        self._member = zlib.decompressobj(_GZIP)
        return True

    def _block(self) -> bytes:
        try:
            block = self._file.read(_BLOCK)
        except OSError as error:
            raise self._broken(error.strerror or str(error)) from error
        self.taken += len(block)
        return block

    def _broken(self, why: str) -> InputError:
        return InputError(
            _("This gzip file is broken."),
            _("{path}: {why} (after {n:,} packed bytes).").format(path=self._name, why=why, n=self.taken),
            _("Test it: gzip -t; then get it again."),
        )


@contextmanager
def _read(found: Found) -> Iterator[Rows]:
    raw = _Unpacked(found.bytes(), found.name)
    inner = found.endings[: -len(".gz")] if found.endings.lower().endswith(".gz") else found.endings
    with io.BufferedReader(raw, _BLOCK) as file:
        unpacked = Found(found.path, "file", inner, file, found.total, lambda: raw.taken)
        known = formats.surest(unpacked)
        if known is GZIP:
            raise InputError(_("This file is packed twice."), found.name, _("Unpack it once: gunzip"))
        with known.read(unpacked) as rows:
            yield rows


def _fits(found: Found) -> int:
    return MAGIC if found.head().startswith(_MARK) else 0


GZIP = Format("gzip of these", _read, _fits, (".gz",))
