"""`handful purge`."""

import hashlib
from pathlib import Path
from typing import IO

import click

from core import project as projects
from core import purging
from core.connection import Connection
from core.errors import HandfulError, InputError
from core.i18n import _
from core.show import shorten
from core.store import examples
from core.worker import launch
from core.worker.lock import holder
from tui.commands import about
from tui.options import as_json, directory
from tui.output import data, data_json, say, shown_path


@click.command(
    "purge",
    help=about(
        "purge",
        _(
            "A text goes from the database and its index, all snapshots, features, logs, and bundles made here; what"
            " was said about it goes too, and typed patterns that stand in no other text. It can't be undone. Weights"
            " that learnt from it stay: start a new round, then handful clean."
        ),
        "handful purge mail 17 23",
        "handful purge mail --texts remove.txt --yes",
    ),
)
@directory
@click.argument("ids", metavar="[ID]...", nargs=-1, type=int)
@click.option(
    "--texts", metavar="FILE|-", type=click.File(encoding="utf-8"), help=_("The texts themselves, one a line.")
)
@click.option("--yes", is_flag=True, help=_("Don't ask."))
@as_json
def purge_command(directory: Path, ids: tuple[int, ...], texts: IO[str] | None, *, yes: bool, as_json: bool) -> None:
    """Texts are never arguments: other users of the machine could read them there."""
    project = projects.find(directory)
    with project.open(readonly=True) as con:
        wanted = dict.fromkeys([*ids, *(_id_of(con, line) for line in texts or ())])
        shown = [f"{e.id}  {shorten(e.text, 60)}" for e in examples.get(con, list(wanted)[:10])]
    if not yes and not as_json:
        for line in shown:
            say(line)
        if not click.confirm(_("Remove {n} texts for good?").format(n=len(wanted)), err=True):
            return
    if holder(project.worker_lock) is not None:
        launch.stop(project)
    done = purging.purge(project, list(wanted))
    _tell(done, as_json=as_json)
    if done.left:
        raise HandfulError(
            _("A removed text is still found in the project."),
            "\n".join(str(path) for path in done.left[:20]),
            _("See whether a class description, the guidelines or a file of your own holds it, and mend it."),
        )


def _id_of(con: Connection, line: str) -> int:
    text = line.rstrip("\r\n")
    found = examples.by_hash(con, hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    if found is None:
        raise InputError(_("This project has no such text."), shorten(text, 60), _("Each line must be a whole text."))
    return found.id


def _tell(done: purging.Purged, *, as_json: bool) -> None:
    if as_json:
        data_json(
            {
                "texts": done.texts,
                "snapshots": done.snapshots,
                "removed": [str(path) for path in done.removed],
                "left": [str(path) for path in done.left],
                "unseen": done.unseen,
                "terms": done.terms,
                "kept_terms": list(done.kept_terms),
            }
        )
        return
    data(
        _("{n} texts are gone, and {s} snapshots that held them; a fresh one was taken.").format(
            n=done.texts, s=done.snapshots
        )
    )
    for path in done.removed:
        data(_("Removed with them: {path}").format(path=shown_path(path)))
    if done.terms:
        data(_("{n} typed patterns stood in no other text and are gone, too.").format(n=done.terms))
    if done.kept_terms:
        terms = ", ".join(shorten(term, 40) for term in done.kept_terms[:10])
        say(_("Typed patterns that stand in other texts, too, stay: {terms}").format(terms=terms))
    if done.unseen:
        say(_("{n} are too short to be looked for in files.").format(n=done.unseen))
