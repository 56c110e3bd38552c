"""W: the worker dies, hangs, and is replaced."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from core import work
from core.connection import Connection, transaction
from core.project import Project
from core.queue import QUEUE
from core.store import jobs, meta, models
from core.vectors import VECTORS, VectorStore
from core.worker import launch
from core.worker.lock import holder
from core.worker.state import effective_jobs, worker_state
from tests.reliability.conftest import goes_red
from tests.worker.conftest import KINDS
from tests.worker.conftest import project as worked  # noqa: F401 (a fixture)
from tests.worker.living import over, state_of, wait_until

GHOSTS = Path(__file__).with_name("kinds")


def is_resumed(project: Project, con: Connection) -> None:
    """A killed worker's job is seen as cut off at once, and the next worker brings it to its end."""
    steps = project.root / "steps"
    job_id = work.submit(project, con, "counting", {"to": 30})
    wait_until(lambda: steps.exists() and len(steps.read_text().split()) > 4)
    pid = holder(project.worker_lock)
    assert pid
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: holder(project.worker_lock) is None, 1)
    assert [job.state for job in effective_jobs(project, con, jobs.recent(con))] == ["interrupted"]
    assert worker_state(project).state == "not running"
    launch.ensure_running(project)
    job = over(con, job_id, 6)
    assert (job.state, job.attempts) == ("done", 2)
    assert [int(line) for line in steps.read_text().split()] == list(range(30))


def test_W1_a_killed_worker_is_seen_at_once_and_its_job_resumed(worked: Project) -> None:  # noqa: F811
    with worked.open() as con:
        is_resumed(worked, con)


@pytest.mark.slow
def test_W1_can_fail(worked: Project, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(launch, "MODULE", "handful_ghostly_worker")
    monkeypatch.setenv("PYTHONPATH", f"{GHOSTS}{os.pathsep}{KINDS}")
    with worked.open() as con, goes_red():
        is_resumed(worked, con)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_W1_a_round_killed_in_any_of_its_phases_is_brought_to_its_end(
    project: Project, tmp_path: Path, nth: int
) -> None:
    """The worker as it is, a small encoder; killed as soon as the nth phase is told."""
    from tests import tiny
    from tests.export.making import teach

    teach(project, str(tiny.bert(tmp_path / "encoder")), round_folds=2, max_steps=6)
    try:
        with project.open() as con:
            job_id = work.submit(project, con, "round")

            def phases() -> int:
                return sum(event.kind == "phase" for _id, event, _when in jobs.events(con, job_id))

            wait_until(lambda: phases() >= nth or state_of(con, job_id) == "done", 120)
            pid = holder(project.worker_lock)
            assert pid
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: holder(project.worker_lock) is None, 2)
            assert not list(project.rounds.glob("[0-9]*/.stage-*"))
            launch.ensure_running(project)
            job = over(con, job_id, 180)
            assert job.state == "done", job.error
            assert job.attempts <= 2
            rounds = con.execute("SELECT number, state FROM rounds").fetchall()
            assert [row[0] for row in rounds] == [1]
            assert rounds[0][1] in ("kept", "rejected")
    finally:
        launch.stop(project)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_features_and_rankings_removed_by_hand_are_made_anew_by_themselves(project: Project, tmp_path: Path) -> None:
    from tests import tiny
    from tests.export.making import teach

    teach(project, str(tiny.bert(tmp_path / "encoder")))

    def features() -> int:
        space = next(project.embeddings.glob("*"), Path("nowhere"))
        return VectorStore(space, json.loads((space / "space.json").read_text())["dim"]).count

    def all_there() -> bool:
        with project.open(readonly=True) as con:
            last = models.newest_ranking(con)
        try:
            return features() == 15 and last is not None and (project.scores / last.directory / QUEUE).is_file()
        except OSError:
            return False

    def cut_off() -> None:
        (next(project.embeddings.glob("*")) / VECTORS).write_bytes(b"half")

    assert all_there()
    try:
        launch.ensure_running(project)
        for remove in (lambda: shutil.rmtree(project.embeddings), cut_off, lambda: shutil.rmtree(project.scores)):
            remove()
            assert not all_there()
            with project.open() as con, transaction(con):  # as the app does from time to time for what it shows
                meta.put(con, "touched", str(remove))
            wait_until(all_there, 90)
        with project.open() as con:
            assert [job.state for job in jobs.recent(con) if job.kind == "embed"] == ["done", "done"]
    finally:
        launch.stop(project)
