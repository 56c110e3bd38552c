"""A project that has learnt something with a tiny encoder, made once a module."""

import shutil
from pathlib import Path

import pytest

from core.project import Project
from tests import tiny
from tests.export.making import teach


@pytest.fixture(scope="module")
def taught(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """An encoder of two layers and a head."""
    root = tmp_path_factory.mktemp("taught")
    shutil.copytree(template, root / "project")
    return teach(Project(root / "project"), str(tiny.bert(root / "encoder")), max_length=32, threads=1)
