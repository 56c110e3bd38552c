"""A project of marked texts with a small encoder, labelled enough to learn from."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from core import settings
from core.connection import Connection
from core.intake import new_project
from core.inuse import model_in_use
from core.project import Project
from core.publish import publish_file
from core.records import Job, JobEvent
from core.show import json_line
from core.store import examples, jobs
from core.tasks.spans import SpanAnswer
from core.worker.jobs.embed import EMBED
from core.worker.protocol import JobContext, JobKind
from core.worker.span_learner import SPAN_LEARNER
from tests import tiny

NAMES = ("Anna", "Ben", "Cleo", "Dora", "Emil")
PLACES = ("Berlin", "Rome", "Oslo", "北京")
Spans = list[dict[str, Any]]


def sentences() -> list[tuple[str, Spans]]:
    """Names and places in two kinds of sentences, gold included."""
    found = []
    for name in NAMES:
        for place in PLACES:
            for text in (f"{name} wants a refund in {place}.", f"please cancel the order of {name} to {place}"):
                spans = [
                    {"start": text.index(word), "end": text.index(word) + len(word), "label": label}
                    for word, label in ((name, "person"), (place, "place"))
                ]
                found.append((text, spans))
    return found


GOLD = dict(sentences())


def run(project: Project, kind: JobKind, **args: Any) -> list[JobEvent]:
    """Run a job kind as the worker does; returns all its events."""
    with project.open() as con:
        number = jobs.enqueue(con, kind.name, args)
    return list(kind.run(JobContext(project, Job(number, kind.name, args, "running", 0.0), project.settings())))


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.bert(tmp_path_factory.mktemp("encoder") / "bert")


@pytest.fixture
def fresh(tmp_path: Path, encoder: Path) -> Callable[..., Project]:
    """(**options) → an embedded project without labels."""

    def make(**options: Any) -> Project:
        data = tmp_path / "data.jsonl"
        publish_file(data, "".join(json_line({"text": text}) + "\n" for text in GOLD).encode())
        project, _reports = new_project(tmp_path / "project", data=data, task="spans")
        chosen = settings.changed(settings.Settings(precision="fp32"), "encoder", str(encoder))
        for key, value in options.items():
            chosen = settings.changed(chosen, key, value)
        settings.save(project.root, chosen)
        run(project, EMBED)
        return project

    return make


def ids_of(project: Project) -> dict[str, int]:
    with project.open() as con:
        return {example.text: example.id for example in examples.walk(con)}


def marked_by(project: Project, con: Connection, texts: Sequence[str]) -> list[SpanAnswer]:
    """What the model in use marks."""
    model = model_in_use(project, con)
    return SPAN_LEARNER.answers(model, SPAN_LEARNER.read(project, model, texts))
