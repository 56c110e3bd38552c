"""Sixty short messages with their gold, a tiny encoder, and a simulation of a few seconds."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch

from core.settings import Settings
from core.show import json_line
from core.simulation.plan import Plan
from core.simulation.study import simulate
from tests import tiny
from tests.e2e.conftest import HELD_OUT, TEXTS, gold

POOL = tuple((text, gold(text)) for text in TEXTS)
NEVER_MET = "a class that nobody asks about"
TEST = (*((text, gold(text)) for text in HELD_OUT), ("parcel from another world", NEVER_MET))
BUDGET = 16

Rows = Sequence[tuple[str, str]]
Simulate = Callable[..., dict[str, Any]]
"""(pool, test, **what differs from the usual plan) → result"""


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.bert(tmp_path_factory.mktemp("encoder") / "tiny")


@pytest.fixture(scope="session")
def options(bert: Path) -> Settings:
    """Full precision, for which format is faster is measured anew by each process."""
    return Settings(encoder=str(bert), epochs=2, folds=2, precision="fp32", audit_share=0.25)


def write(path: Path, rows: Rows) -> Path:
    path.write_text("".join(json_line({"text": t, "label": c}) + "\n" for t, c in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def run(options: Settings) -> Simulate:
    def run(pool: Rows = POOL, test: Rows = TEST, **changed: Any) -> dict[str, Any]:
        with TemporaryDirectory() as name:
            root = Path(name)
            (root / "work").mkdir()
            files = write(root / "pool.jsonl", pool), write(root / "test.jsonl", test)
            usual: dict[str, Any] = {"budget": BUDGET, "rounds": (BUDGET,), "settings": options}
            *_before, last = simulate(Plan(*files, **(usual | changed)), root / "work")
            assert not (root / "work" / "run").exists()
        assert last.kind == "result"
        result = dict(last.payload)
        for file in ("pool", "test"):
            result[file]["file"] = Path(result[file]["file"]).name
        return result

    return run


@pytest.fixture(scope="session")
def base(run: Simulate) -> dict[str, Any]:
    """Two strategies with two seeds, one round at the end."""
    return run(seeds=(0, 3), strategies=("auto", "random"))


def without(value: Any, *names: str) -> Any:
    """Plain values, less everything under these names."""
    if isinstance(value, dict):
        return {name: without(inner, *names) for name, inner in value.items() if name not in names}
    return [without(inner, *names) for inner in value] if isinstance(value, list) else value
