"""Snapshots: verified copies of the label database, made while people label, put back by one command.

One is taken before each round and each migration, on each day with labels, and whenever a person asks. A snapshot is
made in one step by `VACUUM INTO` (a paged backup starts over with each foreign write), checked, and renamed into place.
Texts, decisions, classes, rounds' stories and jobs are in the database; weights and features are made anew from it.
"""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from core import clock, schema
from core.connection import (
    SNAPSHOTS,
    Connection,
    DatabaseError,
    connect,
    copy_into,
    create_empty,
    explain,
    is_file,
    quick_check,
)
from core.errors import InputError, RefusedError
from core.i18n import _
from core.importing.lock import held
from core.publish import fsync_path, make_dir
from core.store import examples, labels, meta, models

KEPT = 7
"""Of the snapshots nobody asked for, so many stay."""
ASKED, DAY, MIGRATION, ROUND, RESTORE = "asked", "day", "migration", "round", "restore"
"""Why one was taken."""
_NAME = re.compile(r"(\d{4,})-([a-z]+)-(\d{8}T\d{6}Z)\.db", re.ASCII)
_STAGE = ".stage-"
_SPARE = 16_000_000
"""Bytes that stay free on the disk beside a snapshot, for labels that come meanwhile."""
_COMPANIONS = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One copy on the disk; order is told by the number, never by time."""

    path: Path
    number: int
    why: str
    taken: str
    """When, in UTC: 20260131T154500Z."""


def directory(database: Path) -> Path:
    """Where the snapshots of a database lie."""
    return database.parent / SNAPSHOTS


def listed(database: Path) -> list[Snapshot]:
    """All snapshots of a database, oldest first."""
    where = directory(database)
    names = [path for path in where.iterdir() if not path.is_symlink()] if where.is_dir() else []
    found = [(path, _NAME.fullmatch(path.name)) for path in names]
    known = [Snapshot(path, int(name[1]), name[2], name[3]) for path, name in found if name is not None]
    return sorted(known, key=lambda snapshot: snapshot.number)


def take(database: Path, why: str = ASKED) -> Snapshot:
    """Copy the database as it is at one moment, check the copy, and make it visible; older ones make room for it.

    Raises RefusedError if the disk has no room or the database is damaged; then no snapshot has changed.
    """
    where = make_dir(directory(database))
    with held(where / "lock"):
        for leftover in where.glob(f"{_STAGE}*"):  # of somebody who was killed, for the lock is ours
            leftover.unlink()
        _need_room(database)
        stage = where / f"{_STAGE}{os.urandom(4).hex()}"
        create_empty(stage)
        try:
            _copy(database, stage)
            number = max((snapshot.number for snapshot in listed(database)), default=0) + 1
            moment = clock.iso(clock.now()).replace("-", "").replace(":", "")
            target = where / f"{number:04d}-{why}-{moment}.db"
            stage.rename(target)
        finally:
            for ending in _COMPANIONS:
                Path(f"{stage}{ending}").unlink(missing_ok=True)
        fsync_path(where)
        _prune(database)
    return Snapshot(target, number, why, moment)


def take_if_changed(database: Path, why: str) -> Snapshot:
    """The newest snapshot if it holds all that people did and brought, and stands its check; else a new one.

    So rounds on the same labels cost one copy, and don't push older days out of the few that are kept.
    """
    newest = listed(database)[-1:]
    if newest and _done(database) == _done(newest[0].path) and check(newest[0].path) == "ok":
        return newest[0]
    return take(database, why)


def _done(database: Path) -> tuple[int, ...] | None:
    """As `meta.done`; None if the database can't be read."""
    try:
        con = connect(database, readonly=True)
    except (InputError, RefusedError):
        return None
    try:
        schema.check(con, database)
        return meta.done(con)
    except (InputError, DatabaseError):
        return None
    finally:
        con.close()


def _copy(database: Path, stage: Path) -> None:
    con = connect(database)
    try:
        copy_into(con, stage)
    except DatabaseError as error:
        said = explain(error, database)
        if said is None:
            raise
        raise RefusedError(said.title, said.what, said.hint) from error
    finally:
        con.close()
    fsync_path(stage)
    found = check(stage)
    if found != "ok":
        raise RefusedError(
            _("The database is damaged; no snapshot was taken."),
            f"{database}: {found}",
            _("Put back the last snapshot: handful restore DIR"),
        )


def check(path: Path) -> str:
    """`ok`, or the first damage found in a snapshot."""
    try:
        con = connect(path, readonly=True)
    except (InputError, RefusedError) as error:
        return error.what or error.title
    try:
        schema.check(con, path)
        return quick_check(con)
    except (InputError, DatabaseError) as error:
        return str(error)
    finally:
        con.close()


