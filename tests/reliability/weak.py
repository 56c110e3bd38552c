"""The command with one of its protections taken away, for tests that must see it fail without.

usage: python -P tests/reliability/weak.py WEAKNESS[,WEAKNESS] COMMAND …
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


def commits_lag() -> None:
    """Only every fifth transaction is committed; four are held in memory before it."""
    from core import connection

    begun = 0

    @contextmanager
    def lagging(con: connection.Connection) -> Iterator[None]:
        nonlocal begun
        if not con.in_transaction:
            con.execute("BEGIN IMMEDIATE")
        yield
        begun += 1
        if begun % 5 == 0:
            con.execute("COMMIT")

    connection.transaction = lagging  # type: ignore[assignment]


def errors_are_swallowed() -> None:
    """A commit that fails is taken for one that did not."""
    from core import connection

    whole = connection.transaction

    @contextmanager
    def careless(con: connection.Connection) -> Iterator[None]:
        with suppress(connection.OperationalError), whole(con):
            yield

    connection.transaction = careless  # type: ignore[assignment]


def saved_at_once() -> None:
    """A decision is called saved before it is."""
    from tui.saving import Saving

    def begin(self: Saving, act: Callable[[], object], then: Callable[[], object]) -> None:
        self._act, self._then = act, lambda: None
        self._try(1)
        if self._act is not None:
            self._screen._said = ((" saved", "muted"),)  # type: ignore[attr-defined]
            self._screen._facts()  # type: ignore[attr-defined]
        else:
            then()

    Saving.begin = begin  # type: ignore[method-assign]


def no_fence() -> None:
    """A key counts for whatever text is there when it is read."""
    from tui.terminal.fence import Fence

    Fence.is_up = property(lambda _fence: False)  # type: ignore[assignment]


def no_marks() -> None:
    """Acting characters stay what they are on their way to a widget."""
    from core import show

    show.visible = lambda text, **_options: text  # type: ignore[assignment]


def no_guard() -> None:
    """Lines are painted as they come."""
    from tui.terminal import guard

    guard.install_guard = lambda _app: None  # type: ignore[assignment]


def no_signals() -> None:
    """Hang-ups do what they do to any program, and that the terminal is gone is not noticed."""
    from tui.terminal import signals
    from tui.terminal.driver import HandfulDriver

    signals.install = lambda _app: None  # type: ignore[assignment]
    HandfulDriver._gone = lambda _driver: None  # type: ignore[method-assign]


def worker_in_our_session() -> None:
    """The worker is a child like any other: it belongs to the terminal, and a hang-up ends it."""
    import os
    import subprocess
    from pathlib import Path

    from core.worker import launch

    original = subprocess.Popen

    def started(*args: object, **options: object) -> object:
        options["start_new_session"] = False
        return original(*args, **options)  # type: ignore[call-overload]

    launch.subprocess.Popen = started  # type: ignore[assignment, misc]
    launch.MODULE = "handful_mortal_worker"
    os.environ["PYTHONPATH"] = str(Path(__file__).with_name("kinds"))


def open_files() -> None:
    """Files and directories get what the umask leaves of everything."""
    import os

    from core import publish

    publish.FILE_MODE, publish.DIR_MODE = 0o666, 0o777
    os.umask = lambda _mask: 0  # type: ignore[assignment]
    os.fchmod = lambda _fd, _mode: None  # type: ignore[assignment]


def no_worker() -> None:
    """Nobody is woken: for tests that have nothing to do with it, and two cores."""
    from tui.session import Session

    Session.wake = lambda _session: None  # type: ignore[method-assign]


WEAKNESSES = {
    name: found for name, found in globals().items() if callable(found) and getattr(found, "__module__", "") == __name__
}

if __name__ == "__main__":
    for name in sys.argv[1].split(","):
        WEAKNESSES[name]()
    sys.argv = ["handful", *sys.argv[2:]]
    from tui.cli import main

    main()
