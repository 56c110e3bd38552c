"""The demo project: the corpus's texts without their gold, which stays in the package; the held-out part with it."""

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from core import settings
from core.demo import CLASSES, DemoText, corpus
from core.intake import new_project
from core.project import Project
from core.publish import publish_file


def make(root: Path) -> Project:
    """A new project at `root`, with the eight classes described and metrics by language; raises as `new_project`."""
    with TemporaryDirectory() as name:
        pool, test = Path(name, "pool.jsonl"), Path(name, "test.jsonl")
        publish_file(pool, _lines("pool", gold=False))
        publish_file(test, _lines("test", gold=True))
        project, _reports = new_project(root, data=pool, text="text", test=test, labels=str(CLASSES))
    settings.save(project.root, replace(project.settings(), slice_by="lang"))
    return project


def _lines(split: str, *, gold: bool) -> bytes:
    rows = [_row(item, gold=gold) for item in corpus() if item.split == split]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _row(item: DemoText, *, gold: bool) -> dict[str, str]:
    shown = {"text": item.text, "lang": item.lang, "company": item.company}
    return shown | {"label": item.intent} if gold else shown
