"""Small projects for the app on a terminal; every worker it brings about is ended after the test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.project import Project
from core.worker import launch
from core.worker.lock import holder
from tests.terminal.session import HANDFUL, TerminalSession

Open = Callable[..., TerminalSession]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Directories for preferences and state of its own."""
    return {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def open_app(project: Project, home: dict[str, str]) -> Iterator[Open]:
    """`open_app(...)`: the app on the project of twelve texts, on a terminal of its own."""
    sessions: list[TerminalSession] = []

    def start(*args: str, env: dict[str, str] | None = None, **options: Any) -> TerminalSession:
        command = [HANDFUL, "open", str(project.root), "--as", "ada", *args]
        session = TerminalSession(command, env=home | (env or {}), **options)
        sessions.append(session)
        return session

    yield start
    for session in sessions:
        session.__exit__(None, None, None)
    end_worker(project)


def end_worker(project: Project) -> None:
    """End the project's worker, whoever started it."""
    for _attempt in range(3):
        if holder(project.worker_lock) is not None:
            launch.stop(project)
