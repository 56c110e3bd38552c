"""What is installed is what is meant to be."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(target.glob("handful-*.whl"))


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"core", "exports", "tui"}
    assert not [name for name in names if "__pycache__" in name]


def test_the_wheel_carries_the_demo_corpus_and_the_single_file_predictor(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"core/demo/corpus.jsonl", "core/demo/classes.toml", "core/demo/README.md", "exports/predict.py"} <= names


def test_every_entry_point_can_be_loaded() -> None:
    from importlib.metadata import entry_points

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    for group, points in declared.items():
        found = {point.name: point for point in entry_points(group=group)}
        for name in points:
            assert found[name].load() is not None


def test_every_direct_dependency_has_a_tested_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = {
        line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    }
    names = {
        dep.split(";")[0].split(">")[0].split("=")[0].split("[")[0].strip().lower() for dep in project["dependencies"]
    }
    assert names <= pinned
