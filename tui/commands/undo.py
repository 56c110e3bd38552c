"""`handful undo` and `handful redo`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from core import project as projects
from core.connection import Connection
from core.i18n import _
from core.store import acts, classes, examples
from core.store.acts import Turned
from core.tasks.base import Task
from tui.commands import about
from tui.options import annotator, as_json, directory
from tui.output import WIDTH, clip, data, data_json, say
from tui.texts import stored_in_words

_SHOWN = 20
_INDENT = 8
_Turn = Callable[[Connection, Task[Any], str], Turned | None]


@click.command(
    "undo",
    help=about(
        "undo",
        _("What was committed together is taken back together. Run it again to go back further, without limit."),
        "handful undo mail",
    ),
)
@directory
@annotator
@as_json
def undo_command(directory: Path, annotator: str, *, as_json: bool) -> None:
    """Only what this annotator decided is taken back."""
    _turn(directory, annotator, acts.undo, _("Taken back: {what}."), _("There is nothing to undo."), as_json)


@click.command(
    "redo",
    help=about("redo", _("That is possible until something new is decided."), "handful redo mail"),
)
@directory
@annotator
@as_json
def redo_command(directory: Path, annotator: str, *, as_json: bool) -> None:
    """Only what this annotator took back is brought back."""
    _turn(directory, annotator, acts.redo, _("Brought back: {what}."), _("There is nothing to redo."), as_json)


def _turn(directory: Path, annotator: str, turn: _Turn, done: str, nothing: str, as_json: bool) -> None:
    project = projects.find(directory)
    with project.open() as con:
        task = project.task(con)
        turned, names = turn(con, task, annotator), classes.names(con)
        ids = turned.example_ids if turned else ()
        touched = examples.get(con, ids[:_SHOWN])
        what = acts.words(turned, names, stored_in_words(task, turned.stored, names)) if turned else ""
    if as_json:
        data_json({"ids": list(ids)})
    elif turned is None:
        say(nothing)
    else:
        room = WIDTH - len(done.format(what=""))
        data(done.format(what=clip(what, room)))
        for example in touched:
            data(f"{example.id:>{_INDENT - 2}}  {clip(example.text, WIDTH - _INDENT)}")
        if len(ids) > _SHOWN:
            data(_("  … and {n} more").format(n=len(ids) - _SHOWN))
