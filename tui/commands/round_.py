"""`handful round`."""

from pathlib import Path
from typing import Any

import click

from core import project as projects
from core import settings as options
from core import work
from core.errors import RefusedError
from core.i18n import _
from core.worker import rule
from tui import jobs
from tui.commands import about
from tui.options import as_json, directory
from tui.output import data, data_json, paragraph, shown_path


@click.command(
    "round",
    help=about(
        "round",
        _("The tuned encoder is kept only if it is not worse than the untouched one on the same labels."),
        "handful round mail --wait",
    ),
)
@directory
@click.option("--wait", is_flag=True, help=_("Narrate the round and return when it is over."))
@click.option("--device", metavar="NAME", help=_("Where to compute this once: cpu, cuda, cuda:1, mps."))
@as_json
def round_command(directory: Path, device: str | None, *, wait: bool, as_json: bool) -> None:
    """One at a time; labelling goes on meanwhile."""
    project = projects.find(directory)
    args: dict[str, Any] = {"device": options.parse("device", device)} if device is not None else {}
    with project.open() as con:
        problem = rule.round_problem(con)
        if problem:
            raise RefusedError(
                _("A round can't start."), problem, _("See: handful status {path}").format(path=shown_path(directory))
            )
        job_id = work.submit(project, con, "round", args)
    result = dict(jobs.watch(project, job_id).result or {}) if wait else {}
    if as_json:
        data_json({"job": job_id, **result})
    elif wait:
        paragraph(_("Round {round}: {verdict}").format(**result))
    else:
        data(_("Job {id} is under way; follow it: handful jobs {path}").format(id=job_id, path=shown_path(directory)))
