"""A project is a directory: where its parts lie, how it is made, and how it is opened."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import clock, plugins, schema, settings, snapshots
from core.connection import Connection, DatabaseError, connect, create_empty, explain, is_file, transaction, way_back
from core.errors import InputError, RefusedError
from core.i18n import _
from core.publish import make_dir
from core.store import classes, meta, soundness
from core.tasks.base import Task

DATABASE = "labels.db"
SHARED = "HANDFUL_SHARED"
"""Set to 1 in the environment, projects that others own or may write to are opened all the same."""


@dataclass(frozen=True, slots=True)
class Project:
    """The paths of one project; nothing is opened by making one."""

    root: Path

    @property
    def database(self) -> Path:
        """Texts, decisions, jobs: everything that must never be lost."""
        return self.root / DATABASE

    @property
    def embeddings(self) -> Path:
        """Cached features, one directory per encoder fingerprint."""
        return self.root / "embeddings"

    @property
    def scores(self) -> Path:
        """Published rankings with their heads, one directory each."""
        return self.root / "scores"

    @property
    def rounds(self) -> Path:
        """Tuned encoders, one directory per round."""
        return self.root / "rounds"

    @property
    def bundles(self) -> Path:
        """Exported models that were given no other place."""
        return self.root / "bundles"

    @property
    def logs(self) -> Path:
        """The worker's log."""
        return self.root / "logs"

    @property
    def snapshots(self) -> Path:
        """Verified copies of the database."""
        return snapshots.directory(self.database)

    @property
    def worker_lock(self) -> Path:
        """Held by the worker for life; its content says who it is."""
        return self.root / "worker.lock"

    @property
    def import_lock(self) -> Path:
        """Held while an import writes."""
        return self.root / "import.lock"

    def settings(self) -> settings.Settings:
        """The project's options as they are now."""
        return settings.load(self.root)

    @contextmanager
    def open(self, *, readonly: bool = False) -> Iterator[Connection]:
        """A connection to the project's database, closed at the end of the block.

        Raises InputError or RefusedError for what the file, the disk or another process brings about in the block.
        """
        con = connect(self.database, readonly=readonly)
        try:
            yield con
        except (DatabaseError, LookupError, TypeError, ValueError) as error:
            said = explain(error, self.database) if isinstance(error, DatabaseError) else None
            said = said or self._damage(con)
            if said is None:
                raise
            raise said from error
        finally:
            con.close()

    def _damage(self, con: Connection) -> InputError | None:
        """What is wrong with the database, should that be behind an error; None if the mistake is ours."""
        if con.in_transaction:
            con.rollback()
        found = soundness.check(con)
        if found == "ok":
            return None
        return InputError(_("The database is damaged."), f"{self.database}: {found}", way_back(self.database))

    def task(self, con: Connection) -> Task[Any]:
        """The task chosen when the project was made, with what the project's classes and options say about it."""
        task: Task[Any] = plugins.load(plugins.TASKS, meta.get(con, "task"))
        return task.bound(classes.all_classes(con), self.settings())


def create(root: Path, task: str) -> Project:
    """Make an empty project in an existing, empty directory (`handful new` gives a staging one and renames it)."""
    plugins.load(plugins.TASKS, task)
    project = Project(root)
    create_empty(project.database)
    schema.migrate(project.database)
    for directory in (project.embeddings, project.scores, project.rounds, project.bundles, project.logs):
        make_dir(directory)
    with project.open() as con, transaction(con):
        meta.put(con, "task", task)
        meta.put(con, "created", clock.now())
    return project


def is_project(root: Path) -> bool:
    """Whether a directory looks like a project; nothing is opened."""
    return is_file(root / DATABASE)


def find(root: Path) -> Project:
    """The project in a directory, checked, migrated if it is older.

    Raises InputError if the directory holds no project, or one that can't be opened; RefusedError if others may write
    there.
    """
    project = Project(root)
    if not is_file(project.database):
        raise InputError(
            _("There is no project here."),
            _("{path} has no {name}.").format(path=root, name=DATABASE),
            _("Make one: handful new {path} --data FILE").format(path=root),
        )
    _require_own(root)
    with project.open(readonly=True) as con:  # what is refused stays untouched
        current = schema.check(con, project.database)
    if not current:
        snapshots.take(project.database, snapshots.MIGRATION)
        schema.migrate(project.database)
    return project


def _require_own(root: Path) -> None:
    """Who else may write in the directory could put another database there, or a link, at any moment."""
    if os.environ.get(SHARED) == "1":
        return
    found = root.stat()
    if found.st_uid != os.getuid():
        said = _("{path} belongs to user {uid}.").format(path=root, uid=found.st_uid)
        hint = _("Work as that user (sudo -u), or copy it to a directory of yours; to open it anyway: {name}=1")
    elif found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        said = _("{path} can be written by others.").format(path=root)
        hint = _("chmod go-w {path}; to open it anyway: {name}=1")
    else:
        return
    raise RefusedError(_("This project is not yours alone."), said, hint.format(path=root, name=SHARED))
