"""`handful restore`."""

from pathlib import Path

import click

from core import project as projects
from core import snapshots
from core.errors import InputError
from core.i18n import _
from core.project import Project
from core.snapshots import Snapshot
from core.worker import launch
from core.worker.lock import holder
from tui.commands import about
from tui.commands.snapshot import described
from tui.options import as_json, directory
from tui.output import data, data_json, shown_path


@click.command(
    "restore",
    help=about(
        "restore",
        _(
            "NUMBER is one of `handful snapshot DIR --list`; without it the newest that is whole. What was there is put"
            " aside and not removed. A worker is ended first; nobody else may have the project open."
        ),
        "handful restore mail",
        "handful restore mail 12 --yes",
    ),
)
@directory
@click.argument("number", metavar="[NUMBER]", required=False, type=int)
@click.option("--yes", is_flag=True, help=_("Don't ask."))
@as_json
def restore_command(directory: Path, number: int | None, *, yes: bool, as_json: bool) -> None:
    """It works on a project whose database can't be opened, or is gone."""
    project = Project(directory)
    chosen = _chosen(project, number)
    asked = _("Put back snapshot {n} ({why}, {taken})?").format(n=chosen.number, why=chosen.why, taken=chosen.taken)
    if not yes and not as_json and not click.confirm(asked, err=True):
        return
    if holder(project.worker_lock) is not None:
        launch.stop(project)
    aside = snapshots.restore(project.database, chosen)
    if as_json:
        data_json({"restored": described(chosen), "replaced": str(aside) if aside else None})
        return
    data(_("Snapshot {n} is in place.").format(n=chosen.number))
    if aside is not None:
        data(_("What was there lies in {path}; remove it when you don't need it.").format(path=shown_path(aside)))


def _chosen(project: Project, number: int | None) -> Snapshot:
    found = snapshots.listed(project.database)
    if not found and not projects.is_project(project.root):
        projects.find(project.root)  # which says that there is none
    if number is None:
        newest = snapshots.newest_whole(project.database)
        if newest is not None:
            return newest
    chosen = next((snapshot for snapshot in found if snapshot.number == number), None)
    if chosen is None:
        raise InputError(
            _("There is no such snapshot.") if number is not None else _("There is no snapshot that is whole."),
            _("In {path}: {numbers}").format(
                path=project.snapshots, numbers=", ".join(str(s.number) for s in found) or _("none")
            ),
            _("List them: handful snapshot DIR --list"),
        )
    return chosen
