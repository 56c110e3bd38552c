"""`handful clean`."""

from pathlib import Path

import click

from core import cleaning
from core import project as projects
from core.i18n import _
from tui.commands import about
from tui.options import as_json, directory
from tui.output import data, data_json, say, size, table


@click.command(
    "clean",
    help=about(
        "clean",
        _("The checkpoint in use and the last one always stay, and so do labels and bundles."),
        "handful clean mail",
        "handful clean mail --yes --json",
    ),
)
@directory
@click.option("--yes", is_flag=True, help=_("Remove without asking."))
@as_json
def clean_command(directory: Path, *, yes: bool, as_json: bool) -> None:
    """With --json nothing is asked: what is found is listed, and removed with --yes only."""
    project = projects.find(directory)
    with project.open(readonly=True) as con:
        found = cleaning.leftovers(project, con)
    if not as_json:
        if not found:
            say(_("There is nothing to remove."))
            return
        rows = [(f.why, f.path.relative_to(project.root), size(f.size)) for f in found]
        table([_("what"), _("where"), _("size")], rows, right=(2,))
    remove = yes or (not as_json and click.confirm(_("Remove these?"), err=True))
    freed = cleaning.remove(found) if remove else 0
    if as_json:
        listed = [{"what": f.why, "path": str(f.path), "bytes": f.size} for f in found]
        data_json({"found": listed, "removed": remove, "freed_bytes": freed})
    elif remove:
        data(_("{size} freed.").format(size=size(freed)))
