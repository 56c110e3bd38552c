"""The demo project: the corpus's texts without their gold, which stays in the package; the held-out part with it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core import plugins, settings
from core.demo import DemoTask, DemoText, corpus
from core.intake import new_project
from core.project import Project
from core.publish import publish_file


def about(task: str) -> DemoTask:
    """The demo of a task. Raises InputError if it has none."""
    found: DemoTask = plugins.load(plugins.DEMOS, task)
    return found


def make(root: Path, task: str = "classify") -> Project:
    """A new project at `root`, with its classes described and metrics by language; raises as `new_project`."""
    demo = about(task)
    field: str = plugins.load(plugins.TASKS, task).field
    with TemporaryDirectory() as name:
        pool, test = Path(name, "pool.jsonl"), Path(name, "test.jsonl")
        publish_file(pool, _lines("pool", {}))
        publish_file(test, _lines("test", {field: demo}))
        project, _reports = new_project(root, data=pool, task=task, text="text", test=test, labels=str(demo.classes))
    settings.save(project.root, replace(project.settings(), slice_by="lang"))
    return project


def _lines(split: str, gold: Mapping[str, DemoTask]) -> bytes:
    rows = [_row(item, gold) for item in corpus() if item.split == split]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _row(item: DemoText, gold: Mapping[str, DemoTask]) -> dict[str, Any]:
    shown = {"text": item.text, "lang": item.lang, "company": item.company}
    return shown | {field: demo.gold(item) for field, demo in gold.items()}
