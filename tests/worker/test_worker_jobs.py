"""What becomes of jobs: done, failed, cancelled, interrupted and resumed; never lost, never a ghost."""

import os
import signal
import time

import pytest

from core import clock, work
from core.connection import Connection, OperationalError
from core.project import Project
from core.records import Job, JobEvent
from core.store import jobs, meta
from core.worker import launch, log
from core.worker import state as states
from core.worker.lock import holder
from core.worker.state import effective_jobs, worker_state
from tests.worker.living import over, state_of, wait_until, workers

ROW_TEXT = "Konto 4711"


def kill(project: Project) -> None:
    pid = holder(project.worker_lock)
    assert pid
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: holder(project.worker_lock) != pid)


def test_following_tells_every_event_and_ends_with_the_job(project: Project, con: Connection) -> None:
    job_id = work.submit(project, con, "sleepy", {"seconds": 0.6})
    *events, job = work.follow(project, job_id)
    assert isinstance(job, Job)
    assert (job.state, job.attempts) == ("done", 1)
    assert job.result == {"slept": 0.6, "idle_seconds": 300}
    kinds = [event.kind for event in events if isinstance(event, JobEvent)]
    assert kinds[0] == "phase"
    assert kinds[-1] == "result"
    assert 2 <= kinds.count("progress") <= 4  # of thirty that were yielded


def test_following_a_job_that_does_not_exist_tells_nothing(project: Project) -> None:
    assert list(work.follow(project, 77)) == []


def test_a_refusal_fails_the_job_in_its_own_words(project: Project, con: Connection) -> None:
    pid = launch.ensure_running(project)
    job = over(con, work.submit(project, con, "failing"))
    assert job.state == "failed"
    assert job.error == {"title": "No.", "what": "Too few labels.", "hint": "Label more."}
    assert holder(project.worker_lock) == pid


def test_an_unknown_kind_fails_in_words(project: Project, con: Connection) -> None:
    job = over(con, work.submit(project, con, "juggling"))
    assert job.state == "failed"
    assert "juggling" in (job.error or {})["title"]


def test_a_full_disk_fails_the_job_in_plain_words(project: Project, con: Connection) -> None:
    pid = launch.ensure_running(project)
    job = over(con, work.submit(project, con, "full"))
    assert "No space left" in (job.error or {})["what"]
    assert holder(project.worker_lock) == pid


def test_after_an_unforeseen_error_a_fresh_worker_does_the_rest(project: Project, con: Connection) -> None:
    first = jobs.enqueue(con, "crashing")
    second = jobs.enqueue(con, "sleepy", {"seconds": 0})
    pid = launch.ensure_running(project)
    assert over(con, second).state == "done"
    assert holder(project.worker_lock) not in (pid, None)
    crashed = over(con, first)
    assert (crashed.state, crashed.attempts) == ("failed", 1)
    assert "ValueError" in (crashed.error or {})["what"]


def test_W13_the_log_names_the_error_and_its_place_but_no_text_of_the_data(project: Project, con: Connection) -> None:
    over(con, work.submit(project, con, "crashing"))
    wait_until(lambda: any("another worker goes on" in line for line in log.tail(project, 1)))
    lines = "\n".join(log.tail(project, 1000))
    assert "ValueError" in lines
    assert "raise ValueError(row)" in lines
    assert ROW_TEXT not in lines


def test_W1_kill_9_shows_interrupted_and_the_next_worker_resumes(project: Project, con: Connection) -> None:
    job_id = work.submit(project, con, "counting", {"to": 40})
    steps = project.root / "steps"
    wait_until(lambda: steps.exists() and len(steps.read_text().split()) > 9)
    kill(project)
    assert state_of(con, job_id) == "running"  # the ghost that nobody may see
    assert [job.state for job in effective_jobs(project, con, jobs.recent(con))] == ["interrupted"]
    assert worker_state(project).state == "not running"
    *_events, job = work.follow(project, job_id)
    assert isinstance(job, Job)
    assert (job.state, job.attempts) == ("done", 2)
    counted = [int(line) for line in steps.read_text().split()]
    assert counted == list(range(40))


def test_a_job_that_ended_since_it_was_read_is_not_called_interrupted(project: Project, con: Connection) -> None:
    job_id = jobs.enqueue(con, "sleepy")
    stale = jobs.claim(con, "somebody")
    assert stale is not None
    jobs.finish(con, job_id, "done", result={})
    assert [job.state for job in effective_jobs(project, con, [stale])] == ["done"]


def test_W12_a_job_that_kills_its_workers_fails_after_three_attempts(project: Project, con: Connection) -> None:
    job_id = work.submit(project, con, "deadly")
    after = work.submit(project, con, "sleepy", {"seconds": 0})
    *events, job = work.follow(project, job_id)
    assert isinstance(job, Job)
    assert (job.state, job.attempts) == ("failed", 3)
    assert len(events) == 3
    assert "died" in (job.error or {})["title"]
    assert over(con, after).state == "done"


@pytest.mark.parametrize("kind", ["sleepy", "stubborn"])
def test_W9_cancelling_takes_less_than_five_seconds(project: Project, con: Connection, kind: str) -> None:
    job_id = work.submit(project, con, kind)
    after = jobs.enqueue(con, "sleepy", {"seconds": 0})
    wait_until(lambda: jobs.events(con, job_id))
    jobs.request_cancel(con, job_id)
    took = wait_until(lambda: state_of(con, job_id) == "cancelled", 6)
    assert took < 5
    assert (project.root / "tidied").exists() == (kind == "sleepy")  # before it is called cancelled
    assert over(con, after).state == "done"  # without anybody starting another worker


