"""Undo and redo as tests like them: the ids of the texts they touched."""

from core.connection import Connection
from core.store import acts
from core.tasks.classify import Classify


def undo(con: Connection, task: Classify, annotator: str) -> list[int]:
    """Empty if there was nothing to undo."""
    turned = acts.undo(con, task, annotator)
    return list(turned.example_ids) if turned else []


def redo(con: Connection, task: Classify, annotator: str) -> list[int]:
    """Empty if there was nothing to redo."""
    turned = acts.redo(con, task, annotator)
    return list(turned.example_ids) if turned else []
