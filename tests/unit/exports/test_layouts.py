"""Bundles laid out for containers and other servers."""

import json
import os
import re
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path

import pytest

from core import plugins
from core.errors import InputError
from exports.layouts.base import lay_out
from exports.layouts.docker import COMMON, CPU, GPU
from exports.layouts.triton import TRITON
from tests.unit.exports.making_bundles import make
from tests.unit.serve.living import SAID, Server

SERVED = ("h11", "click", "anyio", "idna", "typing_extensions", "starlette", "uvicorn", "httptools", "uvloop")
PREDICTED = ("numpy", "onnxruntime", "tokenizers")
TENSORS = {
    "inputs": {name: {"type": "int64", "shape": ["batch", "sequence"]} for name in ("input_ids", "attention_mask")},
    "outputs": {"logits": {"type": "float32", "shape": ["batch", 3]}},
}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return make(tmp_path / "my bundle", **TENSORS)


def test_all_layouts_are_found_by_name() -> None:
    names = plugins.names(plugins.LAYOUTS)
    assert names == ["docker", "docker-gpu", "transformers", "triton"]
    assert [plugins.load(plugins.LAYOUTS, name).name for name in names] == names


def test_nothing_else_is_ever_replaced(whole: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "diary").write_text("mine", encoding="utf-8")
    for force in (False, True):
        with pytest.raises(InputError, match="something else"):
            lay_out(CPU, whole, target, force=force)
    (target / "diary").unlink()
    lay_out(CPU, whole, target, force=False)
    with pytest.raises(InputError, match="--force"):
        lay_out(TRITON, whole, target, force=False)
    lay_out(TRITON, whole, target, force=True)
    assert not (target / "Dockerfile").exists()


def test_a_damaged_bundle_is_laid_out_nowhere(whole: Path, tmp_path: Path) -> None:
    (whole / "model.onnx").write_bytes(b"other")
    with pytest.raises(InputError, match="SHA-256"):
        lay_out(CPU, whole, tmp_path / "out", force=False)
    assert not (tmp_path / "out").exists()


def test_only_the_bundles_own_files_are_copied(whole: Path, tmp_path: Path) -> None:
    (whole / "notes.txt").write_text("private", encoding="utf-8")
    lay_out(CPU, whole, tmp_path / "out", force=False)
    copied = {path.name for path in (tmp_path / "out" / "bundle").iterdir()}
    assert copied == {path.name for path in whole.iterdir()} - {"notes.txt"}


