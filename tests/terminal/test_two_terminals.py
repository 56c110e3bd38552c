"""Two people on two real terminals at one project; one of them is killed."""

import re
import signal
from pathlib import Path

import pytest

from core.project import Project
from core.store import labels
from tests.terminal.conftest import end_worker
from tests.terminal.session import HANDFUL, TerminalSession
from tests.terminal.test_stories import text_on
from tests.tiny import bert


def make(tmp_path: Path, home: dict[str, str]) -> Project:
    """A project of forty texts, made by the command, with an encoder that takes no time."""
    lines = "".join(f"text number {n}\n" for n in range(40))
    (tmp_path / "mail.txt").write_text(lines, encoding="utf-8")
    encoder = bert(tmp_path / "encoder")
    with TerminalSession(
        [HANDFUL, "new", "mail", "--data", "mail.txt", "--labels", "first,second", "--encoder", encoder],
        env=home,
        cwd=tmp_path,
    ) as session:
        assert session.exit_code(60) == 0, session.screen
    return Project(tmp_path / "mail")


def sit_down(project: Project, home: dict[str, str], name: str) -> TerminalSession:
    return TerminalSession([HANDFUL, "open", project.root, "--as", name], env=home, cwd=project.root.parent)


def answer(session: TerminalSession, key: str) -> str:
    """Answer the text on screen; returns it."""
    before = text_on(session.screen)
    session.press(key)
    session.wait_for(lambda screen: text_on(screen) != before and "saved" in screen)
    session.settle()
    return before


def test_C3_two_terminals_get_different_texts_and_a_killed_one_s_text_comes_back(
    tmp_path: Path, home: dict[str, str]
) -> None:
    project = make(tmp_path, home)
    with sit_down(project, home, "ada") as ada, sit_down(project, home, "bo") as bo:
        for session in (ada, bo):
            session.wait_for("text number", 60)
            session.settle()
        seen = [text for _turn in range(6) for text in (answer(ada, "1"), answer(bo, "2"))]
        assert len(set(seen)) == 12
        ada.wait_for(lambda screen: re.search(r"second +6\b", screen) is not None, 10)  # C4: the other's count
        left = text_on(bo.screen)
        assert left != text_on(ada.screen)
        bo.process.send_signal(signal.SIGKILL)
        bo.process.wait()
        while left not in seen and len(seen) < 40:
            seen.append(answer(ada, "1"))
        assert left in seen, "the dead terminal's text was asked again"
        ada.press("ctrl+q")
        assert ada.exit_code() == 0
    with project.open(readonly=True) as con:
        mine, theirs = (labels.history(con, who, limit=100) for who in ("ada", "bo"))
        assert len(theirs) == 6
        ids = [given.example_id for given in (*mine, *theirs)]
        assert len(ids) == len(set(ids)) == len(seen)
        assert con.execute("SELECT count(*) FROM leases WHERE annotator = 'ada'").fetchone()[0] == 0
    end_worker(project)


@pytest.mark.slow
def test_C3_what_both_were_asked_and_answered_otherwise_is_settled_by_one_key(
    tmp_path: Path, home: dict[str, str]
) -> None:
    project = make(tmp_path, home)
    (project.root / "handful.toml").write_text(
        (project.root / "handful.toml").read_text(encoding="utf-8") + "overlap = 1.0\n", encoding="utf-8"
    )
    with sit_down(project, home, "ada") as ada, sit_down(project, home, "bo") as bo:
        for session in (ada, bo):
            session.wait_for("text number", 60)
            session.settle()
        first = answer(ada, "1")
        turn = 0
        while text_on(bo.screen) != first and turn < 6:
            answer(bo, "1")
            turn += 1
        answer(bo, "2")
        ada.press("ctrl+o", "p")
        ada.wait_for("1 text to settle")
        assert first in ada.screen
        ada.press("2")
        ada.wait_for("settled: ")
        ada.wait_for("Nobody disagrees")
        for session in (ada, bo):
            session.press("ctrl+q")
            assert session.exit_code() == 0
    with project.open(readonly=True) as con:
        assert con.execute("SELECT count(*) FROM events WHERE kind = 'settle'").fetchone()[0] == 1
        said = con.execute(
            "SELECT annotator FROM answers WHERE example_id = (SELECT example_id FROM events WHERE kind = 'settle')"
        )
        assert sorted(row[0] for row in said) == ["ada", "bo"]
    end_worker(project)
