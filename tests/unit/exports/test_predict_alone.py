"""The program in a bundle, in an environment that has onnxruntime, tokenizers and numpy, and nothing else."""

import json
import os
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path

import pytest

from exports import program

NEEDED = ("numpy", "onnxruntime", "tokenizers")
EVIL = "raise SystemExit('code from the current directory was run')\n"


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment whose site-packages holds links to the three packages alone."""
    root = tmp_path_factory.mktemp("bare")
    venv.create(root, with_pip=False, symlinks=True)
    site = next((root / "lib").glob("python*/site-packages"))
    for name in NEEDED:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).parent
        for path in (package, package.with_name(f"{name}.libs")):
            if path.is_dir():
                (site / path.name).symlink_to(path)
    return root / "bin" / "python"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A current directory in which every name that could be imported is a trap."""
    folder = tmp_path / "hostile"
    for name in ("core", "tui", "exports", "numpy", "onnxruntime", "tokenizers", "torch", "json", "unicodedata"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(EVIL, encoding="utf-8")
    for name in ("predict", "argparse", "sitecustomize"):
        (folder / f"{name}.py").write_text(EVIL, encoding="utf-8")
    return folder


def run(command: list[str], cwd: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(command, cwd=cwd, env=env, input=given, capture_output=True, text=True, check=False)


def test_the_environment_really_has_nothing_else(bare_python: Path, tmp_path: Path) -> None:
    others = ("torch", "transformers", "core", "exports", "click", "onnx", "pip")
    code = f"import importlib.util as u; print([name for name in {others!r} if u.find_spec(name)])"
    done = run([str(bare_python), "-c", code], tmp_path)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_shipped_program_answers_there_from_a_hostile_directory(
    bare_python: Path, bundle: Path, hostile: Path
) -> None:
    command = [str(bare_python), str(bundle / "predict.py"), str(bundle), "-"]
    done = run(command, hostile, '{"text": "slow wifi", "id": 1}\n"refund"\n')
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["label"] for line in done.stdout.splitlines()] == ["speed", "refund"]


def test_it_can_be_used_from_python_there(bare_python: Path, bundle: Path) -> None:
    code = "from predict import Predictor; print(Predictor('.').predict(['login'])[0]['label'])"
    done = run([str(bare_python), "-c", code], bundle)
    assert done.stdout.strip() == "login", done.stderr


def test_the_installed_program_ignores_a_hostile_directory_too(bundle: Path, hostile: Path) -> None:
    done = run([sys.executable, "-P", "-m", "exports.predict", str(bundle)], hostile, '"slow"\n')
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["label"] == "speed"


def test_the_program_imports_nothing_of_handful() -> None:
    others = {"core", "tui", "torch", "transformers", "onnx", "sklearn"}
    parts = {"core", *(part.replace("/", ".") for part in program.PARTS)}
    found = f"[m for m in {{*sys.modules}} - {parts!r} if m.split('.')[0] in {others!r}]"
    code = f"import sys, exports.predict; print({found})"
    done = run([sys.executable, "-P", "-c", code], Path.cwd())
    assert done.stdout.strip() == "[]", done.stderr
