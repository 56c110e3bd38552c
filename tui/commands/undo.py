"""`handful undo` and `handful redo`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from core import project as projects
from core.connection import Connection
from core.i18n import _
from core.show import shorten
from core.store import examples, labels
from core.tasks.base import Task
from tui.commands import sentence
from tui.options import annotator, as_json, directory
from tui.output import data, data_json

_Turn = Callable[[Connection, Task[Any], str], list[int]]


@click.command("undo", help=sentence("undo"))
@directory
@annotator
@as_json
def undo_command(directory: Path, annotator: str, *, as_json: bool) -> None:
    """What was committed together is taken back together."""
    _turn(directory, annotator, labels.undo, _("Taken back:"), _("There is nothing to undo."), as_json=as_json)


@click.command("redo", help=sentence("redo"))
@directory
@annotator
@as_json
def redo_command(directory: Path, annotator: str, *, as_json: bool) -> None:
    """Possible until something new is decided."""
    _turn(directory, annotator, labels.redo, _("Brought back:"), _("There is nothing to redo."), as_json=as_json)


def _turn(directory: Path, annotator: str, turn: _Turn, done: str, nothing: str, *, as_json: bool) -> None:
    project = projects.find(directory)
    with project.open() as con:
        ids = turn(con, project.task(con), annotator)
        touched = examples.get(con, ids)
    if as_json:
        data_json({"ids": ids})
        return
    data(done if ids else nothing)
    for example in touched[:20]:
        data(f"{example.id:>6}  {shorten(example.text, 70)}")