@pytest.mark.parametrize("layout", [CPU, GPU], ids=lambda layout: layout.name)
def test_what_the_dockerfile_copies_is_there_and_torch_is_not(layout: type[CPU], whole: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    lay_out(layout, whole, target, force=False)
    lines = (target / "Dockerfile").read_text(encoding="utf-8").splitlines()
    sources = [line.split()[-2] for line in lines if line.startswith("COPY")]
    assert sources == ["requirements.txt", "app", "bundle"]
    assert all((target / source).exists() for source in sources)
    assert {line.split()[0] for line in lines} <= {
        "FROM",
        "ENV",
        "COPY",
        "RUN",
        "USER",
        "EXPOSE",
        "HEALTHCHECK",
        "ENTRYPOINT",
    }
    entry = json.loads(next(line for line in lines if line.startswith("ENTRYPOINT")).removeprefix("ENTRYPOINT "))
    assert entry[:5] == ["python", "-m", "exports.serve", "/srv/bundle", "--host"]
    assert ("cuda" in entry) == (layout is GPU)
    wanted = (target / "requirements.txt").read_text(encoding="utf-8").split()
    assert {re.split(r"[=\[<>]", line)[0].removesuffix("-gpu") for line in wanted} == {"onnxruntime", *COMMON}
    sources = [path.read_text(encoding="utf-8") for path in (target / "app").rglob("*.py")]
    assert not any(re.search(r"^\s*(import|from) (torch|transformers)", source, re.MULTILINE) for source in sources)


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with what requirements.txt brings, as links to what is installed here, and nothing else."""
    root = tmp_path_factory.mktemp("container")
    venv.create(root, with_pip=False, symlinks=True)
    site = next((root / "lib").glob("python*/site-packages"))
    for name in (*PREDICTED, *SERVED):
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        found = [origin] if origin.stem == name else [origin.parent, origin.parent.with_name(f"{name}.libs")]
        for path in (one for one in found if one.exists()):
            (site / path.name).symlink_to(path)
    return root / "bin" / "python"


def test_the_container_s_command_serves_there(container: Path, whole: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    lay_out(CPU, whole, target, force=False)
    lines = (target / "Dockerfile").read_text(encoding="utf-8").splitlines()
    entry = json.loads(next(line for line in lines if line.startswith("ENTRYPOINT")).removeprefix("ENTRYPOINT "))
    command = [str(container), *entry[1:3], str(target / "bundle"), "--host", "127.0.0.1", "--port", "0"]
    env = {"PYTHONPATH": str(target / "app"), "PYTHONSAFEPATH": "1", "PATH": os.environ["PATH"]}
    with subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            first = process.stderr.readline()
            found = SAID.search(first)
            assert found, first + process.stderr.read()
            assert Server(process, int(found[1])).predict("slow wifi")[0]["label"] == "speed"
        finally:
            process.kill()


def test_the_container_asks_for_a_token_unless_told(container: Path, whole: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    lay_out(CPU, whole, target, force=False)
    env = {"PYTHONPATH": str(target / "app"), "PYTHONSAFEPATH": "1"}
    command = [str(container), "-m", "exports.serve", str(target / "bundle"), "--host", "0.0.0.0", "--port", "0"]  # noqa: S104
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr


def test_triton_finds_graph_tensors_and_labels(whole: Path, tmp_path: Path) -> None:
    lay_out(TRITON, whole, tmp_path / "models", force=False)
    model = tmp_path / "models" / "my-bundle"
    assert sorted(str(path.relative_to(model)) for path in model.rglob("*") if path.is_file()) == [
        "1/model.onnx",
        "config.pbtxt",
        "handful.json",
        "labels.txt",
        "tokenizer.json",
    ]
    assert (model / "labels.txt").read_text(encoding="utf-8") == "refund\nlogin\nspeed\n"
    said = (model / "config.pbtxt").read_text(encoding="utf-8")
    assert 'name: "my-bundle"' in said
    assert '{ name: "input_ids", data_type: TYPE_INT64, dims: [ -1 ] }' in said
    assert '{ name: "logits", data_type: TYPE_FP32, dims: [ 3 ], label_filename: "labels.txt" }' in said


def test_a_class_of_two_lines_is_refused_by_triton(tmp_path: Path) -> None:
    classes = [{"id": i, "name": name} for i, name in enumerate(("a\nb", "login", "speed"), 1)]
    with pytest.raises(InputError, match="one line"):
        lay_out(TRITON, make(tmp_path / "b", classes=classes, **TENSORS), tmp_path / "out", force=False)


@pytest.mark.slow
def test_pip_brings_all_that_the_container_needs(whole: Path, tmp_path: Path) -> None:
    """With a network: the install line of the Dockerfile in a fresh environment, and the server in it."""
    target = tmp_path / "out"
    lay_out(CPU, whole, target, force=False)
    venv.create(tmp_path / "fresh", with_pip=True)
    python = tmp_path / "fresh" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "-q", "--no-cache-dir", "-r", str(target / "requirements.txt")]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"pip could not install: {done.stderr[-300:]}")
    code = "import sys, exports.serve.running; print('torch' in sys.modules)"
    env = {"PYTHONPATH": str(target / "app"), "PYTHONSAFEPATH": "1"}
    said = subprocess.run([str(python), "-c", code], env=env, capture_output=True, text=True, check=False)
    assert said.stdout.strip() == "False", said.stderr
    assert sys.version_info[:2] >= (3, 11)
