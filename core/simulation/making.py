"""The projects of a simulation, all below one private directory: one to start from, one for TEST, a copy for each run.

The texts go in through the product's own import, without their gold. Features of the untouched encoder are computed
once: every run's project has them by hard links, for nothing is ever appended to a space that is complete.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core import settings
from core.connection import transaction
from core.intake import new_project
from core.project import Project
from core.publish import publish_file
from core.records import LabelClass
from core.settings import Settings
from core.store import classes
from core.store.imports import ANNOTATOR

_COLUMN = "text"


def project_of(root: Path, texts: Iterable[str], task: str, options: Settings) -> Project:
    """A new project at `root` that holds these texts and nothing about their answers."""
    file = root.with_suffix(".jsonl")
    publish_file(file, "".join(json.dumps({_COLUMN: text}) + "\n" for text in texts).encode())
    project, _reports = new_project(root, data=file, task=task, text=_COLUMN)
    file.unlink()
    settings.save(project.root, options)
    return project


def list_classes(project: Project, names: Iterable[str]) -> None:
    """Make the classes, and close the list, as `handful new --labels` does."""
    with project.open() as con, transaction(con):
        classes.add(con, [LabelClass(0, name) for name in names], ANNOTATOR)


@contextmanager
def copied(base: Project, root: Path, options: Settings) -> Iterator[Project]:
    """A copy of a project with these options, removed at the end of the block."""
    linked = base.embeddings.name
    try:
        shutil.copytree(base.root, root, ignore=lambda path, _names: [linked] if Path(path) == base.root else [])
        shutil.copytree(base.embeddings, root / linked, copy_function=os.link)
        settings.save(root, options)
        yield Project(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)
