"""`handful snapshot`."""

from pathlib import Path

import click

from core import project as projects
from core import snapshots
from core.i18n import _
from core.snapshots import Snapshot
from tui.commands import about
from tui.options import as_json, directory
from tui.output import data, data_json, say, shown_path, size, table


@click.command(
    "snapshot",
    help=about(
        "snapshot",
        _(
            "It is whole although people label meanwhile, and is checked before it counts. One is taken by itself"
            " before each round and each migration and on each day with labels; of those the last {kept} stay, and all"
            " that were asked for."
        ).format(kept=snapshots.KEPT),
        "handful snapshot mail",
        "handful snapshot mail --list",
    ),
)
@directory
@click.option("--list", "only_list", is_flag=True, help=_("Take none; list those there are."))
@as_json
def snapshot_command(directory: Path, *, only_list: bool, as_json: bool) -> None:
    """The copy is the database alone: weights and features can be made anew from it."""
    project = projects.find(directory)
    if only_list:
        show(snapshots.listed(project.database), as_json=as_json)
        return
    taken = snapshots.take(project.database)
    if as_json:
        data_json(described(taken))
    else:
        data(shown_path(taken.path))


def described(snapshot: Snapshot) -> dict[str, object]:
    """For programs."""
    return {
        "number": snapshot.number,
        "why": snapshot.why,
        "taken": snapshot.taken,
        "path": str(snapshot.path),
        "bytes": snapshot.path.stat().st_size,
    }


def show(found: list[Snapshot], *, as_json: bool) -> None:
    """A line each, oldest first."""
    if as_json:
        data_json([described(snapshot) for snapshot in found])
    elif not found:
        say(_("There is no snapshot yet. Take one: handful snapshot DIR"))
    else:
        rows = [(s.number, s.why, s.taken, size(s.path.stat().st_size)) for s in found]
        table([_("number"), _("why"), _("when (UTC)"), _("size")], rows, right=(0, 3))
