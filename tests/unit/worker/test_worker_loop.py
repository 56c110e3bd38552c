"""The loop without a process: jobs handed over at the worst moment, pacing, and what an ending makes of errors."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core import settings
from core.connection import Connection, connect
from core.errors import CancelledError, InputError, RefusedError
from core.project import Project
from core.records import Job, JobEvent
from core.store import jobs, meta
from core.worker.lock import WorkerLock, holder
from core.worker.loop import Loop
from core.worker.protocol import JobContext
from core.worker.running import Ending, JobCrashError, StoppedError, Story
from core.worker.watch import Watch


@dataclass
class Kind:
    name: str = "nothing"

    def run(self, context: JobContext) -> Iterator[JobEvent]:
        yield JobEvent("result", {"n": context.job.args.get("n")})


class Interfered(WorkerLock):
    """A lock at whose release something happens: the worst moment there is."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.meddle: Callable[[], object] = lambda: None

    def release(self) -> None:
        super().release()
        self.meddle()


@pytest.fixture
def lock(project: Project) -> Iterator[Interfered]:
    lock = Interfered(project.worker_lock)
    assert lock.acquire()
    yield lock
    if holder(project.worker_lock) is not None:
        WorkerLock.release(lock)


@pytest.fixture
def watch(project: Project, lock: WorkerLock) -> Iterator[Watch]:
    """Not started: it would end the process of the tests."""
    watch = Watch(project, lock, lambda: None)
    yield watch
    watch.close()


