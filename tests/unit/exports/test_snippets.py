"""The lines that README.md and docs/serving.md tell to paste, pasted."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def blocks(document: str, kind: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def test_the_readmes_python_answers_with_a_bundle(bundle: Path) -> None:
    """`predict.py` lies in the bundle, which lies under the name the README gives it."""
    mail = bundle.rename(bundle.with_name("mail-model"))
    snippets = [block for block in blocks("README.md", "python") if "Predictor" in block]
    assert snippets
    for snippet in snippets:
        code = f"import sys; sys.path.insert(0, {str(mail)!r})\n{snippet}"
        done = subprocess.run(
            [sys.executable, "-P", "-c", code], cwd=mail.parent, capture_output=True, text=True, check=False
        )
        assert "'label': " in done.stdout, done.stderr
