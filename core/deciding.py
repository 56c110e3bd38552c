"""One answer to one text or to many, from a person at a screen: one act, one transaction, new classes included."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from core.connection import Connection, transaction
from core.errors import InputError
from core.i18n import _
from core.records import Example
from core.serving import Serving
from core.show import visible
from core.store import classes, labels
from core.store.labels import Decision
from core.tasks.base import Task

Pick = Mapping[str, Any]


def give(  # noqa: PLR0913 (one act has many sides)
    con: Connection,
    task: Task[Any],
    raw: Any,
    texts: Sequence[tuple[Example, Pick]],
    annotator: str,
    *,
    open_classes: bool,
    seconds: float | None = None,
    serve: Serving | None = None,
    settles: bool = False,
) -> int:
    """Give `raw`, an answer in file form, to each text, and take in the same transaction the text that is shown next.

    `texts`: each with how it came to be asked (empty: as the queue recorded it). `settles`: what others said was known,
    and is overruled. Returns how many decisions were made. Raises InputError if this is no answer, or holds a new name
    where the list of classes is closed, and TakenError if somebody else was asked and has answered meanwhile; nothing
    has changed then.
    """
    names = task.names_in(raw)
    act = os.urandom(16).hex()
    with transaction(con):
        if not open_classes:
            _require_known(names, classes.ids(con))
        ids = classes.ensure(con, names, annotator, act=act)
        decisions = [
            Decision(
                example.id, task.encode(task.from_file(raw, ids, example.text)), pick, seconds=seconds, settles=settles
            )
            for example, pick in texts
        ]
        if serve is not None:
            serve.check(con)
        new = labels.record(con, task, decisions, annotator, act=act)
        if serve is not None:
            serve.take(con)
    return new


def skip(
    con: Connection,
    task: Task[Any],
    example: Example,
    pick: Pick,
    annotator: str,
    *,
    seconds: float | None = None,
    serve: Serving | None = None,
) -> None:
    """Put a text aside without an answer; `serve` as above."""
    with transaction(con):
        labels.record(con, task, [Decision(example.id, None, pick, seconds=seconds)], annotator)
        if serve is not None:
            serve.take(con)


def _require_known(names: Sequence[str], known: Mapping[str, int]) -> None:
    new = [name for name in names if name not in known]
    if new:
        raise InputError(
            _("There is no class {name!r}.").format(name=visible(new[0])),
            _("The list of classes of this project is closed."),
            _("Add it among the classes, or open the list with the option open_classes."),
        )