def idle_at_once(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> Loop:
    monkeypatch.setattr(loop, "_read_idle_seconds", lambda: 0.0)
    return loop


def test_W11_a_job_handed_over_while_the_worker_lets_go_is_done(
    project: Project, con: Connection, lock: Interfered, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[int] = []

    def meddle() -> None:
        if len(handed) < 3:
            handed.append(jobs.enqueue(con, "nothing", {"n": len(handed)}))

    lock.meddle = meddle
    loop = idle_at_once(Loop(project, lock, watch, lambda: False, lambda _name: Kind()), monkeypatch)
    assert loop.run() == 0
    assert [job.state for job in jobs.recent(con)] == ["done"] * 3
    assert holder(project.worker_lock) is None


def test_a_label_given_while_the_worker_lets_go_is_seen_by_the_duty(
    project: Project, con: Connection, lock: Interfered, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def duty() -> bool:
        with project.open(readonly=True) as reader:
            seen.append(meta.get(reader, "labels"))
        return False

    def meddle() -> None:
        if not meta.get(con, "labels"):
            meta.put(con, "labels", 1)

    lock.meddle = meddle
    assert idle_at_once(Loop(project, lock, watch, duty, lambda _name: Kind()), monkeypatch).run() == 0
    assert seen[0] is None
    assert seen[-1] == 1


def test_a_worker_that_finds_its_lock_taken_leaves_the_work_to_the_other(
    project: Project, con: Connection, lock: Interfered, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[int] = []
    lock.meddle = lambda: handed.append(jobs.enqueue(con, "nothing"))
    monkeypatch.setattr(lock, "acquire", lambda: False)
    assert idle_at_once(Loop(project, lock, watch, lambda: False, lambda _name: Kind()), monkeypatch).run() == 0
    assert [job.state for job in jobs.recent(con)] == ["queued"]


def test_what_a_dead_worker_left_is_put_right_first(
    project: Project, con: Connection, lock: Interfered, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.enqueue(con, "nothing")
    jobs.claim(con, "the dead")
    stage = project.rounds / ".stage-001-abc"
    stage.mkdir()
    assert idle_at_once(Loop(project, lock, watch, lambda: False, lambda _name: Kind()), monkeypatch).run() == 0
    assert [(job.state, job.attempts) for job in jobs.recent(con)] == [("done", 2)]
    assert not stage.exists()


def test_broken_settings_do_not_stop_the_worker_but_fail_the_job(
    project: Project, con: Connection, lock: Interfered, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / settings.FILE).write_text("nonsense")
    jobs.enqueue(con, "nothing")
    loop = Loop(project, lock, watch, lambda: False, lambda _name: Kind())
    monkeypatch.setattr(loop, "_idle_seconds", 0.0)
    assert loop.run() == 0
    (job,) = jobs.recent(con)
    assert job.state == "failed"
    assert "settings" in (job.error or {})["title"]


def test_the_duty_is_tried_again_when_the_system_refused(
    project: Project, lock: Interfered, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.worker.loop.RETRY_SECONDS", 0.05)
    calls: list[int] = []

    def duty() -> bool:
        calls.append(1)
        if len(calls) < 3:
            raise OSError(28, "No space left on device")
        watch.stopping = 143
        return True

    assert Loop(project, lock, watch, duty).run() == 143
    assert len(calls) == 3


def live(project: Project, monkeypatch: pytest.MonkeyPatch, statements: int = 10**9) -> int:
    """A worker's life in a forked process that dies at the given SQL statement; returns its exit code."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    left = iter(range(statements))

    def count(_statement: str) -> None:
        if next(left, None) is None:
            os._exit(9)

    def counted(path: Path, *, readonly: bool = False) -> Connection:
        con = connect(path, readonly=readonly)
        con.set_trace_callback(count)
        return con

    code = 1
    try:
        monkeypatch.setattr("core.project.connect", counted)
        lock = WorkerLock(project.worker_lock)
        assert lock.acquire()
        loop = Loop(project, lock, Watch(project, lock, lambda: None), lambda: False, lambda _name: Kind())
        code = idle_at_once(loop, monkeypatch).run()
    finally:
        os._exit(code)


def test_W11_a_death_between_any_two_statements_leaves_a_job_that_ends_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for statements in range(200):
        with project.open() as con:  # closed again: SQLite does not bear forks
            job_id = jobs.enqueue(con, "nothing", {"n": statements})
        died = live(project, monkeypatch, statements)
        assert live(project, monkeypatch) == 0
        with project.open() as con:
            job = jobs.get(con, job_id)
        assert job is not None
        assert (job.state, job.result) == ("done", {"n": statements})
        assert job.attempts <= 2
        if died == 0:
            assert statements > 10
            return
        assert died == 9
    pytest.fail("never came to its end")


def test_progress_is_stored_four_times_a_second_and_everything_else_always(
    con: Connection, still_clock: Callable[[float], None]
) -> None:
    job_id = jobs.enqueue(con, "nothing")
    story = Story(con, job_id)
    for hundredth in range(100):
        still_clock(hundredth / 100)
        story.tell(JobEvent("progress", {"done": hundredth}))
        if hundredth % 10 == 5:
            story.tell(JobEvent("note", {"text": str(hundredth)}))
    stored = [event for _n, event, _t in jobs.events(con, job_id)]
    assert [event.payload["done"] for event in stored if event.kind == "progress"] == [0, 25, 50, 75]
    assert sum(event.kind == "note" for event in stored) == 10


def taken(con: Connection) -> Job:
    jobs.enqueue(con, "nothing")
    job = jobs.claim(con, "me")
    assert job is not None
    return job


@pytest.mark.parametrize(
    ("error", "state", "title"),
    [
        (CancelledError("Stop."), "cancelled", None),
        (StoppedError(), "interrupted", None),
        (RefusedError("No.", "what", "hint"), "failed", "No."),
        (InputError("Bad."), "failed", "Bad."),
        (MemoryError(), "failed", "There was too little memory."),
        (OSError(28, "No space left on device"), "failed", "The system refused something."),
    ],
)
def test_every_foreseen_error_leads_to_one_state(
    project: Project, con: Connection, error: Exception, state: str, title: str | None
) -> None:
    job = taken(con)
    with Ending(con, job, project.database):
        raise error
    after = jobs.get(con, job.id)
    assert after is not None
    assert after.state == state
    assert (after.error or {}).get("title") == title


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), KeyboardInterrupt()])
def test_an_unforeseen_error_is_recorded_and_goes_on(project: Project, con: Connection, error: BaseException) -> None:
    job = taken(con)
    with pytest.raises(JobCrashError) as caught, Ending(con, job, project.database):
        raise error
    assert caught.value.__cause__ is error
    after = jobs.get(con, job.id)
    assert after is not None
    assert after.state == "failed"


def test_a_crash_that_is_not_the_jobs_leaves_it_to_the_next_worker(project: Project, con: Connection) -> None:
    job = taken(con)
    ending = Ending(con, job, project.database, blameless=True)
    with pytest.raises(ValueError, match="x"), ending:
        raise ValueError("x")
    after = jobs.get(con, job.id)
    assert after is not None
    assert after.state == "running"


def test_giving_a_job_back_does_not_revive_a_cancelled_one(con: Connection) -> None:
    job = taken(con)
    jobs.request_cancel(con, job.id)
    assert jobs.release(con, job.id)
    after = jobs.get(con, job.id)
    assert after is not None
    assert after.state == "cancelled"
    assert not jobs.release(con, job.id)
