"""Wrong labels settled by keys alone, at 80x24: with a worker that really learns, and over a slow link."""

import json
import shutil
from pathlib import Path

import pytest

from core import suspected
from core.labelling import take_answers
from core.project import Project
from core.store import checks, labels
from core.store.labels import Decision
from core.suspected import Checked, Doubted
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.e2e.conftest import CLASSES, TEXTS, _made, encoder, give, gold, set_options  # noqa: F401 (two are fixtures)
from tests.terminal.conftest import Open, end_worker
from tests.terminal.session import HANDFUL, Link, TerminalSession

WRONG = 4


def answer(project: Project) -> str:
    """The class that the text has now."""
    with project.open(readonly=True) as con:
        task, stored = project.task(con), labels.answers_of(con, [WRONG])[WRONG].stored
    return CLASSES[task.decode(stored or "").class_id - 1]


@pytest.mark.slow
def test_a_wrong_label_is_found_and_one_key_mends_it(
    _made: Path,  # noqa: F811, PT019
    tmp_path: Path,
    home: dict[str, str],
) -> None:
    shutil.copytree(_made, tmp_path / "mail")
    project, right = Project(tmp_path / "mail"), gold(TEXTS[WRONG - 1])
    set_options(project, round_every=0)
    give(project, [i for i in range(1, 43) if i != WRONG])
    with project.open() as con:
        line = json.dumps({"id": WRONG, "label": "delivery"})
        take_answers(con, project.task(con), project.settings(), [line], "ada")
    with TerminalSession([HANDFUL, "open", "mail", "--as", "ada"], env=home, cwd=tmp_path) as session:
        session.wait_for("skip")
        session.press("ctrl+o", "c")
        session.wait_for(lambda screen: "of 42 labels" in screen or "r reads them" in screen, 120)
        session.press("r")
        session.wait_for(f"2 {right} · like this one")
        session.settle()
        session.press("2")
        session.wait_for(f"now {right} · u takes it back")
        assert answer(project) == right
        session.press("u")
        session.wait_for("taken back: 1 label")
        assert answer(project) == "delivery"
        session.settle()
        session.press("1")
        session.wait_for("kept delivery")
        session.press("ctrl+o", "w")
        session.wait_for("0 of 30 texts wrong", 60)
        session.press("2")
        session.wait_for("No class was taken for another.")
        session.press("ctrl+q")
        assert session.exit_code() == 0
        assert session.screen_cells.strange == []
    with project.open(readonly=True) as con:
        assert len(checks.kept(con)) == 1
    end_worker(project)


def test_a_key_typed_ahead_settles_no_text_that_was_not_on_screen(open_app: Open, project: Project) -> None:
    first, second = (CLASSIFY.encode(ClassAnswer(c)) for c in (1, 2))
    with project.open() as con:
        labels.decide(con, CLASSIFY, [Decision(i, first) for i in (1, 2, 3)], "ada")
    found = tuple(Doubted(i, first, second, 0.9, True) for i in (1, 2, 3))
    suspected.publish(project, Checked("head", 3, 3, found))
    session = open_app(link=Link(delay=0.4))
    session.wait_for("skip")
    session.press("ctrl+o", "c")
    session.wait_for("3 to check")
    session.settle(1.5)
    session.send(b"11")
    session.wait_for("ignored")
    session.settle(1.5)
    with project.open(readonly=True) as con:
        assert len(checks.kept(con)) == 1
    session.press("1")
    session.wait_for("kept refund")
