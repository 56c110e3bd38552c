"""From a file to a deployed model by keys alone, at 80x24, with a worker that really learns."""

import json
import re
import subprocess
from pathlib import Path

from core.project import Project
from core.store import classes, examples, labels, models
from tests import tiny
from tests.e2e.conftest import gold, write_csv
from tests.terminal.conftest import end_worker
from tests.terminal.session import HANDFUL, TerminalSession
from tui.options import login


def text_on(screen: str) -> str:
    """The text of the label screen, which takes one line here."""
    return screen.splitlines()[3].strip()


def digit_of(screen: str, name: str) -> str:
    """The digit before a class."""
    found = re.search(rf"([1-9])  {re.escape(name)} ", screen)
    assert found, screen
    return found[1]


def label(session: TerminalSession, names: set[str]) -> None:
    """Answer the text on screen rightly; a class nobody has used yet is typed."""
    before = text_on(session.screen)
    name = gold(before)
    if name in names:
        session.press(digit_of(session.screen, name))
    else:
        session.press(*(["slash"] if names else []), *name, "enter")
        names.add(name)
    session.wait_for(lambda screen: text_on(screen) != before and "saved" in screen)
    session.settle()


def test_from_a_csv_without_classes_to_predictions_by_keys_alone(tmp_path: Path, home: dict[str, str]) -> None:
    encoder = tiny.bert(tmp_path / "encoder")
    write_csv(tmp_path / "mail.csv")
    project = Project(tmp_path / "mail")
    with TerminalSession([HANDFUL], env=home, cwd=tmp_path) as session:
        session.wait_for("No project yet.")
        session.press("n")
        session.wait_for("Texts from which file?")
        session.press(*"mail", "enter")
        session.wait_for("A new project from mail.csv")
        session.press("down", "down", "down", "down", "down")
        session.send(str(encoder).encode())
        session.settle()
        session.press("ctrl+s")
        session.wait_for("type the name of the first class", 60)
        names: set[str] = set()
        for n in range(1, 31):
            label(session, names)
            with project.open(readonly=True) as con:
                assert len(labels.history(con, login(), limit=100)) == n
        session.press("ctrl+o", "r")
        session.wait_for("untouched encoder")
        session.press("s")
        session.wait_for(lambda text: "kept" in text or "rejected" in text, 240)
        session.press("ctrl+o", "l")
        session.wait_for("skip")
        for _turn in range(2):
            session.press("left")
            session.wait_for("looking back")
            session.press("1")
        session.press("ctrl+o", "e")
        session.wait_for("No bundle was made yet.")
        session.press("x")
        session.wait_for("from predict import Predictor", 240)
        session.press("ctrl+q")
        assert session.exit_code() == 0
    with project.open(readonly=True) as con:
        assert models.rounds(con)[0].n_labels == 30
        (path, info, _when), *_older = models.bundles(con)
    assert info["parity"]["flips"] == 0
    said = subprocess.run(
        [HANDFUL, "predict", path], input=b'{"text": "my card was charged"}\n', capture_output=True, check=True
    )
    assert json.loads(said.stdout)["label"] in names
    end_worker(project)


def test_over_the_demo_one_labels_undoes_and_looks_around(tmp_path: Path, home: dict[str, str]) -> None:
    project = Project(tmp_path / "handful-demo")
    with TerminalSession([HANDFUL, "demo"], env=home, cwd=tmp_path) as session:
        session.wait_for("1 of 5", 60)
        for _step in range(5):
            session.press("enter")
        session.wait_for("1d delivery")
        for key in ("1", "2", "3", "space", "d", "x"):
            session.press(key)
        for _turn in range(2):
            session.press("backspace")
        session.wait_for("taken back")
        with project.open(readonly=True) as con:
            assert len(labels.history(con, login(), limit=100)) == 4
        for key, words in (
            ("m", "balance"), ("d", "480 texts"), ("r", "untouched encoder"), ("e", "export"), ("s", "key set"),
            ("b", "group"), ("h", "handful-demo"), ("l", "delivery"),
        ):  # fmt: skip
            session.press("ctrl+o", key)
            session.wait_for(words, 90)
        session.press("ctrl+o", "d")
        session.wait_for("480 texts")
        session.settle()
        session.send(b"/refund")  # in one go, as fast fingers and slow links have it
        found = session.wait_for(lambda text: re.search(r"\b(?!480)\d+ texts", text) and "refund" in text)
        assert int(re.search(r"(\d+) texts", found)[1]) < 100  # type: ignore[index]
        session.press("enter", "enter")
        session.wait_for("answer with the keys above")
        session.press("4")
        session.wait_for("1 answered: fault")
        session.press("ctrl+q")
        assert session.exit_code() == 0
        assert session.screen_cells.strange == []
    end_worker(project)


TOPICS = {"money": ("refund", "charged", "card", "money"), "login": ("login", "password", "locked", "account")}


def topics(text: str) -> list[str]:
    """The labels a text gets in the story of sets: any number of them."""
    return [name for name, words in TOPICS.items() if any(word in text for word in words)]


def test_texts_get_sets_of_labels_by_keys_and_the_bundle_answers_with_sets(
    tmp_path: Path, home: dict[str, str]
) -> None:
    encoder = tiny.bert(tmp_path / "encoder")
    write_csv(tmp_path / "mail.csv")
    made = ["new", "mail", "--data", "mail.csv", "--task", "multilabel", "--labels", ",".join(TOPICS)]
    subprocess.run([HANDFUL, *made, "--encoder", encoder], env=home, cwd=tmp_path, check=True, capture_output=True)
    project = Project(tmp_path / "mail")
    with TerminalSession([HANDFUL, "mail"], env=home, cwd=tmp_path) as session:
        session.wait_for("login", 60)
        wanted = {}
        for n in range(1, 25):
            before = text_on(session.screen)
            wanted[before] = topics(before)
            marked = re.search(r"= (.*)", session.screen)[1]  # type: ignore[index]
            for number, name in enumerate(TOPICS, 1):
                if (name in wanted[before]) != (name in marked):
                    session.press(str(number))
            session.press("enter")
            session.wait_for(lambda screen, old=before: text_on(screen) != old and "saved" in screen)
            session.settle()
            with project.open(readonly=True) as con:
                assert len(labels.history(con, login(), limit=100)) == n
        session.press("ctrl+o", "e")
        session.wait_for("No bundle was made yet.")
        session.press("x")
        session.wait_for("from predict import Predictor", 240)
        session.press("ctrl+q")
        assert session.exit_code() == 0
    with project.open(readonly=True) as con:
        given = {item.example.text: json.loads(item.stored) for item in examples.labelled(con)}
        names = classes.names(con)
        (path, info, _when), *_older = models.bundles(con)
    assert {text: [names[i] for i in stored["classes"]] for text, stored in given.items()} == wanted
    assert info["parity"]["flips"] == 0
    said = subprocess.run(
        [HANDFUL, "predict", path], input=b'{"text": "my card was charged"}\n', capture_output=True, check=True
    )
    assert set(json.loads(said.stdout)["labels"]) <= set(TOPICS)
    end_worker(project)
