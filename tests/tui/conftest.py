"""The app on small projects, without a worker, a terminal or the user's own preferences."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.project import Project
from tui.app import HandfulApp
from tui.preferences import Preferences
from tui.session import Session

MakeApp = Callable[..., HandfulApp]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read from or written to the real home directory."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Screens are tested without torch: nobody is woken."""
    monkeypatch.setattr(Session, "wake", lambda _session: None)


@pytest.fixture
def make_app(project: Project) -> MakeApp:
    """`make_app(screen="label", root=None)`: the app on the project of twelve texts and three classes, not yet run."""

    def make(screen: str = "label", root: Path | None = None, **preferences: object) -> HandfulApp:
        chosen = Preferences(tour_done=True, **preferences)  # type: ignore[arg-type]
        return HandfulApp(root or project.root, "ada", screen=screen, chosen=chosen, headless=True)

    return make
