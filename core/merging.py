"""Two classes become one: every text of the first gets an answer with the second, and the first leaves use; one act."""

import os
from typing import Any

from core.connection import Connection, transaction
from core.errors import InputError
from core.i18n import _
from core.store import browse, classes, labels
from core.store.browse import TextFilter
from core.store.labels import Decision
from core.tasks.base import Task


def merge(con: Connection, task: Task[Any], source_id: int, target_id: int, annotator: str) -> int:
    """Merge one class into another; returns how many texts have a new answer.

    The new answers keep how their texts came to be asked, so that an audit stays an audit. Raises InputError if it is
    the same class, or the target is not in use.
    """
    act = os.urandom(16).hex()
    if source_id == target_id or target_id not in classes.active_ids(con):
        raise InputError(_("These two classes can't be merged."), "", _("Choose another class that is in use."))
    with transaction(con):
        ids = [*browse.ids(con, TextFilter(class_id=source_id, split=""))]
        standing = labels.answers_of(con, ids)
        decisions = []
        for example_id in ids:
            given = standing[example_id]
            answer = task.replaced(task.decode(given.stored or ""), source_id, target_id)
            decisions.append(Decision(example_id, task.encode(answer), labels.pick_of(con, given.seq), settles=True))
        new = labels.record(con, task, decisions, annotator, act=act)
        classes.archive_within(con, source_id, annotator, act=act)
    return new
