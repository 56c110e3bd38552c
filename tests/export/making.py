"""Projects that have learnt something with a small encoder, and the job kinds run in this process."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModel, PretrainedConfig

from core import settings
from core.project import Project
from core.records import Job, JobEvent
from core.store import examples
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.worker.jobs.embed import EMBED
from core.worker.learner import refresh
from core.worker.protocol import JobContext, JobKind
from exports import staging


def run(project: Project, kind: JobKind, args: dict[str, Any] | None = None) -> list[JobEvent]:
    """Run a job kind as the worker does; returns all its events."""
    job = Job(1, kind.name, args or {}, "running", 0.0)
    return list(kind.run(JobContext(project, job, project.settings())))


def teach(project: Project, encoder: str, **options: Any) -> Project:
    """Embed the project with the encoder, label every other text of its pool in turn, and publish a head."""
    chosen = settings.changed(settings.Settings(), "encoder", encoder)
    for key, value in options.items():
        chosen = settings.changed(chosen, key, value)
    settings.save(project.root, chosen)
    run(project, EMBED)
    with project.open() as con:
        pool = [example for example in examples.walk(con) if example.split == "pool"]
        given = [Decision(x.id, CLASSIFY.encode(ClassAnswer(1 + i % 3))) for i, x in enumerate(pool[::2])]
        decide(con, CLASSIFY, given, "ada")
        refresh(project, con)
    return project


def random_encoder(directory: Path, config: PretrainedConfig) -> Path:
    """An encoder of any kind with random weights, without a tokenizer."""
    torch.manual_seed(0)
    AutoModel.from_config(config).save_pretrained(directory, safe_serialization=True)
    return directory


def manifest_of(bundle: Path) -> dict[str, Any]:
    """Content of handful.json."""
    found: dict[str, Any] = json.loads((bundle / "handful.json").read_text(encoding="utf-8"))
    return found


@contextmanager
def fewer_texts(n: int) -> Iterator[None]:
    """While it lasts, parity is looked at on so many texts of the project."""
    with pytest.MonkeyPatch.context() as patch:
        everything = staging.reference_texts
        patch.setattr(staging, "reference_texts", lambda con, space, dim: everything(con, space, dim, n))
        yield
