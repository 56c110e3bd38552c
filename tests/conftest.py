"""What tests of every part can use: a small project, ways to fill one, and a clock that stands still."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from core import clock
from core import project as projects
from core.connection import Connection, transaction
from core.project import Project
from core.records import ImportReport, LabelClass, Split
from core.store import classes, imports
from core.tasks.classify import CLASSIFY, Classify

for name in ("COLUMNS", "LINES", "TERM", "COLORTERM"):  # of the terminal that the tests run in, and its colours
    os.environ.pop(name, None)

POOL = (
    "Where is my refund?",
    "I can't log in since yesterday",
    "The internet is so slow tonight",
    "money back please!!!",
    "password reset mail never comes",
    "退款什么时候到账？",
    "my card was charged twice",
    "router blinks red",
    "locked out of my account",
    "I want to send these shoes back",
    "speed test says 2 Mbit, I pay for 100",
    "hi",
)
HELD_OUT = ("please return my money", "can not sign in", "wifi drops every hour")
CLASS_NAMES = ("refund", "login", "speed")

AddTexts = Callable[..., ImportReport]
"""(connection, texts, split="pool") → report"""


def _store_texts(con: Connection, texts: Sequence[str], split: Split = "pool") -> ImportReport:
    """Import texts the way a file's rows come in."""
    import_id = imports.begin(con, "test", split)
    rows = [imports.Row(line, text, "{}", None) for line, text in enumerate(texts, 1)]
    imports.add_rows(con, import_id, rows)
    return imports.finish(con, import_id, CLASSIFY, (), ImportReport("test", split, lines=len(texts)))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once, for the migration alone costs a second; each test gets a copy."""
    root = tmp_path_factory.mktemp("template") / "project"
    root.mkdir(mode=0o700)
    project = projects.create(root, "classify")
    with project.open() as con:
        with transaction(con):
            classes.add(con, [LabelClass(0, name) for name in CLASS_NAMES], "import")
        _store_texts(con, POOL)
        _store_texts(con, HELD_OUT, "test")
    return root


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Project:
    """Twelve texts to ask (ids 1 to 12), three held out (13 to 15), three classes (1 to 3), no answers."""
    root = tmp_path / "project"
    shutil.copytree(template, root)
    return Project(root)


@pytest.fixture
def con(project: Project) -> Iterator[Connection]:
    """An open connection to `project`."""
    with project.open() as con:
        yield con


@pytest.fixture
def add_texts() -> AddTexts:
    """Import texts into an open project."""
    return _store_texts


@pytest.fixture
def task() -> Classify:
    """The task of `project`."""
    return CLASSIFY


@pytest.fixture
def queue_file(project: Project) -> Callable[[str, bytes], None]:
    """Put a ranking's queue.json where a worker would have published it."""

    def put(directory: str, content: bytes) -> None:
        json.loads(content)
        (project.scores / directory).mkdir(parents=True)
        (project.scores / directory / "queue.json").write_bytes(content)

    return put


@pytest.fixture
def still_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Stops `core.clock` at a moment; call it to move time, backwards too."""

    def set_to(moment: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)
        monkeypatch.setattr(clock, "monotonic", lambda: moment)

    set_to(1_700_000_000.0)
    return set_to
