"""`handful import`."""

from pathlib import Path

import click

from core import project as projects
from core.i18n import _
from core.importing.importer import import_file
from tui.commands import sentence
from tui.importing import Bar, report_import, warn_unreadable
from tui.options import as_json, directory


@click.command("import", help=sentence("import"))
@directory
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--text", metavar="COLUMN", help=_("Column that holds the text; default: found by name."))
@click.option("--label", metavar="COLUMN", help=_("Column with existing answers, to be taken over."))
@click.option("--test", "is_test", is_flag=True, help=_("Hold these texts out: never asked, never learnt from."))
@as_json
def import_command(
    directory: Path, file: Path, text: str | None, label: str | None, *, is_test: bool, as_json: bool
) -> None:
    """All of the file is taken in, or none of it."""
    project = projects.find(directory)
    with project.open() as con, Bar() as bar:
        report = import_file(
            project, con, file, split="test" if is_test else "pool", text=text, label=label, progress=bar
        )
    report_import([report], as_json=as_json, project=project)
    warn_unreadable(project)
