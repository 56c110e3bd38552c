"""Real worker processes on small projects; whatever a test started is ended after it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import settings
from core.project import Project
from core.worker import launch
from tests.worker.living import workers

KINDS = Path(__file__).with_name("kinds")


@pytest.fixture
def project(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project whose worker knows the test kinds and has a light duty."""
    monkeypatch.setattr(launch, "MODULE", "handful_test_worker")
    monkeypatch.setenv("PYTHONPATH", str(KINDS))
    yield project
    while workers(project):  # one may be about to end by itself, or to start another
        launch.stop(project)
        time.sleep(0.01)


@pytest.fixture
def hasty(project: Project) -> Project:
    """The same, with a worker that ends after a second without work."""
    settings.save(project.root, settings.changed(settings.Settings(), "idle_seconds", 1))
    return project
