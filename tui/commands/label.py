"""`handful label`."""

from pathlib import Path

import click

from core import project as projects
from core.errors import InputError
from core.i18n import _
from core.labelling import take_answers
from core.worker import launch
from tui.commands import sentence
from tui.options import annotator, as_json, directory
from tui.output import data, data_json


@click.command("label", help=sentence("label"))
@directory
@click.argument("file", metavar="FILE|-", type=click.Path(path_type=Path, allow_dash=True))
@annotator
@as_json
def label_command(directory: Path, file: Path, annotator: str, *, as_json: bool) -> None:
    """Lines such as {"id": 5, "label": "refund"}; all are taken as one act, or none."""
    project = projects.find(directory)
    lines = _lines(file)
    with project.open() as con:
        new, known = take_answers(con, project.task(con), project.settings(), lines, annotator)
        launch.ensure_running(project)
    if as_json:
        data_json({"new": new, "known": known})
    else:
        data(_("{new} answers saved, {known} known already.").format(new=new, known=known))


def _lines(file: Path) -> list[str]:
    try:
        with click.open_file(str(file), encoding="utf-8-sig") as stream:
            return list(stream)
    except UnicodeDecodeError as error:
        raise InputError(
            _("The answers are not UTF-8."),
            _("{path}: {reason} at byte {n}").format(path=file, reason=error.reason, n=error.start),
            _("Convert the file to UTF-8."),
        ) from error
    except OSError as error:
        raise InputError(_("The answers can't be read."), f"{file}: {error.strerror}", _("Check the path.")) from error
