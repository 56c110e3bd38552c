"""`handful clean`."""

from pathlib import Path

import click

from core import cleaning
from core import project as projects
from core.i18n import _
from tui.commands import sentence
from tui.options import as_json, directory
from tui.output import data, data_json, size, table


@click.command("clean", help=sentence("clean"))
@directory
@click.option("--yes", is_flag=True, help=_("Remove without asking."))
@as_json
def clean_command(directory: Path, *, yes: bool, as_json: bool) -> None:
    """The checkpoint in use and the last one always stay, and so do labels and bundles."""
    project = projects.find(directory)
    with project.open(readonly=True) as con:
        found = cleaning.leftovers(project, con)
    if not as_json:
        if not found:
            data(_("There is nothing to remove."))
            return
        table([_("what"), _("where"), _("size")], [(f.why, f.path, size(f.size)) for f in found], right=(2,))
    remove = yes or (not as_json and click.confirm(_("Remove these?"), err=True))
    freed = cleaning.remove(found) if remove else 0
    if as_json:
        rows = [{"what": f.why, "path": str(f.path), "bytes": f.size} for f in found]
        data_json({"found": rows, "removed": remove, "freed_bytes": freed})
    elif remove:
        data(_("{size} freed.").format(size=size(freed)))
