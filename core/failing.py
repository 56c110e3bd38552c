"""Where the model in use fails, from the texts that were judged. Standard library only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core import inuse, judged
from core.connection import Connection
from core.evaluation.confused import Confusion, confusions
from core.evaluation.slices import Outcome, Part, is_wrong, parts
from core.project import Project
from core.records import Source
from core.script import script_of
from core.store import classes, examples, models
from core.tasks.base import Task

SOURCES: tuple[Source, ...] = ("test", "out-of-fold", "audit")
"""Where evidence is looked for, in this order: all of it from models that had not seen the texts."""


@dataclass(frozen=True, slots=True)
class Failures:
    """The errors of one model on one body of evidence."""

    subject: str
    source: Source | None
    """None: nothing was judged."""
    n: int
    wrong: int
    """Texts that were not answered entirely right."""
    parts: tuple[Part, ...] = ()
    confusions: tuple[Confusion, ...] = ()


def failures(project: Project, con: Connection, source: Source | None = None) -> Failures:
    """Errors on the texts from one source; without one, from the first that was judged."""
    task, names = project.task(con), classes.names(con)
    subject = inuse.source_name(models.encoder_in_use(con))
    for wanted in (source,) if source else SOURCES:
        found = judged.load(project, subject, wanted)
        outcomes = _outcomes(con, task, found.texts, frozenset(names)) if found else []
        if outcomes:
            told = parts(task, outcomes, names, script_of)
            wrong = sum(is_wrong(task, outcome) for outcome in outcomes)
            return Failures(subject, wanted, len(outcomes), wrong, tuple(told), tuple(confusions(task, outcomes)))
    return Failures(subject, source, 0, 0)


def _outcomes(
    con: Connection, task: Task[Any], texts: Sequence[judged.JudgedText], known: frozenset[int]
) -> list[Outcome]:
    """The judged texts that are still there, with classes that still are."""
    there = {example.id: example for example in examples.get(con, [text.example_id for text in texts])}
    found = []
    for text in texts:
        example = there.get(text.example_id)
        gold, predicted = task.decode(text.gold), task.decode(text.predicted)
        if example is not None and {*task.classes_of(gold), *task.classes_of(predicted)} <= known:
            found.append(Outcome(example.id, example.text, example.meta, gold, predicted))
    return found
