"""Sets of labels by commands: made, answered, listed and written, without a worker."""

import json

from tests.e2e.cli import Cli

TOML = """
[[labels]]
name = "angry"
group = "mood"
[[labels]]
name = "glad"
group = "mood"
[[labels]]
name = "urgent"
"""


def made(handful: Cli) -> Cli:
    (handful.cwd / "labels.toml").write_text(TOML)
    (handful.cwd / "mail.csv").write_text(
        "text,angry,glad,urgent\nhelp now,1,0,1\nhello,,,\nthanks a lot,0,0,0\nbye,,,\n"
    )
    handful(
        "new", "mail", "--data", "mail.csv", "--task", "multilabel", "--labels", "labels.toml",
        "--label", "angry", "--label", "glad", "--label", "urgent",
    )  # fmt: skip
    return handful


def test_from_columns_to_a_file_of_lists(forked: Cli) -> None:
    handful = made(forked)
    handful("label", "mail", "-", stdin='{"id": 2, "labels": ["glad"]}\n{"id": 4, "labels": []}\n')
    handful("labels", "mail", "--to", "out.jsonl")
    rows = [json.loads(line) for line in (handful.cwd / "out.jsonl").read_text().splitlines()]
    assert {row["text"]: row["labels"] for row in rows} == {
        "help now": ["angry", "urgent"],
        "hello": ["glad"],
        "thanks a lot": [],
        "bye": [],
    }
    status = json.loads(handful("status", "mail", "--json").out)
    assert (status["task"], status["classes"]) == ("multilabel", {"angry": 1, "glad": 1, "urgent": 1})
    assert handful("undo", "mail").code == 0
    assert json.loads(handful("status", "mail", "--json").out)["answered"] == 2


def test_what_the_rules_forbid_is_refused_and_changes_nothing(forked: Cli) -> None:
    handful = made(forked)
    lines = '{"id": 2, "labels": ["urgent"]}\n{"id": 4, "labels": ["glad", "angry"]}\n'
    said = handful("label", "mail", "-", stdin=lines, code=2)
    assert "angry and glad exclude each other" in said.err
    assert json.loads(handful("status", "mail", "--json").out)["answered"] == 2


def test_a_task_that_is_not_there_is_named(forked: Cli) -> None:
    (forked.cwd / "mail.txt").write_text("hello\n")
    said = forked("new", "mail", "--data", "mail.txt", "--task", "multi-label", code=2)
    assert "multilabel" in said.err
