"""`handful jobs`, `handful cancel` and `handful logs`."""

from pathlib import Path
from typing import Any

import click

from core import clock
from core import project as projects
from core.errors import InputError
from core.i18n import _
from core.records import Job
from core.store import jobs
from core.worker import launch, log
from core.worker.state import effective_jobs
from tui.commands import about
from tui.options import as_json, directory
from tui.output import data, data_json, last_word, say, shown_path, table

_TOO_LARGE = 2**63
"""SQLite's integers end here."""


@click.command(
    "jobs",
    help=about(
        "jobs",
        _(
            "Embedding, rounds and exports, newest first. A job that was cut off is interrupted; the next worker takes"
            " it up again."
        ),
        "handful jobs mail",
    ),
)
@directory
@click.option(
    "-n",
    "count",
    metavar="N",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help=_("How many, newest first."),
)
@as_json
def jobs_command(directory: Path, count: int, *, as_json: bool) -> None:
    """What a dead worker left behind is never shown as running."""
    project = projects.find(directory)
    with project.open(readonly=True) as con:
        found = effective_jobs(project, con, jobs.recent(con, count))
        events = {job.id: jobs.events(con, job.id) for job in found}
    if as_json:
        data_json([_as_json(job) for job in found])
        return
    if not found:
        say(_("There was no background work yet."))
        return
    rows = [
        (job.id, job.kind, job.state, clock.iso(job.created), _seconds(job), last_word(job, events[job.id]))
        for job in found
    ]
    table([_("id"), _("kind"), _("state"), _("asked for"), _("seconds"), _("last word")], rows, right=(0, 4))


def _as_json(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "created": clock.iso(job.created),
        "seconds": float(_seconds(job)) if job.started is not None else None,
        "attempts": job.attempts,
        "error": job.error,
        "result": job.result,
    }


def _seconds(job: Job) -> str:
    if job.started is None:
        return ""
    return f"{(job.finished or clock.now()) - job.started:.1f}"


@click.command(
    "cancel",
    help=about(
        "cancel",
        _("It stops within five seconds; what it had not finished is thrown away."),
        "handful cancel mail 3",
    ),
)
@directory
@click.argument("job", type=int)
@as_json
def cancel_command(directory: Path, job: int, *, as_json: bool) -> None:
    """A job that is over stays as it is."""
    project = projects.find(directory)
    with project.open() as con:
        before = jobs.get(con, job) if abs(job) < _TOO_LARGE else None
        if before is None:
            raise InputError(
                _("There is no job {id}.").format(id=job),
                "",
                _("See: handful jobs {path}").format(path=shown_path(directory)),
            )
        state = jobs.request_cancel(con, job)
    if state == "running":
        launch.ensure_running(project)  # were its worker dead, nobody would end it
    if as_json:
        data_json({"id": job, "state": state})
    elif before.state in ("done", "failed", "cancelled"):
        data(_("Job {id} was over already: {state}.").format(id=job, state=state))
    else:
        data(_("Job {id}: {state}.").format(id=job, state=_("stopping") if state == "running" else state))


@click.command(
    "logs",
    help=about("logs", _("No text of the data is ever logged."), "handful logs mail -n 200"),
)
@directory
@click.option(
    "-n",
    "count",
    metavar="N",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help=_("How many lines."),
)
def logs_command(directory: Path, count: int) -> None:
    """The file is logs/worker.log in the project's directory."""
    found = log.tail(projects.find(directory), count)
    if not found:
        say(_("The log is empty: no worker has run yet."))
    for line in found:
        data(line)