def test_W9_a_job_cancelled_in_the_queue_is_never_run(project: Project, con: Connection) -> None:
    first = work.submit(project, con, "sleepy", {"seconds": 0.5})
    second = jobs.enqueue(con, "counting", {"to": 1})
    assert jobs.request_cancel(con, second) == "cancelled"
    over(con, first)
    assert launch.stop(project)
    assert not (project.root / "steps").exists()


@pytest.mark.parametrize("kind", ["sleepy", "stubborn"])
def test_a_worker_asked_to_end_gives_its_job_back_within_two_seconds(
    project: Project, con: Connection, kind: str
) -> None:
    job_id = jobs.enqueue(con, kind)
    child = launch.start(project)
    wait_until(lambda: jobs.events(con, job_id))
    start = time.monotonic()
    os.kill(child.pid, signal.SIGTERM)
    assert child.wait(5) == 143
    assert time.monotonic() - start < 2
    job = jobs.get(con, job_id)
    assert job is not None
    assert (job.state, job.attempts) == ("interrupted", 0)


def test_W4_a_hang_up_is_ignored(project: Project, con: Connection) -> None:
    job_id = work.submit(project, con, "sleepy", {"seconds": 0.5})
    wait_until(lambda: jobs.events(con, job_id))
    pid = launch.ensure_running(project)
    os.kill(pid, signal.SIGHUP)
    assert over(con, job_id).state == "done"
    assert holder(project.worker_lock) == pid


def test_an_idle_worker_ends_and_leaves_nothing(hasty: Project, con: Connection) -> None:
    over(con, work.submit(hasty, con, "sleepy", {"seconds": 0}))
    took = wait_until(lambda: holder(hasty.worker_lock) is None, 4)
    assert took > 0.5
    wait_until(lambda: workers(hasty) == [], 2)
    assert log.tail(hasty, 1)[0].endswith("nothing to do; ending")


@pytest.mark.slow
def test_jobs_handed_over_around_the_idle_end_are_all_done(hasty: Project, con: Connection) -> None:
    """Submitted at moments that straddle the end of the idle second."""
    for pause in (0.9, 1.0, 1.05, 1.1, 1.15):
        over(con, work.submit(hasty, con, "sleepy", {"seconds": 0}), 5)
        clock.sleep(pause)


def test_W8_a_stopped_worker_is_called_stalled_and_blocks_nobody(
    project: Project, con: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "STALLED_SECONDS", 1.3)
    pid = launch.ensure_running(project)
    jobs.enqueue(con, "sleepy")
    wait_until(lambda: worker_state(project).said == f"process {pid}, sleepy: sleep")
    con.execute("PRAGMA busy_timeout=250")
    blocked = 0
    for _stop in range(10):
        time.sleep(0.03)
        os.kill(pid, signal.SIGSTOP)
        try:
            meta.put(con, "a label", 1)
        except OperationalError:
            blocked += 1
        os.kill(pid, signal.SIGCONT)
    assert blocked <= 1  # only if it was stopped in the very moment in which it stored an event
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: worker_state(project).state == "stalled", 4)
    assert "no sign of life" in worker_state(project).said
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: worker_state(project).state == "running", 4)


def test_W9_a_hung_worker_that_ignores_a_cancellation_is_ended_by_whoever_follows(
    project: Project, con: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "CANCEL_SECONDS", 0.5)
    monkeypatch.setattr(launch, "STOP_SECONDS", 0.3)
    job_id = work.submit(project, con, "sleepy")
    wait_until(lambda: worker_state(project).job)
    os.kill(launch.ensure_running(project), signal.SIGSTOP)
    jobs.request_cancel(con, job_id)
    *_events, job = work.follow(project, job_id)
    assert isinstance(job, Job)
    assert job.state == "cancelled"


def test_the_duty_is_done_when_something_changes_also_during_a_job(project: Project, con: Connection) -> None:
    work.submit(project, con, "sleepy")
    wait_until(lambda: worker_state(project).job)
    calls = project.root / "duty"
    time.sleep(0.3)
    before = len(calls.read_text().split())
    time.sleep(0.4)
    assert len(calls.read_text().split()) == before
    meta.put(con, "anything", 1)
    wait_until(lambda: len(calls.read_text().split()) > before, 2)


def test_a_duty_that_refuses_is_logged_once_and_stops_nothing(project: Project, con: Connection) -> None:
    (project.root / "orders").write_text("refuse")
    for _job in range(3):
        over(con, work.submit(project, con, "sleepy", {"seconds": 0}))
    said = [line for line in log.tail(project, 1000) if "The duty refuses." in line]
    assert len(said) == 1


def test_a_duty_that_crashes_is_not_the_fault_of_the_job(project: Project, con: Connection) -> None:
    job_id = work.submit(project, con, "sleepy", {"seconds": 0.7})
    wait_until(lambda: worker_state(project).job)
    (project.root / "orders").write_text("crash")
    meta.put(con, "anything", 1)
    wait_until(lambda: holder(project.worker_lock) is None)
    (project.root / "orders").unlink()
    assert [job.state for job in effective_jobs(project, con, jobs.recent(con))] == ["interrupted"]
    *_events, job = work.follow(project, job_id)
    assert isinstance(job, Job)
    assert job.state == "done"
