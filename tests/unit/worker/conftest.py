"""A project of sixty messages on a tiny encoder, and answers to them."""

from pathlib import Path
from typing import Protocol

import pytest

from core import queue
from core.project import Project
from core.records import QueueItem, Reason
from core.settings import Settings
from core.simulation import making
from core.store import classes, labels
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests import tiny
from tests.e2e.conftest import TEXTS, gold


@pytest.fixture
def mail(tmp_path: Path) -> Project:
    options = Settings(encoder=str(tiny.bert(tmp_path / "tiny")), epochs=1, folds=2, precision="fp32", threads=1)
    return making.project_of(tmp_path / "mail", TEXTS, "classify", options)


class Answer(Protocol):
    def __call__(self, project: Project, ids: range, probability: float | None) -> None:
        """Label texts as if they had been drawn at random with this probability, or picked (None)."""


@pytest.fixture
def answer() -> Answer:
    def give(project: Project, ids: range, probability: float | None) -> None:
        with project.open() as con:
            pick = queue.pick_of(QueueItem(1, "audit", Reason("audit"), probability))
            names = classes.ids(con)
            texts = {i: TEXTS[i - 1] for i in ids}
            given = [
                labels.Decision(i, CLASSIFY.encode(ClassAnswer(names[gold(text)])), pick) for i, text in texts.items()
            ]
            labels.decide(con, CLASSIFY, given, "ada")

    return give
