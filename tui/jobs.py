"""Following background work from the terminal: start it, narrate it, and return what became of it."""

from collections.abc import Mapping
from typing import Any

from core import work
from core.connection import Connection
from core.errors import HandfulError, RefusedError
from core.i18n import _
from core.project import Project
from core.records import Job, JobEvent
from tui.output import Progress, say, shown_path


def run(project: Project, con: Connection, kind: str, args: Mapping[str, Any] | None = None) -> Job:
    """Submit a job, narrate it on stderr, and return it when it is done.

    Raises HandfulError with the job's own words if it failed, RefusedError if it was cancelled.
    """
    return watch(project, work.submit(project, con, kind, args))


def watch(project: Project, job_id: int) -> Job:
    """As `run`, for a job that is queued already."""
    line = Progress()
    try:
        for event in work.follow(project, job_id):
            if isinstance(event, Job):
                return _finished(event)
            _narrate(event, line)
    except KeyboardInterrupt:
        line.end()
        say(
            _("Job {id} goes on in the background; to stop it: handful cancel {path} {id}").format(
                id=job_id, path=shown_path(project.root)
            )
        )
        raise
    finally:
        line.end()
    raise RefusedError(_("The job is gone."), str(job_id))


def _narrate(event: JobEvent, line: Progress) -> None:
    payload = event.payload
    if event.kind == "phase":
        line.end()
        say(_("· {name}").format(name=payload.get("name", "")))
    elif event.kind == "note":
        line.end()
        say(f"  {payload.get('text', '')}")
    elif event.kind == "progress":
        done, total = payload.get("done"), payload.get("total")
        part = f" {done}/{total}" if total else ""
        loss = _(" loss {loss:.3f}").format(loss=payload["loss"]) if "loss" in payload else ""
        line.show(f"  {payload.get('what', '')}{part}{loss}")


def _finished(job: Job) -> Job:
    if job.state == "done":
        return job
    if job.state == "cancelled":
        raise RefusedError(_("The job was cancelled."), f"{job.kind} {job.id}")
    error = job.error or {}
    failure = HandfulError(error.get("title", _("The job failed.")), error.get("what", ""), error.get("hint", ""))
    failure.exit_code = 3
    raise failure
