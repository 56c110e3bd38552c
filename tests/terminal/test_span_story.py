"""Spans of English and Chinese texts by keys on a real terminal, and the very same spans in files."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.project import Project
from tests import tiny
from tests.terminal.conftest import end_worker
from tests.terminal.session import HANDFUL, TerminalSession

ENGLISH = "Angela Merkel met Jean-Luc Picard in Berlin."
CHINESE = "张三昨天去了北京。"
FAMILY = "👩‍👩‍👧‍👦 Zoe\u0301 flew to São Paulo 🇧🇷"
KEYS = {
    ENGLISH: [".", "1", "i", "1", "i", "2"],
    CHINESE: [".", "1", *"lllll", ".", "2"],
    FAMILY: ["l", "1", "i", "2"],
}
MEANT = {
    ENGLISH: [("Angela Merkel", "person"), ("Jean-Luc Picard", "person"), ("Berlin", "place")],
    CHINESE: [("张三", "person"), ("北京", "place")],
    FAMILY: [("Zoe\u0301", "person"), ("São Paulo", "place")],
}


def handful(cwd: Path, *args: str | Path) -> str:
    done = subprocess.run([HANDFUL, *args], cwd=cwd, capture_output=True, text=True, check=True)
    return done.stdout


def made(cwd: Path, texts: list[str]) -> Project:
    """A new project with two classes and an encoder that is quick."""
    rows = [json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts]
    (cwd / "mail.jsonl").write_text("".join(rows), encoding="utf-8")
    handful(cwd, "new", "mail", "--data", "mail.jsonl", "--task", "spans", "--labels", "person,place")
    handful(cwd, "config", "mail", "encoder", tiny.bert(cwd / "encoder"))
    return Project(cwd / "mail")


def label(session: TerminalSession) -> str:
    """Mark the text that is on screen as it is meant; returns it."""
    text = next(text for text in KEYS if text[:4] in session.screen)
    session.press(*KEYS[text])
    session.wait_for(f"{len(MEANT[text])} labelled")
    session.press("enter")
    session.wait_for(lambda screen: "saved" in screen and text[:4] not in screen)
    session.settle()
    return text


def in_file(path: Path) -> dict[str, list[tuple[str, str]]]:
    rows: list[dict[str, Any]] = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {
        row["text"]: [(row["text"][s["start"] : s["end"]], s["label"]) for s in row["spans"]]
        for row in rows
        if row["text"] in MEANT
    }


def test_english_chinese_and_emoji_are_labelled_by_keys_and_come_back_from_a_file(
    tmp_path: Path, home: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in home.items():
        monkeypatch.setenv(name, value)
    project = made(tmp_path, [*MEANT])
    with TerminalSession([HANDFUL, "open", "mail"], env=home, cwd=tmp_path) as session:
        session.wait_for("done")
        session.settle()
        assert {label(session) for _turn in MEANT} == set(MEANT)
        session.press("u")
        session.wait_for("taken back")
        session.press("r")
        session.wait_for("brought back")
        session.press("ctrl+q")
        assert session.exit_code() == 0
    end_worker(project)
    handful(tmp_path, "labels", "mail", "--to", "out.jsonl")
    assert in_file(tmp_path / "out.jsonl") == MEANT
    handful(tmp_path, "new", "again", "--data", "out.jsonl", "--task", "spans", "--label", "spans")
    handful(tmp_path, "labels", "again", "--to", "again.jsonl")
    end_worker(Project(tmp_path / "again"))
    assert in_file(tmp_path / "again.jsonl") == MEANT
