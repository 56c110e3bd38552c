"""The one `connect()`: every connection to a project's database is opened here, with the same promises.

A committed label survives power loss (`synchronous=FULL`); writers queue instead of failing (`BEGIN IMMEDIATE`, busy
timeout); a database cannot run code (`trusted_schema=OFF`, no extensions). Write-ahead logging is used only on a
SQLite that is free of the WAL-reset bug (https://sqlite.org/wal.html#walresetbug) and on a local file system.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import HandfulError, InputError, RefusedError
from core.filesystem import is_network
from core.i18n import _
from core.publish import FILE_MODE

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        from pysqlite3 import dbapi2 as sqlite3
    except ImportError:
        import sqlite3

Connection = sqlite3.Connection
Row = sqlite3.Row
DatabaseError = sqlite3.DatabaseError
OperationalError = sqlite3.OperationalError
IntegrityError = sqlite3.IntegrityError

APPLICATION_ID = 0x48464C31  # "HFL1"
BUSY_MS = 5000
SNAPSHOTS = "snapshots"
"""The directory beside a database in which its snapshots lie (`core.snapshots`)."""
_PERM, _BUSY, _LOCKED, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = 3, 5, 6, 8, 10, 11, 13, 14, 26
"""Primary result codes: https://sqlite.org/rescode.html"""
_NO_SHARED_INDEX = (10, 13, 10 | 18 << 8, 10 | 19 << 8, 10 | 21 << 8)
"""IOERR, FULL, IOERR_SHMOPEN, IOERR_SHMSIZE, IOERR_SHMMAP."""
_WRITERS = {"-shm": 120, "": 0x40000001}
"""Byte that the writer locks: in a write-ahead log's index, and (RESERVED) in the database otherwise."""


def sqlite_version() -> tuple[int, int, int]:
    """The version of the SQLite library in use, for example (3, 53, 4)."""
    major, minor, patch = (int(part) for part in sqlite3.sqlite_version.split(".")[:3])
    return major, minor, patch


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite is free of the WAL-reset bug (3.7.0 to 3.51.2, fixed in 3.44.6, 3.50.7 and 3.51.3)."""
    if version < (3, 7, 0) or version >= (3, 51, 3):
        return version >= (3, 51, 3)
    return (3, 44, 6) <= version < (3, 45, 0) or (3, 50, 7) <= version < (3, 51, 0)


def wanted_journal_mode(path: Path) -> str:
    """`wal` where that is safe for this SQLite and this file system, else `truncate`."""
    return "wal" if wal_is_safe(sqlite_version()) and not is_network(path) else "truncate"


def create_empty(path: Path) -> None:
    """Create an empty database file that nobody else can read; SQLite gives -wal and -shm the same mode."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
    os.fchmod(fd, FILE_MODE)
    os.close(fd)


def connect(path: Path, *, readonly: bool = False) -> Connection:
    """Open an existing database; a readonly connection changes nothing, not even the journal mode.

    Raises InputError if the file is missing, may not be opened, is no SQLite database or is damaged at its head;
    RefusedError if somebody else keeps it locked.
    """
    if not is_file(path):
        raise InputError(
            _("There is no database here."), str(path), _("Give the directory of a project, or make one: handful new.")
        )
    try:
        try:
            return _opened(path, readonly=readonly)
        except OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) not in _NO_SHARED_INDEX:
                raise
            # a full disk has no room for the index that processes share: alone one can still read
            return _opened(path, readonly=readonly, alone=True)
    except DatabaseError as error:
        said = explain(error, path)
        if said is None:
            raise
        raise said from error


def _opened(path: Path, *, readonly: bool, alone: bool = False) -> Connection:
    con = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    try:
        if alone:
            con.execute("PRAGMA locking_mode=EXCLUSIVE").fetchone()
        _prepare(con, path, readonly=readonly)
    except (DatabaseError, HandfulError):
        con.close()
        raise
    return con


def _prepare(con: Connection, path: Path, *, readonly: bool) -> None:
    con.row_factory = sqlite3.Row
    con.execute(f"PRAGMA busy_timeout={BUSY_MS:d}")
    con.execute("PRAGMA trusted_schema=OFF")
    con.execute("PRAGMA foreign_keys=ON")
    con.execute("PRAGMA synchronous=FULL")
    con.execute("PRAGMA schema_version").fetchone()
    if readonly:  # not mode=ro: that could neither roll back a journal nor clear away the log it leaves on closing
        con.execute("PRAGMA query_only=ON")
    else:
        _set_journal_mode(con, path)


def _set_journal_mode(con: Connection, path: Path) -> None:
    wanted = wanted_journal_mode(path)
    if journal_mode(con) == wanted:
        return
    con.execute("PRAGMA journal_mode=WAL" if wanted == "wal" else "PRAGMA journal_mode=TRUNCATE").fetchone()
    if wanted != "wal" and journal_mode(con) == "wal":  # the other way round is slower but safe
        raise RefusedError(
            _("Write-ahead logging is not safe here and can't be switched off."),
            str(path),
            _("End every other process that works on this project; handful doctor says why it is not safe."),
        )