def _need_room(database: Path) -> None:
    sizes = [Path(f"{database}{ending}") for ending in ("", "-wal")]
    need = sum(path.stat().st_size for path in sizes if path.exists()) + _SPARE
    free = shutil.disk_usage(database.parent).free
    if free < need:
        raise RefusedError(
            _("There is too little room on the disk for a snapshot."),
            _("{free:.0f} MB are free; about {need:.0f} MB are needed.").format(free=free / 1e6, need=need / 1e6),
            _("Make room: handful clean DIR; labels go on being saved meanwhile."),
        )


def _prune(database: Path) -> None:
    automatic = [snapshot for snapshot in listed(database) if snapshot.why != ASKED]
    for snapshot in automatic[:-KEPT]:
        snapshot.path.unlink(missing_ok=True)


def due_today(database: Path, con: Connection) -> bool:
    """Whether something was decided today and no snapshot is from today."""
    today = clock.iso(clock.now())[:10].replace("-", "")
    if any(snapshot.taken.startswith(today) for snapshot in listed(database)):
        return False
    moment = labels.last_moment(con)
    return moment is not None and clock.iso(moment)[:10].replace("-", "") == today


def untouched(database: Path) -> bool:
    """Whether no text of this project was answered or skipped yet."""
    con = connect(database, readonly=True)
    try:
        found = meta.counters(con)
        return not any(n for name, n in found.items() if name.endswith((".answered", ".skipped")))
    finally:
        con.close()


def newest_whole(database: Path) -> Snapshot | None:
    """The newest snapshot that stands its check; None if there is none."""
    return next((s for s in reversed(listed(database)) if check(s.path) == "ok"), None)


def users(database: Path) -> list[int]:
    """Other processes that have the database open, as far as this user can see them (Linux alone tells)."""
    wanted = os.path.realpath(database)
    found = set()
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        pid = int(entry.parts[2])
        try:
            if pid != os.getpid() and str(entry.readlink()) == wanted:
                found.add(pid)
        except OSError:
            continue
    return sorted(found)


def require_alone(database: Path) -> None:
    """Raises RefusedError if another process has the database open: what it saved then would be lost."""
    found = users(database)
    if found:
        raise RefusedError(
            _("Somebody works on this project."),
            _("Processes with the database open: {pids}").format(pids=", ".join(map(str, found))),
            _("Close the app there, or end them: kill {pids}").format(pids=" ".join(map(str, found))),
        )


def restore(database: Path, snapshot: Snapshot) -> Path | None:
    """Put a snapshot in the place of the database; returns where what was there lies now, None if nothing was.

    Nothing is thrown away, so this can be taken back by hand. Raises InputError if the snapshot is damaged itself,
    RefusedError if somebody has the database open.
    """
    found = check(snapshot.path)
    if found != "ok":
        raise InputError(_("This snapshot is damaged."), f"{snapshot.path}: {found}", _("Choose an older one."))
    require_alone(database)
    stage = database.with_name(f"{_STAGE}{os.urandom(4).hex()}")
    try:
        create_empty(stage)
        shutil.copyfile(snapshot.path, stage)  # no connection of this process is open on either
        fsync_path(stage)
        aside = _put_aside(database)
        stage.rename(database)
    finally:
        stage.unlink(missing_ok=True)
    fsync_path(database.parent)
    _fit_to_disk(database, keep_features=aside is not None and _texts(aside / database.name) == _texts(database))
    return aside


def _put_aside(database: Path) -> Path | None:
    """Move the database out of the way, its log with it: a log beside another database would be played into it."""
    there = [path for path in (Path(f"{database}{ending}") for ending in _COMPANIONS) if os.path.lexists(path)]
    if not there:
        return None
    aside = make_dir(directory(database)) / f"replaced-{os.urandom(4).hex()}"
    make_dir(aside)
    for path in there:
        path.rename(aside / path.name)
    fsync_path(aside)
    fsync_path(database.parent)
    return aside if is_file(aside / database.name) else None


def _texts(database: Path) -> tuple[int, int, bytes] | None:
    """Which texts a database holds; None if it can't be read."""
    try:
        con = connect(database, readonly=True)
    except (InputError, RefusedError):
        return None
    try:
        return examples.extent(con)
    except DatabaseError:
        return None
    finally:
        con.close()


def _fit_to_disk(database: Path, *, keep_features: bool) -> None:
    """Features of texts that the snapshot does not know would stand for others that get their numbers: they go.

    An encoder that the snapshot names but that was removed since can't answer: the untouched one does.
    """
    if not keep_features:
        for name in ("embeddings", "scores"):
            shutil.rmtree(database.parent / name, ignore_errors=True)
            make_dir(database.parent / name)
    con = connect(database)
    try:
        ref = models.encoder_in_use(con)
        if ref != models.BASE and not (database.parent / "rounds" / f"{int(ref):03d}").is_dir():
            models.use_encoder(con, models.BASE, _("the round of the snapshot is not there any more"))
        meta.drop(con, "embedded")  # so that the worker looks which features are missing
    finally:
        con.close()
