"""The product on a real terminal, whole or with one protection taken away."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.project import Project
from tests.terminal.conftest import end_worker, home, open_app
from tests.terminal.session import TerminalSession

__all__ = ["home", "open_app"]

Open = Callable[..., TerminalSession]
NO_WORKER = "no_worker"
WEAK = Path(__file__).with_name("weak.py")


def goes_red() -> Any:
    """The block is a check that must fail."""
    return pytest.raises((AssertionError, pytest.fail.Exception))


def weakened(weakness: str, *command: object) -> list[str | Path]:
    """A command line of the product without some of its protections."""
    return [sys.executable, "-P", WEAK, weakness, *(str(part) for part in command)]


@pytest.fixture
def open_weak(project: Project, home: dict[str, str]) -> Iterator[Callable[[str], Open]]:
    """`open_weak(weakness)`: a fixture like `open_app`, but for an app without this protection."""
    sessions: list[TerminalSession] = []

    def without(weakness: str) -> Open:
        def start(*args: str, env: dict[str, str] | None = None, **options: Any) -> TerminalSession:
            command = weakened(weakness, "open", project.root, "--as", "ada", *args)
            session = TerminalSession(command, env=home | (env or {}), **options)
            session.patience = 20.0 if weakness == NO_WORKER else 4.0  # what can't come need not be waited for
            sessions.append(session)
            return session

        return start

    yield without
    for session in sessions:
        session.__exit__(None, None, None)
    end_worker(project)


@pytest.fixture
def quiet_app(open_weak: Callable[[str], Open]) -> Open:
    """The app as it is, but it wakes no worker."""
    return open_weak(NO_WORKER)
