"""Sixty short messages of three kinds, projects made from them, and the command to run on them."""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import settings
from core.labelling import take_answers
from core.project import Project
from tests import tiny
from tests.e2e.cli import Cli, ForkedCli

WORDS = {
    "billing": ("card", "money", "refund", "charged"),
    "delivery": ("parcel", "late", "order", "shoes"),
    "internet": ("router", "slow", "speed", "cable"),
}
CLASSES = tuple(WORDS)


def text(number: int) -> str:
    """One of the sixty messages, numbered from 1 as their ids are."""
    words = WORDS[CLASSES[(number - 1) % 3]]
    return (
        f"{words[number % 4]} question {number} about my {words[number // 4 % 4]} {'please' if number % 2 else 'now'}"
    )


def gold(message: str) -> str:
    """The class of a message."""
    return next(name for name, words in WORDS.items() if any(word in message for word in words))


TEXTS = tuple(text(number) for number in range(1, 61))
HELD_OUT = tuple(text(number) for number in range(61, 91))


def write_csv(path: Path, texts: tuple[str, ...] = TEXTS, *, label: bool = False) -> Path:
    """A file with the texts, a second column, and their classes if wanted."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "lang", *(["label"] if label else [])])
        for number, message in enumerate(texts):
            rows.writerow([message, "de" if number % 4 else "en", *([gold(message)] if label else [])])
    return path


def answers(ids: range | list[int]) -> str:
    """Right answers to these texts, as `handful label` reads them."""
    return "".join(json.dumps({"id": i, "label": gold(TEXTS[i - 1])}) + "\n" for i in ids)


def give(project: Project, ids: range | list[int], annotator: str = "ada") -> None:
    """The same, without a worker that would be started for it."""
    with project.open() as con:
        take_answers(con, project.task(con), project.settings(), answers(ids).splitlines(), annotator)


def set_options(project: Project, **options: object) -> None:
    """Options as `handful config` sets them."""
    chosen = project.settings()
    for key, value in options.items():
        chosen = settings.changed(chosen, key, value)
    settings.save(project.root, chosen)


@pytest.fixture
def handful(tmp_path: Path) -> Iterator[Cli]:
    """The command, run in `tmp_path`; every worker it brought about is ended after the test."""
    cli = Cli(tmp_path)
    yield cli
    cli.stop_workers()


@pytest.fixture
def forked(tmp_path: Path) -> Iterator[Cli]:
    """The command without its start-up time."""
    cli = ForkedCli(tmp_path)
    yield cli
    cli.stop_workers()


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small encoder that knows the words which tell the messages' classes apart."""
    return tiny.bert(tmp_path_factory.mktemp("encoder") / "tiny")


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory, encoder: Path) -> Path:
    root = tmp_path_factory.mktemp("made")
    cli = Cli(root)
    cli(
        "new", "mail", "--data", write_csv(root / "mail.csv"), "--labels", ",".join(CLASSES), "--encoder", encoder,
        "--test", write_csv(root / "test.csv", HELD_OUT, label=True),
    )  # fmt: skip
    return root / "mail"


@pytest.fixture
def mail(_made: Path, tmp_path: Path) -> Project:
    """`mail` in `tmp_path`: sixty texts to ask (ids 1 to 60), thirty held out, a closed list of classes, no answers."""
    shutil.copytree(_made, tmp_path / "mail")
    return Project(tmp_path / "mail")
