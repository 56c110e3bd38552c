"""Jobs: rows whose state changes only by compare-and-set, so that each ends in exactly one final state."""

import json
from collections.abc import Mapping
from typing import Any

from core import clock
from core.connection import Connection, Row, transaction
from core.i18n import _
from core.records import Job, JobEvent, JobState

MAX_ATTEMPTS = 3


def _job(row: Row) -> Job:
    return Job(
        row["id"],
        row["kind"],
        json.loads(row["args"]),
        row["state"],
        row["created"],
        row["started"],
        row["finished"],
        row["attempts"],
        bool(row["cancel_requested"]),
        json.loads(row["error"]) if row["error"] else None,
        json.loads(row["result"]) if row["result"] else None,
    )


def enqueue(con: Connection, kind: str, args: Mapping[str, Any] | None = None, *, once: bool = False) -> int:
    """Queue a job and return its id; with `once`, an equal job that is still queued is returned instead."""
    text = json.dumps(dict(args or {}), sort_keys=True)
    with transaction(con):
        if once:
            row = con.execute(
                "SELECT id FROM jobs WHERE kind = ? AND args = ? AND state = 'queued' LIMIT 1", (kind, text)
            ).fetchone()
            if row:
                return int(row[0])
        row = con.execute(
            "INSERT INTO jobs(kind, args, state, created) VALUES (?, ?, 'queued', ?) RETURNING id",
            (kind, text, clock.now()),
        ).fetchone()
    return int(row[0])


def claim(con: Connection, owner: str) -> Job | None:
    """Take the oldest queued (or interrupted) job; None if there is nothing to do."""
    with transaction(con):
        row = con.execute(
            "UPDATE jobs SET state = 'running', started = coalesce(started, ?), owner = ?, attempts = attempts + 1"
            " WHERE id = (SELECT id FROM jobs WHERE state IN ('queued', 'interrupted') AND cancel_requested = 0"
            " ORDER BY id LIMIT 1) RETURNING *",
            (clock.now(), owner),
        ).fetchone()
    return _job(row) if row else None


def finish(
    con: Connection,
    job_id: int,
    state: JobState,
    *,
    error: Mapping[str, str] | None = None,
    result: Mapping[str, Any] | None = None,
) -> bool:
    """Move a running job to a final state; False if it was not running any more."""
    with transaction(con):
        row = con.execute(
            "UPDATE jobs SET state = ?, finished = ?, error = ?, result = ? WHERE id = ? AND state = 'running'"
            " RETURNING id",
            (
                state,
                clock.now(),
                json.dumps(dict(error)) if error else None,
                json.dumps(dict(result)) if result is not None else None,
                job_id,
            ),
        ).fetchone()
    return row is not None


def release(con: Connection, job_id: int) -> bool:
    """Give a running job back as `interrupted`, without counting the attempt: its worker was asked to end.

    One that was to be cancelled is `cancelled`, for nobody would take it again.
    """
    with transaction(con):
        row = con.execute(
            "UPDATE jobs SET state = CASE cancel_requested WHEN 0 THEN 'interrupted' ELSE 'cancelled' END,"
            " finished = CASE cancel_requested WHEN 0 THEN NULL ELSE ? END, attempts = attempts - 1"
            " WHERE id = ? AND state = 'running' RETURNING id",
            (clock.now(), job_id),
        ).fetchone()
    return row is not None


def recover(con: Connection) -> list[int]:
    """Called by a worker that has just taken the lock: what is `running` now was cut off.

    Such a job is queued again as `interrupted`, or fails after too many attempts; returns the ids.
    """
    with transaction(con):
        rows = con.execute("SELECT id, attempts, cancel_requested FROM jobs WHERE state = 'running'").fetchall()
        for job_id, attempts, cancelled in rows:
            state = "cancelled" if cancelled else "failed" if attempts >= MAX_ATTEMPTS else "interrupted"
            error = {
                "title": _("The worker died in this job several times."),
                "what": _("{n} attempts").format(n=attempts),
                "hint": _("See the log (handful logs), then start it again by hand."),
            }
            con.execute(
                "UPDATE jobs SET state = ?, error = ?, finished = ? WHERE id = ?",
                (
                    state,
                    json.dumps(error) if state == "failed" else None,
                    None if state == "interrupted" else clock.now(),
                    job_id,
                ),
            )
    return [row[0] for row in rows]


def request_cancel(con: Connection, job_id: int) -> str:
    """Ask for a job to stop; returns its state afterwards (`cancelled` at once if it had not started)."""
    with transaction(con):
        con.execute(
            "UPDATE jobs SET cancel_requested = 1 WHERE id = ? AND state IN ('queued', 'running', 'interrupted')",
            (job_id,),
        )
        con.execute(
            "UPDATE jobs SET state = 'cancelled', finished = ? WHERE id = ? AND state IN ('queued', 'interrupted')",
            (clock.now(), job_id),
        )
        row = con.execute("SELECT state FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return str(row[0]) if row else ""


def cancel_requested(con: Connection, job_id: int) -> bool:
    """Whether somebody asked for this job to stop."""
    row = con.execute("SELECT cancel_requested FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return bool(row and row[0])


def get(con: Connection, job_id: int) -> Job | None:
    """One job."""
    row = con.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return _job(row) if row else None


def recent(con: Connection, limit: int = 50) -> list[Job]:
    """The newest jobs, newest first."""
    return [_job(row) for row in con.execute("SELECT * FROM jobs ORDER BY id DESC LIMIT ?", (limit,))]


def newest_done(con: Connection, kind: str) -> Job | None:
    """The last job of this kind that came to its end."""
    row = con.execute(
        "SELECT * FROM jobs WHERE kind = ? AND state = 'done' ORDER BY id DESC LIMIT 1", (kind,)
    ).fetchone()
    return _job(row) if row else None


def active(con: Connection) -> list[Job]:
    """Jobs that are not over, oldest first."""
    rows = con.execute("SELECT * FROM jobs WHERE state IN ('queued', 'running', 'interrupted') ORDER BY id")
    return [_job(row) for row in rows]


def add_event(con: Connection, job_id: int, event: JobEvent) -> None:
    """Append to a job's story."""
    with transaction(con):
        con.execute(
            "INSERT INTO job_events(job_id, kind, payload, created) VALUES (?, ?, ?, ?)",
            (job_id, event.kind, json.dumps(dict(event.payload)), clock.now()),
        )


def events(con: Connection, job_id: int, after: int = 0) -> list[tuple[int, JobEvent, float]]:
    """(id, event, time) of a job's events with ids above `after`."""
    rows = con.execute(
        "SELECT id, kind, payload, created FROM job_events WHERE job_id = ? AND id > ? ORDER BY id", (job_id, after)
    )
    return [(r[0], JobEvent(r[1], json.loads(r[2])), r[3]) for r in rows]


def last_progress(con: Connection, job_id: int) -> JobEvent | None:
    """A job's newest `progress` event; None if it has told of none."""
    row = con.execute(
        "SELECT kind, payload FROM job_events WHERE job_id = ? AND kind = 'progress' ORDER BY id DESC LIMIT 1",
        (job_id,),
    ).fetchone()
    return JobEvent(row[0], json.loads(row[1])) if row else None
