"""C1: eight people at one project, each in a process of its own; one of them is killed in the middle."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.connection import Connection, quick_check
from core.project import Project
from tests.conftest import AddTexts
from tests.folding import assert_folded

ROOT = Path(__file__).resolve().parents[3]
PEOPLE = 8


def work(project: Project, name: str, most: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", ROOT / "tests/unit/core/eight.py", project.root, name, str(most)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env={"PYTHONPATH": str(ROOT)})


def read(process: subprocess.Popen[bytes]) -> list[int]:
    assert process.stdout is not None
    said = process.stdout.read()
    return [int(line) for line in said.split(b"\n")[:-1]]


def _begin(process: subprocess.Popen[bytes], *, wait: bool = True) -> list[int]:
    """Let it label; with `wait`, until it has told of three texts, which are returned."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    return [int(process.stdout.readline()) for _turn in range(3 if wait else 0)]


def label_together(project: Project, con: Connection, most: int) -> dict[str, list[int]]:
    """Everybody labels up to `most` texts; the last one is killed on the way. Returns what each was told was saved."""
    names = [f"person{n}" for n in range(PEOPLE)]
    there = {name: work(project, name, most) for name in names}
    for process in there.values():
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    killed = there[names[-1]]
    begun = _begin(killed)  # it surely has begun when it is killed among the others
    for process in there.values():
        if process is not killed:
            _begin(process, wait=False)
    killed.kill()
    acked = {name: read(process) for name, process in there.items()}
    acked[names[-1]] = [*begun, *acked[names[-1]]]
    for name, process in there.items():
        with process:
            assert process.stderr is not None
            assert process.stderr.read() == b"", name
            assert process.wait() == (-9 if process is killed else 0)
    return acked


def assert_nothing_is_lost_or_doubled(con: Connection, acked: dict[str, list[int]]) -> None:
    rows = con.execute("SELECT annotator, example_id, uuid FROM events WHERE kind = 'label' ORDER BY seq").fetchall()
    saved = {name: [row[1] for row in rows if row[0] == name] for name in acked}
    for name, told in acked.items():
        assert saved[name][: len(told)] == told, "saved in the order told, and at most one more"
        assert len(saved[name]) - len(told) <= (1 if name == f"person{PEOPLE - 1}" else 0)
    assert sum(map(bool, acked.values())) > 1, "more than one had a turn"
    ids = [row[1] for row in rows]
    assert len(ids) == len(set(ids)), "no text was asked twice"
    assert len({row[2] for row in rows}) == len(rows)
    assert con.execute("SELECT count(*) FROM examples WHERE contested = 1").fetchone()[0] == 0
    assert quick_check(con) == "ok"
    assert_folded(con)


def test_C1_eight_people_lose_nothing_and_double_nothing_though_one_is_killed(
    project: Project, con: Connection, add_texts: AddTexts
) -> None:
    add_texts(con, [f"text number {n}" for n in range(140)])
    acked = label_together(project, con, 10_000)
    assert_nothing_is_lost_or_doubled(con, acked)
    answered = con.execute("SELECT count(*) FROM examples WHERE state = 'answered'").fetchone()[0]
    assert answered >= 151, "all but the one text that lay on the dead terminal's desk"


@pytest.mark.slow
def test_C1_a_thousand_labels_each(project: Project, con: Connection, add_texts: AddTexts) -> None:
    add_texts(con, [f"text number {n}" for n in range(9000)])
    acked = label_together(project, con, 1000)
    assert_nothing_is_lost_or_doubled(con, acked)
    assert [len(told) for told in acked.values()][:-1] == [1000] * (PEOPLE - 1)
