"""Jobs: taken by one worker, ended once, never a ghost, never endless."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from core import connection
from core.connection import Connection
from core.project import Project
from core.records import JobEvent, JobState
from core.store import jobs
from tests.children import told_by
from tests.nasty import NASTY

FINAL = ("done", "failed", "cancelled")


def state_of(con: Connection, job_id: int) -> str:
    job = jobs.get(con, job_id)
    assert job is not None
    return job.state


def brought_to(con: Connection, state: str) -> int:
    """A job in the given state, reached the way jobs reach it."""
    job_id = jobs.enqueue(con, "round")
    if state in ("running", "done", "failed", "interrupted"):
        assert jobs.claim(con, "me") is not None
    if state in ("done", "failed"):
        assert jobs.finish(con, job_id, state)  # type: ignore[arg-type]
    if state == "interrupted":
        assert jobs.recover(con) == [job_id]
    if state == "cancelled":
        jobs.request_cancel(con, job_id)
    assert state_of(con, job_id) == state
    return job_id


def test_a_job_keeps_what_it_was_asked_for(con: Connection, still_clock: Callable[[float], None]) -> None:
    job_id = jobs.enqueue(con, "export", {"to": "/somewhere/字", "force": True})
    job = jobs.get(con, job_id)
    assert job is not None
    assert (job.kind, job.args, job.state) == ("export", {"to": "/somewhere/字", "force": True}, "queued")
    assert (job.created, job.started, job.finished, job.attempts) == (1_700_000_000.0, None, None, 0)
    assert jobs.get(con, job_id + 1) is None


def test_jobs_are_taken_in_the_order_they_were_asked_for_and_interrupted_ones_again(con: Connection) -> None:
    first, second = jobs.enqueue(con, "embed"), jobs.enqueue(con, "round")
    assert [getattr(jobs.claim(con, "w"), "id", None) for _ in range(3)] == [first, second, None]
    jobs.recover(con)
    third = jobs.enqueue(con, "round")
    assert [getattr(jobs.claim(con, "w"), "id", None) for _ in range(4)] == [first, second, third, None]


def claiming(path: Path, name: str) -> Callable[[int], None]:
    def work(out: int) -> None:
        con = connection.connect(path)
        while (job := jobs.claim(con, name)) is not None:
            os.write(out, f"{job.id}\n".encode())
        con.close()

    return work


def test_W11_of_four_processes_only_one_gets_each_job(project: Project) -> None:
    with project.open() as con:
        wanted = [jobs.enqueue(con, "round", {"n": n}) for n in range(60)]
    said = told_by(*(claiming(project.database, f"worker {k}") for k in range(4)))
    assert sorted(int(line) for lines in said for line in lines) == wanted
    with project.open(readonly=True) as con:
        assert {job.attempts for job in jobs.recent(con, 100)} == {1}


def test_W11_a_job_ends_once(con: Connection) -> None:
    job_id = brought_to(con, "running")
    assert jobs.finish(con, job_id, "done", result={"verdict": "kept"})
    assert not jobs.finish(con, job_id, "failed", error={"title": "late"})
    assert not jobs.release(con, job_id)
    assert jobs.recover(con) == []
    job = jobs.get(con, job_id)
    assert job is not None
    assert (job.state, job.result, job.error) == ("done", {"verdict": "kept"}, None)


@pytest.mark.parametrize("state", [s for s in get_args(JobState) if s != "running"])
def test_only_a_running_job_can_be_ended_or_given_back(state: str, con: Connection) -> None:
    job_id = brought_to(con, state)
    assert not jobs.finish(con, job_id, "done")
    assert not jobs.release(con, job_id)
    assert state_of(con, job_id) == state


@pytest.mark.parametrize(
    ("before", "after", "asked"),
    [
        ("queued", "cancelled", True),
        ("interrupted", "cancelled", True),
        ("running", "running", True),
        ("done", "done", False),
        ("failed", "failed", False),
    ],
)
def test_W9_cancelling_depends_on_how_far_a_job_is(before: str, after: str, asked: bool, con: Connection) -> None:
    job_id = brought_to(con, before)
    assert jobs.request_cancel(con, job_id) == after
    assert state_of(con, job_id) == after
    assert jobs.cancel_requested(con, job_id) is asked
    assert jobs.claim(con, "w") is None


def test_cancelling_what_is_not_there_says_so(con: Connection) -> None:
    assert jobs.request_cancel(con, 77) == ""
    assert not jobs.cancel_requested(con, 77)


def test_W1_what_ran_when_the_worker_died_is_taken_up_again(con: Connection) -> None:
    job_id = brought_to(con, "running")
    assert jobs.recover(con) == [job_id]
    assert state_of(con, job_id) == "interrupted"
    assert [job.id for job in jobs.active(con)] == [job_id]
    again = jobs.claim(con, "next")
    assert again is not None
    assert (again.id, again.attempts, again.finished) == (job_id, 2, None)


def test_W12_a_job_that_kills_its_worker_again_and_again_fails_in_words(con: Connection) -> None:
    job_id = jobs.enqueue(con, "round")
    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        job = jobs.claim(con, "w")
        assert job is not None
        assert job.attempts == attempt
        assert jobs.recover(con) == [job_id]
    job = jobs.get(con, job_id)
    assert job is not None
    assert job.state == "failed"
    assert job.finished is not None
    assert job.error is not None
    assert set(job.error) == {"title", "what", "hint"}
    assert str(jobs.MAX_ATTEMPTS) in job.error["what"]
    assert jobs.claim(con, "w") is None


def test_a_cancelled_job_whose_worker_died_stays_cancelled(con: Connection) -> None:
    job_id = brought_to(con, "running")
    jobs.request_cancel(con, job_id)
    jobs.recover(con)
    assert state_of(con, job_id) == "cancelled"


def test_a_job_that_is_given_back_has_not_used_up_an_attempt(con: Connection) -> None:
    job_id = brought_to(con, "running")
    assert jobs.release(con, job_id)
    assert state_of(con, job_id) == "interrupted"
    job = jobs.claim(con, "w")
    assert job is not None
    assert job.attempts == 1
    jobs.request_cancel(con, job_id)
    assert jobs.release(con, job_id)
    assert state_of(con, job_id) == "cancelled"


def test_once_joins_an_equal_job_only_while_that_waits(con: Connection) -> None:
    first = jobs.enqueue(con, "embed", {"a": 1, "b": 2}, once=True)
    assert jobs.enqueue(con, "embed", {"b": 2, "a": 1}, once=True) == first
    assert jobs.enqueue(con, "embed", {"a": 2}, once=True) != first
    assert jobs.enqueue(con, "round", {"a": 1, "b": 2}, once=True) != first
    assert jobs.enqueue(con, "embed", {"a": 1, "b": 2}) != first
    jobs.claim(con, "w")
    assert jobs.enqueue(con, "embed", {"a": 1, "b": 2}, once=True) != first


def test_the_story_of_a_job_is_read_on_from_where_one_was(con: Connection) -> None:
    job_id, other = jobs.enqueue(con, "round"), jobs.enqueue(con, "round")
    for n in range(3):
        jobs.add_event(con, job_id, JobEvent("progress", {"done": n}))
        jobs.add_event(con, other, JobEvent("note", {"text": "not mine"}))
    told = jobs.events(con, job_id)
    assert [event.payload["done"] for _n, event, _t in told] == [0, 1, 2]
    assert [event.payload["done"] for _n, event, _t in jobs.events(con, job_id, told[0][0])] == [1, 2]
    assert jobs.events(con, job_id, told[-1][0]) == []


def test_nasty_words_in_a_job_s_story_come_back_as_they_were(con: Connection) -> None:
    job_id = brought_to(con, "running")
    for text in NASTY:
        jobs.add_event(con, job_id, JobEvent("note", {"text": text}))
    assert [event.payload["text"] for _n, event, _t in jobs.events(con, job_id)] == list(NASTY)
    half = "/somewhere/half\udc80byte"
    assert jobs.finish(con, job_id, "failed", error={"title": half, "what": "", "hint": ""})
    job = jobs.get(con, job_id)
    assert job is not None
    assert job.error is not None
    assert job.error["title"] == half


def test_lists_are_in_their_order(con: Connection) -> None:
    ids = [jobs.enqueue(con, "round") for _ in range(4)]
    jobs.claim(con, "w")
    jobs.finish(con, ids[0], "done")
    assert [job.id for job in jobs.recent(con, 3)] == ids[:0:-1]
    assert [job.id for job in jobs.active(con)] == ids[1:]


def test_W11_whatever_happens_each_job_is_in_one_state_and_final_ones_stay(con: Connection) -> None:
    chance = random.Random(11)
    ended: dict[int, str] = {}
    for _ in range(400):
        known = [job.id for job in jobs.recent(con, 1000)]
        act = chance.randrange(6)
        if act == 0:
            jobs.enqueue(con, "round", once=chance.random() < 0.5)
        elif act == 1:
            jobs.claim(con, "w")
        elif act == 2:
            jobs.recover(con)
        elif known and act == 3:
            jobs.finish(con, chance.choice(known), chance.choice(FINAL))  # type: ignore[arg-type]
        elif known and act == 4:
            jobs.request_cancel(con, chance.choice(known))
        elif known:
            jobs.release(con, chance.choice(known))
        for job in jobs.recent(con, 1000):
            assert job.state == ended.get(job.id, job.state)
            assert (job.finished is not None) == (job.state in FINAL)
            assert 0 <= job.attempts <= jobs.MAX_ATTEMPTS
            if job.state in FINAL:
                ended[job.id] = job.state
    assert set(ended.values()) == set(FINAL)
