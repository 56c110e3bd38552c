"""Where /feedback goes: one file of lines that only its owner reads, up to a size; there after a crash, too."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.publish import FILE_MODE, fsync_path, make_dir
from core.show import json_line

FILE = "feedback.jsonl"


class SpoolFullError(Exception):
    """There is no room for another line."""


class Spool:
    """An append-only JSONL file; one thread at a time."""

    def __init__(self, directory: Path, limit: int) -> None:
        """`limit`: bytes the file may grow to. Raises OSError if it can't be written."""
        self.path = make_dir(directory) / FILE
        self._limit = limit
        os.close(self._open())
        fsync_path(directory)

    def _open(self) -> int:
        """Anew for each line, so that the file may be moved away at any time."""
        fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
        os.fchmod(fd, FILE_MODE)
        return fd

    def add(self, said: Mapping[str, Any]) -> None:
        """Append one line and wait until it is on the disk; raises SpoolFullError or OSError, nothing half-written."""
        line = (json_line(dict(said)) + "\n").encode("utf-8")
        fd = self._open()
        try:
            size = os.fstat(fd).st_size
            if size + len(line) > self._limit:
                raise SpoolFullError
            if os.write(fd, line) != len(line):
                os.ftruncate(fd, size)
                raise SpoolFullError
            os.fsync(fd)
        finally:
            os.close(fd)
