"""The lines that README.md and docs/serving.md tell to paste, pasted."""

import json
import re
import subprocess
import sys
from pathlib import Path

from core.labelling import take_answers
from core.project import Project
from core.store import examples, labels

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


def test_what_the_readmes_script_answers_is_taken(project: Project) -> None:
    """Between `handful next --json` and `handful label`, which the tests of commands drive, stands this script."""
    (script,) = [block for block in blocks("README.md", "python") if "answer.py" in block]
    with project.open() as con:
        asked = [{"id": e.id, "text": e.text, "reason": "random"} for e in examples.get(con, (1, 2, 3))]
        done = subprocess.run(
            [sys.executable, "-P", "-c", script],
            input="".join(json.dumps(line) + "\n" for line in asked),
            capture_output=True,
            text=True,
            check=True,
        )
        taken = take_answers(con, project.task(con), project.settings(), done.stdout.splitlines(), "ada")
        assert taken == (3, 0)
        assert set(labels.answers_of(con, (1, 2, 3))) == {1, 2, 3}
