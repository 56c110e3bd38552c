"""Small encoders, made once; tests that change one copy it first."""

import shutil
from pathlib import Path

import pytest
import torch

from core.project import Project
from core.readability import embedded
from core.training.device import Compute
from tests import tiny

CPU = Compute(torch.device("cpu"), bf16=False)


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Two-layer encoders gain nothing from more, and threads that wait for each other lose much."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One directory per kind of encoder; read only."""
    root = tmp_path_factory.mktemp("encoders")
    return {name: build(root / name) for name, build in tiny.BUILDERS.items()}


@pytest.fixture(scope="session")
def bert(encoders: dict[str, Path]) -> Path:
    """The BERT among them; read only."""
    return encoders["bert"]


@pytest.fixture
def own_bert(bert: Path, tmp_path: Path) -> Path:
    """A BERT of the test's own, to be changed."""
    return Path(shutil.copytree(bert, tmp_path / "encoder"))


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The embedded encoder's directory, verified."""
    return embedded()


@pytest.fixture
def compute() -> Compute:
    """The CPU in full precision."""
    return CPU


@pytest.fixture
def bare_project(tmp_path: Path) -> Project:
    """A project's directory without a database, for what only needs its paths."""
    root = tmp_path / "bare"
    (root / "embeddings").mkdir(parents=True)
    return Project(root)
