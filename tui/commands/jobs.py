"""`handful jobs`, `handful cancel` and `handful logs`."""

from pathlib import Path
from typing import Any

import click
from core.worker.state import effective_jobs

from core import clock
from core import project as projects
from core.errors import InputError
from core.i18n import _
from core.records import Job
from core.store import jobs
from core.worker import log
from tui.commands import sentence
from tui.options import as_json, directory
from tui.output import data, data_json, table


@click.command("jobs", help=sentence("jobs"))
@directory
@click.option(
    "-n", "count", type=click.IntRange(1, 1000), default=20, show_default=True, help=_("How many, newest first.")
)
@as_json
def jobs_command(directory: Path, count: int, *, as_json: bool) -> None:
    """A job that was cut off is shown as interrupted; the next worker takes it up again."""
    project = projects.find(directory)
    with project.open(readonly=True) as con:
        found = effective_jobs(project, con, jobs.recent(con, count))
        events = {job.id: jobs.events(con, job.id) for job in found}
    if as_json:
        data_json([_as_json(job) for job in found])
        return
    rows = [
        (job.id, job.kind, job.state, clock.iso(job.created), _seconds(job), _last(job, events[job.id]))
        for job in found
    ]
    table([_("id"), _("kind"), _("state"), _("asked for"), _("seconds"), _("last word")], rows, right=(0, 4))


def _as_json(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "created": clock.iso(job.created),
        "seconds": _seconds(job) or None,
        "attempts": job.attempts,
        "error": job.error,
        "result": job.result,
    }


def _seconds(job: Job) -> str:
    if job.started is None:
        return ""
    return f"{(job.finished or clock.now()) - job.started:.1f}"


def _last(job: Job, events: list[Any]) -> str:
    if job.error:
        return job.error["title"]
    if not events:
        return ""
    payload = events[-1][1].payload
    said = payload.get("verdict") or payload.get("text") or payload.get("what") or payload.get("name") or ""
    part = f" {payload['done']}/{payload['total']}" if "total" in payload else ""
    return f"{said}{part}"


@click.command("cancel", help=sentence("cancel"))
@directory
@click.argument("job", type=int)
@as_json
def cancel_command(directory: Path, job: int, *, as_json: bool) -> None:
    """It stops within five seconds; what it had not finished is thrown away."""
    project = projects.find(directory)
    with project.open() as con:
        state = jobs.request_cancel(con, job)
    if not state:
        raise InputError(
            _("There is no job {id}.").format(id=job), "", _("See: handful jobs {path}").format(path=directory)
        )
    if as_json:
        data_json({"id": job, "state": state})
    else:
        data(_("Job {id}: {state}.").format(id=job, state=_("stopping") if state == "running" else state))


@click.command("logs", help=sentence("logs"))
@directory
@click.option("-n", "count", type=click.IntRange(1, 100_000), default=50, show_default=True, help=_("How many lines."))
def logs_command(directory: Path, count: int) -> None:
    """No text of the data is ever logged."""
    for line in log.tail(projects.find(directory), count):
        data(line)
