"""What people read about a simulation, and what its child is allowed to end like."""

from pathlib import Path
from typing import Any

import pytest

from core.errors import RefusedError
from core.records import JobEvent
from core.simulation.plan import Plan
from tests.e2e.cli import narrow
from tests.unit.simulation.test_summary import RUNS
from tui import simulated, simulating
from tui.simulating import Narrator

ABOUT: dict[str, Any] = {
    "pool": {"file": "pool.csv", "used": 1200},
    "test": {"file": "test.csv", "texts": 30},
    "budget": 8,
    "names": False,
    "task": "classify",
}


def step(labels: int, **more: Any) -> dict[str, Any]:
    return {
        "labels": labels, "accuracy": 0.5, "macro_f1": 0.25, "model": "head", "round": None,
        "reasons": {"typical/typical": 3, "audit/audit": 1}, **more,
    }  # fmt: skip


def said(capsys: pytest.CaptureFixture[str], result: dict[str, Any]) -> list[str]:
    simulated.show(result)
    return capsys.readouterr().out.splitlines()


def test_a_single_run_is_a_table_of_steps_with_what_became_of_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    told = {"problem": "", "verdict": "not kept: it would be worse"}
    steps = [step(4, model=None, round={"problem": "A round needs two classes."}), step(8, round=told)]
    lines = said(capsys, ABOUT | {"runs": [{"strategy": "auto", "seed": 0, "steps": steps, "final": steps[-1]}]})
    assert lines[0] == "pool.csv: 1,200 texts, 8 labels; judged on test.csv: 30 texts"
    assert [line.split() for line in lines[2:5]] == [
        ["labels", "accuracy", "macro-F1", "model", "asked", "because"],
        ["4", "0.500", "0.250", "—", "typical:3", "audit:1"],
        ["8", "0.500", "0.250", "head", "typical:3", "audit:1"],
    ]
    assert lines[5:] == [
        "Round at 4 labels: A round needs two classes.",
        "Round at 8 labels: not kept: it would be worse",
    ]


def test_where_spans_are_marked_entities_have_an_f1_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [step(4, micro_f1=0.375)]
    lines = said(capsys, ABOUT | {"task": "spans", "runs": [{"steps": steps, "final": steps[0], "strategy": "auto"}]})
    assert lines[2].split()[:5] == ["labels", "accuracy", "macro-F1", "entity", "F1"]
    assert lines[3].split()[:4] == ["4", "0.500", "0.250", "0.375"]


def test_several_runs_are_means_with_their_spread(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, ABOUT | {"runs": RUNS, "names": True})
    assert "The classes' names were known beforehand." in lines
    assert narrow(lines)
    table = lines.index("accuracy, mean ± standard deviation between seeds")
    assert [line.split() for line in lines[table + 1 : table + 4]] == [
        ["labels", "random", "auto"],
        ["4", "0.300", "±", "0.141", "0.300", "±", "0.141"],
        ["8", "0.500", "±", "0.141", "0.650", "±", "0.212"],
    ]
    assert lines[-1] == "auto against random: +0.150 ± 0.354, better with 1 of 2 seeds"


def test_many_strategies_still_fit_into_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [run | {"strategy": f"least-confidence-{n}"} for n in range(7) for run in RUNS[::2]]
    assert narrow(said(capsys, ABOUT | {"runs": runs}))


def test_each_step_is_told_for_one_run_and_each_run_for_many(capsys: pytest.CaptureFixture[str]) -> None:
    run = {"strategy": "auto", "seed": 3, "final": step(8)}
    for runs in (1, 2):
        narrator = Narrator(runs)
        for event in (
            JobEvent("step", run | step(4, model=None)),
            JobEvent("run", run),
            JobEvent("note", {"text": "n"}),
        ):
            narrator.tell(event)
        narrator.end()
    assert capsys.readouterr().err.splitlines() == [
        "auto, seed 3, 4 labels: accuracy 0.500, macro-F1 0.250 (no model yet)",
        "n",
        "1/2 auto, seed 3, 8 labels: accuracy 0.500, macro-F1 0.250 (head)",
        "n",
    ]


def test_a_child_that_ends_without_a_result_is_told_with_its_last_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(simulating, "MODULE", "core.no_such_module")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(RefusedError, match="ended unexpectedly") as caught:
        list(simulating.events(Plan(Path("a"), Path("b"), 1, ())))
    assert "No module named core.no_such_module" in caught.value.what
    assert list(tmp_path.iterdir()) == []


def test_last_words_are_read_when_all_of_them_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "slow_to_end.py").write_text(
        "import os, sys, time\nos.close(1)\ntime.sleep(0.3)\n"
        "sys.stderr.write('Traceback\\nValueError: no such kernel')\nsys.exit(1)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(simulating, "MODULE", "slow_to_end")
    with pytest.raises(RefusedError, match="ended unexpectedly") as caught:
        list(simulating.events(Plan(Path("a"), Path("b"), 1, ())))
    assert "(1): ValueError: no such kernel" in caught.value.what
    assert "memory" not in caught.value.hint
