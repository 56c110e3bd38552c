"""Everything Handful writes becomes visible only when it is whole: staged beside the target, fsynced, renamed.

Files are 0600 and directories 0700 whatever the umask says, for labelled text is private. The SQLite database is the
one exception: SQLite does its own atomic writes (`connection.py`).
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

FILE_MODE = 0o600
DIR_MODE = 0o700
_DATABASE = ".db"
"""SQLite syncs its files itself; opening and closing one here could drop locks that this process holds on it."""
_STAGE, _OLD = ".stage-", ".old-"


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
    return target.with_name(f"{_STAGE}{target.name[:40]}-{os.urandom(4).hex()}")


def publish_file(target: Path, data: bytes) -> None:
    """Write `data` to `target`, replacing what was there only when the new content is on the disk."""
    publish_parts(target, (data,))


def publish_parts(target: Path, parts: Iterable[bytes]) -> None:
    """The same for what is made piece by piece and never lies in memory as a whole."""
    stage = _stage_name(target)
    fd = os.open(stage, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
    try:
        os.fchmod(fd, FILE_MODE)
        with open(fd, "wb", closefd=False) as out:
            out.writelines(parts)
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
    whole directory to be found (`recover` puts an orphaned old one back). Links are never followed.
    """
    make_dir(target.parent)
    stage = _stage_name(target)
    stage.mkdir(mode=DIR_MODE)
    stage.chmod(DIR_MODE)
    try:
        yield stage
        _seal(stage)
        _swap(stage, target)
    finally:
        _remove(stage)


@contextmanager
def scratch_dir(parent: Path) -> Iterator[Path]:
    """Yield an empty private directory that is removed at the end; what a kill leaves of it, `recover` removes."""
    make_dir(parent)
    stage = _stage_name(parent / "scratch")
    stage.mkdir(mode=DIR_MODE)
    stage.chmod(DIR_MODE)
    try:
        yield stage
    finally:
        _remove(stage)


def _seal(directory: Path) -> None:
    for root, dirs, files in os.walk(directory, topdown=False):
        for path in (Path(root, name) for name in files):
            if path.is_symlink():
                continue
            path.chmod(FILE_MODE)
            if path.suffix != _DATABASE:
                fsync_path(path)
        for path in (Path(root, name) for name in dirs):
            if not path.is_symlink():
                path.chmod(DIR_MODE)
        fsync_path(Path(root))


def _swap(stage: Path, target: Path) -> None:
    old = target.with_name(_OLD + target.name)
    replaces = os.path.lexists(target)
    if replaces:
        _discard(old)
        target.rename(old)
    try:
        stage.rename(target)
    except BaseException:
        if replaces:
            old.rename(target)
        raise
    fsync_path(target.parent)
    _discard(old)


def _discard(path: Path) -> None:
    """Remove what may be there; renamed first, so that a kill on the way leaves no half of it under its name."""
    if os.path.lexists(path):
        stage = _stage_name(path)
        path.rename(stage)
        _remove(stage)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        import shutil  # its archive formats cost every start of the command ten milliseconds

        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def recover(parent: Path, name: str = "") -> None:
    """Clean up after a kill: put back a directory that was moved aside but never replaced, remove stages.

    With `name`, only what belongs to the target of that name: for directories that are not Handful's alone.
    """
    if not parent.is_dir():
        return
    for entry in parent.iterdir():
        if name and not _belongs(entry, parent / name):
            continue
        if entry.name.startswith(_OLD):
            target = parent / entry.name.removeprefix(_OLD)
            if os.path.lexists(target):
                _discard(entry)
            else:
                entry.rename(target)
        elif entry.name.startswith(_STAGE):
            _remove(entry)


def _belongs(entry: Path, target: Path) -> bool:
    old = target.with_name(_OLD + target.name)
    return entry == old or any(entry.name[:-8] == _stage_name(one).name[:-8] for one in (target, old))
