"""`handful simulate` as a user meets it: results, refusals, and nothing left behind."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.e2e.cli import HANDFUL, Cli, ForkedCli, narrow
from tests.e2e.conftest import HELD_OUT, write_csv
from tests.unit.core.test_import_hygiene import RUN, WORKER_ONLY


@pytest.fixture
def files(tmp_path: Path) -> Path:
    write_csv(tmp_path / "pool.csv", label=True)
    write_csv(tmp_path / "test.csv", HELD_OUT, label=True)
    (tmp_path / "tmp").mkdir()
    return tmp_path


def command(encoder: Path, *more: object, budget: int = 8) -> list[str]:
    args = ["simulate", "pool.csv", "--test", "test.csv", "--budget", budget, "--encoder", encoder]
    return [*map(str, args), "--set", "epochs=1", "--set", "folds=2", "--set", "precision=fp32", *map(str, more)]


def environment(files: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(files / "tmp"), "HF_HUB_OFFLINE": "1"}


def test_strategies_are_compared_in_a_table_a_drawing_and_two_files(files: Path, encoder: Path) -> None:
    cli = Cli(files, environment(files))
    args = command(encoder, "--compare", "random,auto", "--seeds", 2, "--rounds", "none")
    said = cli(*args, "--svg", "c.svg", "--csv", "c.csv")
    assert narrow(said.lines)
    assert said.lines[0] == "pool.csv: 60 texts, 8 labels; judged on test.csv: 30 texts"
    assert any(line.split() == ["labels", "random", "auto"] for line in said.lines)
    assert any(line.startswith("     8  0.") and line.count("±") == 2 for line in said.lines)
    assert any(line.startswith("auto against random: ") and "of 2 seeds" in line for line in said.lines)
    assert said.err.splitlines()[-1] == "Written: c.csv"
    assert "4/4 auto, seed 1, 8 labels: accuracy" in said.err
    rows = list(csv.DictReader(io.StringIO((files / "c.csv").read_text(encoding="utf-8"))))
    assert [(row["strategy"], row["seed"], row["labels"]) for row in rows] == [
        (strategy, seed, labels) for seed in "01" for strategy in ("random", "auto") for labels in "48"
    ]
    root = ET.fromstring((files / "c.svg").read_text(encoding="utf-8"))  # noqa: S314 (we wrote it)
    assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) == 4
    assert list((files / "tmp").iterdir()) == []


def test_one_run_is_told_step_by_step_and_the_terminal_process_loads_nothing_heavy(files: Path, encoder: Path) -> None:
    args = command(encoder, "--json", "--names", "--rounds", "at:6", "--seed", 5, "--strategy", "margin")
    done = subprocess.run(
        [sys.executable, "-P", "-c", RUN, *args],
        cwd=files,
        env=environment(files),
        capture_output=True,
        text=True,
        check=False,
    )
    *told, last = done.stderr.splitlines()
    code, modules = json.loads(last)
    assert code in (None, 0), done.stderr
    assert set(WORKER_ONLY) & set(modules) == set()
    result = json.loads(done.stdout)
    assert (result["names"], result["rounds"], result["batch"]) == (True, [6], "1/8 of the labels so far, 4 to 50")
    (run,) = result["runs"]
    assert (run["strategy"], run["seed"]) == ("margin", 5)
    assert [step["labels"] for step in run["steps"]] == [4, 6, 8]
    assert run["final"] == run["steps"][-1]
    steps = [line for line in told if line.startswith("margin, seed 5")]
    assert len(steps) == 3
    assert f"8 labels: accuracy {run['final']['accuracy']:.3f}" in steps[-1]


@pytest.mark.parametrize(
    ("args", "title", "more"),
    [
        (("--budget", 0), "Invalid value for '--budget'", "Usage"),
        (("--budget", 61), "The budget is larger than the pool.", "pool.csv has 60 different texts"),
        (("--label", "lable"), "no column called 'lable'", "Did you mean 'label'?"),
        (("--text", "txt"), "no column called 'txt'", "Did you mean 'text'?"),
        (("--test", "none.csv"), "There is no such file.", "none.csv"),
        (("--test", "bare.csv"), "A text without a label", "bare.csv, line 3: late"),
        (("--test", "pool.csv"), "The budget is larger than the pool.", "pool.csv has 0 different texts"),
        (("--seed", 1, "--seeds", 2), "--seed and --seeds can't be given together.", "Leave one"),
        (("--strategy", "auto", "--compare", "auto,random"), "--strategy and --compare", "Leave one"),
        (("--strategy", "auto,random"), "Several strategies", "--compare"),
        (("--compare", "auto,randm"), "no query strategy called 'randm'", "Did you mean 'random'?"),
        (("--rounds", "at:9"), "'at:9' does not say when rounds run.", "the budget of 8"),
        (("--set", "seed=1"), "--set can't take 'seed=1'.", "epochs"),
        (("--set", "epochs"), "--set can't take 'epochs'.", "KEY=VALUE"),
        (("--set", "epochs=no"), "does not fit the option epochs", "A number"),
        (("--set", "epoch=1"), "no option called 'epoch'", "Did you mean 'epochs'?"),
        (("--task", "dance"), "nothing called 'dance'", "classify"),
        (("--encoder", "./nowhere"), "This is no encoder.", "nowhere"),
        (("--svg", "test.csv"), "There is a file already.", "--force"),
        (("--csv", "nowhere/c.csv"), "There is no such directory.", "nowhere"),
        (("--svg", "tmp"), "can't be written there", "tmp"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else "",
)
def test_what_can_not_be_simulated_is_refused_in_words(
    args: tuple[object, ...], title: str, more: str, files: Path, encoder: Path
) -> None:
    (files / "bare.csv").write_text("text,label\nslow,internet\nlate,\n", encoding="utf-8")
    before = sorted(files.iterdir())
    said = ForkedCli(files, environment(files))(*command(encoder, *args), code=2)
    assert said.out == ""
    assert title in said.err.splitlines()[0]
    assert more in said.err
    assert sorted(files.iterdir()) == before
    assert list((files / "tmp").iterdir()) == []


@pytest.mark.parametrize(("number", "moment"), [(signal.SIGINT, "1/500"), (signal.SIGKILL, "Embedding")])
def test_nothing_is_left_behind_by_a_simulation_that_was_ended(
    number: signal.Signals, moment: str, files: Path, encoder: Path
) -> None:
    with subprocess.Popen(
        [HANDFUL, *command(encoder, "--seeds", 500)],
        cwd=files,
        env=environment(files),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        while moment not in (line := process.stderr.readline()):
            assert line
        (folder,) = (files / "tmp").iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        process.send_signal(number)
        assert process.wait(20) == (130 if number == signal.SIGINT else -number)
        assert "Traceback" not in process.stderr.read()
    end = time.monotonic() + 20
    while list((files / "tmp").iterdir()) and time.monotonic() < end:
        time.sleep(0.05)
    assert list((files / "tmp").iterdir()) == []
