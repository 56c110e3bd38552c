"""The open project as the terminal holds it: one connection, and what must be asked often, without Textual."""

import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from core import project as projects
from core.connection import Connection, DatabaseError, connect, data_version, patience, relaxed, transaction
from core.errors import HandfulError
from core.project import Project
from core.records import LabelClass
from core.settings import Settings
from core.store import classes, labels, leases, meta, patterns
from core.store.leases import Holder
from core.tasks.base import Task
from core.worker import launch
from core.worker.state import WorkerState, worker_state

KEEP_MS = 50
"""So long the terminal waits for another's lock to prolong a lease: it must not stand still for that."""


class Session:
    """One person at one open project. Everything here is quick: nothing waits for the worker."""

    def __init__(self, project: Project, annotator: str) -> None:
        """Raises InputError or RefusedError if the project can't be opened."""
        self.project = project
        self.annotator = annotator
        self.holder = Holder(annotator, leases.new_client())
        self.con: Connection = connect(project.database)
        self.task: Task[Any] = project.task(self.con)
        self.settings: Settings = project.settings()
        self.worker: WorkerState = worker_state(project)
        self._version = data_version(self.con)
        self._own_changes = 0
        self._patterns: str | None = None
        self._waking: threading.Thread | None = None
        self.wake_error: HandfulError | None = None
        """Why the worker could not be started last time; None if it could."""

    @classmethod
    def at(cls, root: Path, annotator: str) -> Self:
        """Open the project in a directory."""
        return cls(projects.find(root), annotator)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the texts that lie here, and close; every decision was committed when it was made."""
        with suppress(DatabaseError), transaction(self.con):  # a lease that stays ends by itself
            leases.release(self.con, self.holder)
        self.con.close()

    def keep(self) -> None:
        """Prolong what lies here, so that nobody else gets it; tried again soon if the database is not free now."""
        with suppress(DatabaseError), patience(self.con, KEEP_MS), relaxed(self.con), transaction(self.con):
            leases.renew(self.con, self.holder)

    def moved(self) -> bool:
        """Whether another process changed the database since this was asked last, or `touched` was called."""
        version, own = data_version(self.con), self._own_changes
        self._own_changes = 0
        if version == self._version and not own:
            return False
        self._version = version
        self._patterns = None
        return True

    def touched(self) -> None:
        """This process changed something itself, which the data version does not tell; the worker is woken."""
        self._own_changes += 1
        self.wake()

    def look_at_worker(self) -> bool:
        """Read the worker's state; True if it is another one than last time."""
        state = worker_state(self.project)
        same = (state.state, state.pid, state.doing) == (self.worker.state, self.worker.pid, self.worker.doing)
        self.worker = state
        return not same

    def reload_settings(self) -> None:
        """Read the options again. Raises InputError if the file can't be read; the old ones stay."""
        self.settings = self.project.settings()

    def classes(self) -> list[LabelClass]:
        """The classes that can be chosen now."""
        return [item for item in classes.all_classes(self.con) if item.active]

    def names(self) -> dict[int, str]:
        """id → name of every class, archived ones included."""
        return classes.names(self.con)

    def class_counts(self) -> dict[int, int]:
        """class id → labelled texts of the pool."""
        return classes.counts(self.con)

    def counters(self) -> dict[str, int]:
        """`pool`, `pool.answered`, `pool.skipped`, `test` …"""
        return meta.counters(self.con)

    def patterns(self) -> str:
        """The patterns that suggest spans, as they are written; read once until something changes."""
        if self._patterns is None:
            self._patterns = patterns.current(self.con)
        return self._patterns

    def last_seq(self) -> int:
        """Number of the newest event."""
        return labels.last_seq(self.con)

    def wake(self) -> None:
        """See to it that a worker runs, without waiting for it."""
        if self._waking is not None and self._waking.is_alive():
            return
        self._waking = threading.Thread(target=self._ensure_running, name="wake-worker", daemon=True)
        self._waking.start()

    def _ensure_running(self) -> None:
        try:
            launch.ensure_running(self.project)
            self.wake_error = None
        except HandfulError as error:
            self.wake_error = error
