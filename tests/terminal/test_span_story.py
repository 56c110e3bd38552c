"""Spans of English and Chinese texts by keys on a real terminal, and the very same spans in files."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.project import Project
from core.store import models
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


def handful(cwd: Path, *args: str | Path, stdin: str = "") -> str:
    done = subprocess.run([HANDFUL, *args], cwd=cwd, input=stdin, capture_output=True, text=True, check=True)
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
    session.wait_for(f"{len(MEANT[text])} marked")
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


MORE = {
    f"{who} flew from {place} on Monday.": ([".", "1", "i", "2"], [(who, "person"), (place, "place")])
    for who, place in (
        ("Ada Lovelace", "Paris"), ("Alan Turing", "London"), ("Grace Hopper", "Rome"), ("Emmy Noether", "Oslo"),
        ("Kurt Schmidt", "Madrid"),
    )
}  # fmt: skip
CHINESE_MORE = {
    f"{who}昨天去了{place}。": ([".", "1", *"lllll", ".", "2"], [(who, "person"), (place, "place")])
    for who, place in (("李四", "上海"), ("王五", "南京"), ("赵六", "天津"))
}


@pytest.mark.slow
def test_spans_that_were_labelled_by_keys_in_two_languages_become_a_bundle(
    tmp_path: Path, home: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in home.items():
        monkeypatch.setenv(name, value)
    for text, (keys, meant) in {**MORE, **CHINESE_MORE}.items():
        monkeypatch.setitem(KEYS, text, keys)
        monkeypatch.setitem(MEANT, text, meant)
    project = made(tmp_path, [*MEANT])
    with TerminalSession([HANDFUL, "open", "mail"], env=home, cwd=tmp_path) as session:
        session.wait_for("done")
        session.settle()
        for _turn in MEANT:
            label(session)
        session.press("ctrl+o", "r")
        session.wait_for("untouched encoder")
        session.press("s")
        session.wait_for(lambda text: "kept" in text or "rejected" in text, 240)
        session.press("ctrl+o", "e")
        session.wait_for("No bundle was made yet.")
        session.press("x")
        session.wait_for("from predict import Predictor", 240)
        session.press("ctrl+q")
        assert session.exit_code() == 0
    with project.open(readonly=True) as con:
        (path, info, _when), *_older = models.bundles(con)
    assert info["parity"]["flips"] == 0
    said = handful(tmp_path, "predict", path, stdin=json.dumps({"text": ENGLISH}) + "\n")
    assert isinstance(json.loads(said)["spans"], list)
    end_worker(project)


def test_the_mouse_marks_what_it_is_drawn_over_and_nothing_needs_a_colour(
    tmp_path: Path, home: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in home.items():
        monkeypatch.setenv(name, value)
    project = made(tmp_path, [ENGLISH])
    with TerminalSession([HANDFUL, "open", "mail"], env=home | {"NO_COLOR": "1"}, cwd=tmp_path) as session:
        session.wait_for("done")
        session.settle()
        rows = session.screen.splitlines()
        y = next(number for number, row in enumerate(rows, 1) if "Angela" in row)
        x = rows[y - 1].index("Jean") + 1
        for button, column, end in ((0, x + 1, "M"), (32, x + 10, "M"), (0, x + 10, "m")):
            session.send(f"\x1b[<{button};{column};{y}{end}".encode())
            session.settle()
        session.wait_for("= Jean-Luc Picard")
        session.press("1")
        assert "person━━━━━━━━╸" in session.screen.splitlines()[y]
        assert not re.search(rb"\x1b\[[0-9;]*[34]8;[0-9;]*m", session.written)
        session.press("ctrl+q")
    end_worker(project)