def journal_mode(con: Connection) -> str:
    """The journal mode this connection really works in."""
    return str(con.execute("PRAGMA journal_mode").fetchone()[0])


def quick_check(con: Connection) -> str:
    """`ok`, or the first damage SQLite finds."""
    return str(con.execute("PRAGMA quick_check(1)").fetchone()[0])


def copy_into(con: Connection, path: Path) -> None:
    """Write the database as it is at one moment into an empty file, compacted, while others go on writing."""
    con.execute("VACUUM INTO ?", (str(path),))


def data_version(con: Connection) -> int:
    """A number that changes when another connection commits; ask outside of any transaction. Takes microseconds."""
    return int(con.execute("PRAGMA data_version").fetchone()[0])


@contextmanager
def relaxed(con: Connection) -> Iterator[None]:
    """Commit without waiting for the disk: survives the end of the process, but not always that of the machine.

    For what may be lost, such as progress: it must not make a label wait, nor hold the database if stopped meanwhile.
    """
    con.execute("PRAGMA synchronous=NORMAL")
    try:
        yield
    finally:
        con.execute("PRAGMA synchronous=FULL")


@contextmanager
def patience(con: Connection, milliseconds: int) -> Iterator[None]:
    """Wait so long for another's lock inside the block, instead of the usual time."""
    con.execute(f"PRAGMA busy_timeout={milliseconds:d}")
    try:
        yield
    finally:
        con.execute(f"PRAGMA busy_timeout={BUSY_MS:d}")


def is_busy(error: DatabaseError) -> bool:
    """Whether another process held the lock: the same can be tried again, for nothing was changed."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (_BUSY, _LOCKED)


def writer(path: Path, locks: Path = Path("/proc/locks")) -> int | None:
    """The process that may write the database at the path just now; None if nobody, or where that can't be told.

    Read from the kernel's list: opening the files themselves would drop this process's own locks on them.
    """
    places = {}
    for ending, byte in _WRITERS.items():
        try:
            places[Path(f"{path}{ending}").stat().st_ino] = byte
        except OSError:
            continue
    try:
        lines = locks.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        fields = line.split()  # 1: POSIX ADVISORY WRITE 4711 fe:01:262147 120 120
        if len(fields) != 8 or fields[3] != "WRITE":
            continue
        wanted = places.get(int(fields[5].rpartition(":")[2]))
        if wanted is not None and fields[7] != "EOF" and int(fields[6]) <= wanted <= int(fields[7]):
            return int(fields[4])
    return None


def is_file(path: Path) -> bool:
    """Whether there is a file at the path, as far as this user can see."""
    try:
        return path.is_file()
    except OSError:
        return False


def explain(error: DatabaseError, path: Path) -> HandfulError | None:
    """The error in words, if something outside this program is the cause; None if it is a mistake of ours."""
    what = f"{path}: {error}"
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (_BUSY, _LOCKED):
        return RefusedError(
            _("Another process keeps the database locked."),
            what,
            _("Try again; if that does not help, end the process."),
        )
    if code in (_FULL, _IOERR):
        return RefusedError(
            _("The database can't be written."),
            what + _room(path),
            _("See whether the disk has room (df -h), then do it again."),
        )
    if code in (_CANTOPEN, _READONLY, _PERM):
        return InputError(
            _("The database can't be opened."),
            what,
            _("See whether you may read and write it and its directory: ls -la"),
        )
    if code in (_CORRUPT, _NOTADB):
        return InputError(
            _("The database can't be read."),
            what,
            way_back(path),
        )
    return None


def _room(path: Path) -> str:
    """What is free where the database lies."""
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError:
        return ""
    return _(" ({free:.1f} MB are free there)").format(free=free / 1e6)


def way_back(path: Path) -> str:
    """What to do about a damaged database: which snapshot there is, and the command that puts it back."""
    last = max((path.parent / SNAPSHOTS).glob("[0-9]*.db"), key=lambda p: p.name, default=None)
    if last is None:
        return _("If this is a project, it has no snapshot to put back; the file was left as it is.")
    return _("The file was left as it is. Its last snapshot is {path}; to put it back: handful restore {root}").format(
        path=last, root=path.parent
    )


@contextmanager
def transaction(con: Connection) -> Iterator[None]:
    """One decision, one atomic block: all of it is on the disk when the block ends, or none of it."""
    con.execute("BEGIN IMMEDIATE")
    try:
        yield
        con.execute("COMMIT")
    except BaseException:
        if con.in_transaction:
            con.execute("ROLLBACK")
        raise


@contextmanager
def one_moment(con: Connection) -> Iterator[None]:
    """Whatever is read inside the block is of one moment, though others commit meanwhile. Keep it short."""
    con.execute("BEGIN")
    try:
        yield
    finally:
        con.execute("ROLLBACK")
