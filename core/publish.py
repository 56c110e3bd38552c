"""Everything Handful writes becomes visible only when it is whole: staged beside the target, fsynced, renamed.

Files are 0600 and directories 0700 whatever the umask says, for labelled text is private. The SQLite database is the
one exception: SQLite does its own atomic writes (`connection.py`).
"""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE_MODE = 0o600
DIR_MODE = 0o700
_STAGE = ".stage-"


def fsync_path(path: Path) -> None:
    """Flush one file or directory to the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_dir(path: Path) -> Path:
    """Create the directory and its parents, each new one 0700; existing ones are left as they are."""
    missing = [p for p in (path, *path.parents) if not p.exists()]
    for directory in reversed(missing):
        directory.mkdir(mode=DIR_MODE, exist_ok=True)
        directory.chmod(DIR_MODE)
    return path


def _stage_name(target: Path) -> Path:
    return target.with_name(f"{_STAGE}{target.name}-{uuid.uuid4().hex[:8]}")


def publish_file(target: Path, data: bytes) -> None:
    """Write `data` to `target`, replacing what was there only when the new content is on the disk."""
    stage = _stage_name(target)
    fd = os.open(stage, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
    try:
        os.fchmod(fd, FILE_MODE)
        with open(fd, "wb", closefd=False) as out:
            out.write(data)
        os.fsync(fd)
        stage.rename(target)
    finally:
        os.close(fd)
        stage.unlink(missing_ok=True)
    fsync_path(target.parent)


@contextmanager
def publish_dir(target: Path) -> Iterator[Path]:
    """Yield an empty staging directory; when the block ends well it becomes `target`, else it is removed.

    An existing target is replaced: it is moved aside first and removed last, so that a kill at any moment leaves one
    whole directory to be found (`recover` puts an orphaned old one back).
    """
    make_dir(target.parent)
    stage = _stage_name(target)
    stage.mkdir(mode=DIR_MODE)
    stage.chmod(DIR_MODE)
    try:
        yield stage
        _seal(stage)
        old = None
        if target.exists():
            old = target.with_name(f".old-{target.name}")
            shutil.rmtree(old, ignore_errors=True)
            target.rename(old)
        stage.rename(target)
        fsync_path(target.parent)
        if old is not None:
            shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _seal(directory: Path) -> None:
    for root, dirs, files in os.walk(directory, topdown=False):
        for name in files:
            path = Path(root, name)
            path.chmod(FILE_MODE)
            fsync_path(path)
        for name in dirs:
            Path(root, name).chmod(DIR_MODE)
        fsync_path(Path(root))


def recover(parent: Path) -> None:
    """Clean up after a kill: put back a directory that was moved aside but never replaced, remove stages."""
    if not parent.is_dir():
        return
    for entry in parent.iterdir():
        if entry.name.startswith(".old-"):
            target = parent / entry.name.removeprefix(".old-")
            if target.exists():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.rename(target)
        elif entry.name.startswith(_STAGE):
            shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
