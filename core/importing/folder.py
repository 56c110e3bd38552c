"""A directory with one text a file, in sub-directories or not.

Columns: `text`; `folder`, the sub-directory just below, which is a label if one asks for it (`--label folder`); `file`,
the path within. Hidden files are passed over. What is no plain file (a link, a pipe, a device) is refused with its
reason and never opened; so is a file whose ending says that it holds a table.
"""

import codecs
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any

from core.errors import InputError
from core.i18n import _
from core.importing import formats
from core.importing.formats import CERTAIN, Format, Found
from core.importing.plain import COLUMN, TEXT
from core.importing.rows import Read, Rows
from core.show import visible

FOLDER, FILE = "folder", "file"
_MOST_BYTES = 40_000_000
"""No longer text would be taken (`sorting.MAX_TEXT` characters)."""


class _FolderRows:
    """The texts of one directory, by path."""

    unit = "file"

    def __init__(self, found: Found) -> None:
        self._found = found
        self.done = 0
        self.total = 0
        known = {ending for known in formats.every() for ending in known.endings}
        self._tables = tuple(known - set(TEXT.endings))

    @property
    def name(self) -> str:
        return self._found.name

    def __iter__(self) -> Iterator[Read]:
        top = os.path.realpath(self._found.path)  # a link that a person named is what they meant
        problems: list[OSError] = []
        for here, folders, files, fd in os.fwalk(top, onerror=problems.append):
            within = PurePosixPath(os.path.relpath(here, top))
            for name in sorted(folders):
                if stat.S_ISLNK(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode):
                    yield self._next(), _refused(within / name, _("a link; links are not followed"))
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                if not name.startswith("."):
                    yield self._next(), self._row(within / name, name, fd)
            for problem in problems:
                yield self._next(), _refused(PurePosixPath(str(problem.filename)), problem.strerror or "")
            problems.clear()
        if problems:
            raise InputError(
                _("This directory can't be read."), f"{self.name}: {problems[0].strerror}", _("See: ls -la")
            )
        if not self.done:
            raise InputError(_("There is no file in this directory."), self.name, _("Give one with a text a file."))

    def _next(self) -> int:
        self.done += 1
        return self.done

    def _row(self, within: PurePosixPath, name: str, fd: int) -> dict[str, Any] | str:
        if name.lower().endswith(self._tables):
            return _refused(within, _("no single text by its ending; import it by itself"))
        try:
            text = _decoded(_content(name, fd))
        except OSError as error:
            return _refused(within, error.strerror or str(error))
        except ValueError as error:
            return _refused(within, str(error))
        return {COLUMN: text, FOLDER: within.parts[0] if len(within.parts) > 1 else "", FILE: str(within)}


def _refused(within: PurePosixPath, why: str) -> str:
    return f"{visible(str(within))}: {why}"


def _content(name: str, fd: int) -> bytes:
    """The bytes of a plain file; raises ValueError for another kind, OSError if it can't be read."""
    if not stat.S_ISREG(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode):
        raise ValueError(_("no plain file"))
    opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
    with os.fdopen(opened, "rb") as file:
        said = os.fstat(file.fileno())
        if not stat.S_ISREG(said.st_mode):
            raise ValueError(_("no plain file"))
        if said.st_size > _MOST_BYTES:
            raise ValueError(_("longer than {limit} MB").format(limit=_MOST_BYTES // 1_000_000))
        return file.read(_MOST_BYTES + 1)


def _decoded(raw: bytes) -> str:
    """The text, less the end of its last line; raises ValueError for what is neither UTF-8 nor marked UTF-16."""
    codec = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError as error:
        why = _("byte 0x{byte:02x} at offset {offset} is no part of UTF-8 text")
        raise ValueError(why.format(byte=error.object[error.start], offset=error.start)) from error
    return text.removesuffix("\n").removesuffix("\r")


@contextmanager
def _read(found: Found) -> Iterator[Rows]:
    yield _FolderRows(found)


def _fits(found: Found) -> int:
    return CERTAIN if found.kind == "directory" else 0


DIRECTORY = Format("a directory of text files", _read, _fits)
