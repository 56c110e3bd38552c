"""C: more than one process, and change under way."""

import json
import time
from pathlib import Path

import pytest

from core import connection
from core.connection import OperationalError, quick_check
from core.project import Project
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.folding import assert_folded
from tests.reliability import scored
from tests.reliability.conftest import goes_red

PATIENCE_MS = 250
"""The longest that a label may wait; with this the database itself says when one would have waited longer."""


def labels_pass(project: Project, turns: int, *, holding: bool = False) -> None:
    """While another process makes rankings anew, somebody labels every 20 ms: no commit waits for the lock too long."""
    with scored.rescoring(project, turns, holding=holding) as other, project.open() as con:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "ready"
        con.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
        given, blocked = 0, 0
        while other.poll() is None:
            try:
                decide(con, CLASSIFY, [Decision(given % 12 + 1, CLASSIFY.encode(ClassAnswer(given % 3 + 1)))], "ann")
            except OperationalError:
                blocked += 1
            given += 1
            time.sleep(0.02)
        assert other.returncode == 0
        assert given > 10
        assert blocked == 0, f"{blocked} of {given} labels found the database locked"
        assert quick_check(con) == "ok"
        assert_folded(con)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "texts", [2_000, pytest.param(20_000, marks=pytest.mark.slow), pytest.param(200_000, marks=pytest.mark.slow)]
)
def test_C2_D7_rescoring_holds_no_label_up_and_the_log_stays_small(
    project: Project, tmp_path: Path, texts: int
) -> None:
    scored.fill(project, texts)
    scored.embed(project, tmp_path / "encoder")
    with project.open(readonly=True) as looking:  # as the app does meanwhile
        looking.execute("SELECT count(*) FROM examples").fetchone()
        labels_pass(project, 3)
        assert project.database.with_name("labels.db-wal").stat().st_size <= 64_000_000


@pytest.mark.slow
def test_C2_can_fail(project: Project, tmp_path: Path) -> None:
    scored.embed(project, tmp_path / "encoder")
    with goes_red():
        labels_pass(project, 1, holding=True)


def test_C2_D10_the_kernel_tells_who_writes(project: Project) -> None:
    from tests.reliability.test_labels import lock_held

    assert connection.writer(project.database) is None
    with lock_held(project) as pid:
        assert connection.writer(project.database) == pid
    assert connection.writer(project.database) is None


# C6


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_C6_a_round_learns_from_the_set_it_began_with_whatever_is_labelled_meanwhile(
    project: Project, tmp_path: Path
) -> None:
    from core.records import Job
    from core.store import jobs, labels
    from core.worker.jobs.round import ROUND, _freeze
    from core.worker.protocol import JobContext
    from tests import tiny
    from tests.export.making import teach

    teach(project, str(tiny.bert(tmp_path / "encoder")), round_folds=2, max_steps=4)
    with project.open() as con:
        job_id = jobs.enqueue(con, "round")
        jobs.claim(con, "me")
        began = _freeze(project, CLASSIFY, None)
    events = ROUND.run(JobContext(project, Job(job_id, "round", {}, "running", 0.0), project.settings()))
    next(events)
    with project.open() as con:
        for n in range(1, 13):
            decide(con, CLASSIFY, [Decision(n, CLASSIFY.encode(ClassAnswer(n % 3 + 1)))], "ben")
    *_rest, last = events
    with project.open(readonly=True) as con:
        row = con.execute("SELECT set_hash, event_seq, info FROM rounds").fetchone()
        assert (row[0], row[1]) == (began.set_hash, began.seq)
        assert json.loads(row[2])["set_sha256"] == began.set_hash
        assert labels.last_seq(con) > row[1]
    assert _freeze(project, CLASSIFY, None).set_hash != began.set_hash
    assert last.kind == "result"
