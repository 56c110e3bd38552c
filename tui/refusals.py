"""What the project refuses is told, and the app goes on: a full disk, a lock that is held, an answer that is none."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from core.connection import DatabaseError, explain
from core.errors import HandfulError
from tui.session import Session

P = ParamSpec("P")


class _App(Protocol):
    """The part of the app that is needed here."""

    @property
    def session(self) -> Session: ...

    def show_error(self, error: HandfulError) -> None: ...


class _Within(Protocol):
    """A screen or dialog."""

    @property
    def handful(self) -> Any: ...


W = TypeVar("W", bound=_Within)


def attempt(app: _App, act: Callable[[], object]) -> bool:
    """Do it, or show why it can't be done; returns whether it was done. A mistake of our own is not caught."""
    try:
        act()
    except HandfulError as error:
        app.show_error(error)
    except DatabaseError as error:
        known = explain(error, app.session.project.database)
        if known is None:
            raise
        app.show_error(known)
    else:
        return True
    return False


def refusable(act: Callable[Concatenate[W, P], None]) -> Callable[Concatenate[W, P], None]:
    """For methods that write: when that fails, all is as before, what speaks against it is shown, and nothing ends."""

    @wraps(act)
    def wrapped(self: W, /, *args: P.args, **kwargs: P.kwargs) -> None:
        attempt(self.handful, lambda: act(self, *args, **kwargs))

    return wrapped


def outlived(session: Session, act: Callable[[], object]) -> bool:
    """Do what can be left undone, and tell whether it was done: not where the disk is full or the lock is held."""
    try:
        act()
    except DatabaseError as error:
        if explain(error, session.project.database) is None:
            raise
        return False
    return True
