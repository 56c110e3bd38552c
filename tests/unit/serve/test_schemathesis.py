"""schemathesis against the server's own description: it makes requests, right and wrong, and compares the answers."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from exports.serve.openapi import document
from exports.serve.options import Options
from tests.unit.serve.living import serving

PROGRAM = Path(sys.executable).with_name("schemathesis")
TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 (of a test)


@pytest.mark.parametrize("with_token", [False, True], ids=["free", "token"])
@pytest.mark.parametrize("examples", [6, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])])
def test_it_finds_nothing(words: Path, tmp_path: Path, examples: int, *, with_token: bool) -> None:
    secret = tmp_path / "token"
    secret.write_text(TOKEN, encoding="ascii")
    secret.chmod(0o600)
    args = ["--feedback", str(tmp_path / "spool"), "--max-texts", "3", "--max-chars", "50"]
    args += ["--token-file", str(secret)] if with_token else []
    headers = ["-H", f"Authorization: Bearer {TOKEN}"] if with_token else []
    described = document(Options(Path()), secured=with_token, feedback=True)["paths"]
    pages = len(described) - 1  # its own description is not asked for again
    with serving(words, *args) as running:
        url = f"http://127.0.0.1:{running.port}/openapi.json"
        command = [str(PROGRAM), "run", url, "--max-examples", str(examples), "--checks", "all", "--seed", "1"]
        done = subprocess.run([*command, *headers], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stdout
        tested = re.search(r"Operations:\s+(\d+) selected / (\d+) total", done.stdout)
        assert tested, done.stdout
        assert tested.groups() == (str(pages), str(pages))
        assert "ERROR" not in running.end()
