"""schemathesis against the server's own description: it makes requests, right and wrong, and compares the answers."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.serve.living import serving

PROGRAM = shutil.which("schemathesis")
TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 (of a test)


@pytest.mark.slow
@pytest.mark.skipif(PROGRAM is None, reason="schemathesis is not on the PATH (pipx install schemathesis)")
@pytest.mark.parametrize("with_token", [False, True], ids=["free", "token"])
def test_it_finds_nothing(words: Path, tmp_path: Path, with_token: bool) -> None:
    secret = tmp_path / "token"
    secret.write_text(TOKEN, encoding="ascii")
    secret.chmod(0o600)
    args = ["--feedback", str(tmp_path / "spool"), "--max-texts", "3", "--max-chars", "50"]
    args += ["--token-file", str(secret)] if with_token else []
    headers = ["-H", f"Authorization: Bearer {TOKEN}"] if with_token else []
    with serving(words, *args) as running:
        url = f"http://127.0.0.1:{running.port}/openapi.json"
        command = [str(PROGRAM), "run", url, "--max-examples", "100", "--checks", "all", *headers]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stdout
        assert "5/5" in done.stdout
        assert "ERROR" not in running.end()
