"""Wrong labels found, settled and taken back, and failures told, by commands alone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.project import Project
from core.store import labels
from tests.e2e.cli import Cli, narrow
from tests.e2e.conftest import CLASSES, TEXTS, gold, set_options

WRONG = {4: "delivery", 20: "billing"}
"""Texts of other classes."""
LABELLED = range(1, 43)


@pytest.fixture(scope="module")
def wrong(_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cli, Project]]:
    """Forty-two labels, two of them wrong, judged by a worker."""
    import shutil

    root = tmp_path_factory.mktemp("wrong")
    shutil.copytree(_made, root / "mail")
    set_options(Project(root / "mail"), round_every=0)
    cli = Cli(root)
    given = [{"id": i, "label": WRONG.get(i, gold(TEXTS[i - 1]))} for i in LABELLED]
    cli("label", "mail", "-", "--as", "ada", stdin="".join(json.dumps(row) + "\n" for row in given))
    yield cli, Project(root / "mail")
    cli.stop_workers()


def test_wrong_labels_come_first_and_a_line_settles_each(wrong: tuple[Cli, Project]) -> None:
    handful, project = wrong
    said = handful("suspects", "mail", "--json").json
    assert (said["judged"], said["model"]) == (42, "head")
    doubted = [row for row in said["suspects"] if row["kind"] == "doubt"]
    assert {row["id"] for row in doubted[:2]} == set(WRONG)
    assert {row["suggested"] for row in doubted[:2]} == {gold(TEXTS[i - 1]) for i in WRONG}
    assert doubted[0]["beside"]["text"] in TEXTS
    shown = handful("suspects", "mail", "--kind", "doubt")
    assert narrow(shown.lines)
    assert "doubt" in shown.out
    verdicts = [{"id": 4, "change": True, "kind": "doubt"}, {"id": 20, "keep": True}, {"id": 7, "again": "billing"}]
    lines = "".join(json.dumps(row) + "\n" for row in verdicts)
    done = handful("check", "mail", "-", "--as", "ada", "--json", stdin=lines)
    assert done.json == {"kept": 1, "changed": 1, "again": 1}
    after = handful("suspects", "mail", "--json", "--as", "ada").json
    assert not {4, 20} & {row["id"] for row in after["suspects"] if row["kind"] == "doubt"}
    assert after["self_agreement"]["n"] == 1
    with project.open(readonly=True) as con:
        assert project.task(con).decode(labels.answers_of(con, [4])[4].stored).class_id == CLASSES.index("billing") + 1
    handful("undo", "mail", "--as", "ada")
    again = handful("suspects", "mail", "--json").json
    assert {4, 20} <= {row["id"] for row in again["suspects"] if row["kind"] == "doubt"}


def test_errors_are_told_with_counts_texts_and_where_they_come_from(wrong: tuple[Cli, Project]) -> None:
    handful, _project = wrong
    said = handful("errors", "mail", "--source", "out-of-fold", "--json").json
    assert (said["model"], said["source"], said["n"]) == ("head", "out-of-fold", 42)
    kinds = {part["kind"] for part in said["parts"]}
    assert {"class", "column"} <= kinds
    of_lang = [part for part in said["parts"] if part["of"] == "lang"]
    assert sum(part["n"] for part in of_lang) == 42
    assert sum(part["wrong"] for part in of_lang) == said["wrong"] == sum(pair["n"] for pair in said["pairs"])
    assert all(len(part["example_ids"]) == part["wrong"] for part in said["parts"])
    assert all(set(pair["texts"]) <= set(TEXTS) for pair in said["pairs"])
    shown = handful("errors", "mail")
    assert "(test)" in shown.lines[0]
    assert narrow(shown.lines)


def test_own_texts_to_answer_again_come_without_the_answers(wrong: tuple[Cli, Project]) -> None:
    handful, _project = wrong
    none = handful("suspects", "mail", "--again", 5, "--as", "ada")
    assert none.out == ""
    assert "Nothing to ask again yet" in none.err


@pytest.mark.parametrize("line", ['{"id": 4}', '{"id": 33, "keep": true}', "nonsense", ""])
def test_a_line_that_can_not_be_taken_changes_nothing(wrong: tuple[Cli, Project], line: str) -> None:
    handful, project = wrong
    with project.open(readonly=True) as con:
        before = labels.last_seq(con)
    said = handful("check", "mail", "-", stdin=line + "\n", code=2)
    assert "Error:" in said.err
    with project.open(readonly=True) as con:
        assert labels.last_seq(con) == before
