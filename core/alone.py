"""What the model in use answers by itself: open texts it is sure enough about, and what such answers are worth."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core import inuse, judged
from core.connection import Connection
from core.errors import RefusedError
from core.evaluation import calibration
from core.evaluation.calibration import Alone
from core.i18n import _
from core.judged import Judged
from core.predictions import Predictions
from core.project import Project
from core.store import examples

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Answered:
    """One text that the model answers by itself."""

    example_id: int
    text: str
    answer: Any
    """In the task's file form."""
    confidence: float


def answers(project: Project, con: Connection, limit: float) -> Iterator[Answered]:
    """The open texts with at least this confidence, by id, with their answers.

    Raises RefusedError if there is no model, or it does not say how sure it is.
    """
    inuse.model_in_use(project, con)
    task = project.task(con)
    found = Predictions.open(project, con)
    if found is None:
        raise RefusedError(_("There are no predictions yet."), "", _("Wait until the worker has made them."))
    with found:
        sure = dict(found.confidences())
        if not sure:
            raise RefusedError(
                _("How sure the model is of whole answers is not known."),
                _("Its predictions were made by another version, or for a task that does not say."),
                _("Label a text or two: then they are made anew."),
            )
        wanted = [i for i in examples.open_ids(con) if sure.get(i, 0.0) >= limit]
        for start in range(0, len(wanted), _CHUNK):
            for example in examples.get(con, wanted[start : start + _CHUNK]):
                said = found.suggestion(con, task, example.id)
                if said is not None:
                    yield Answered(example.id, example.text, said.value, round(sure[example.id], 4))


def sure(project: Project, found: Judged | None, subject: str) -> tuple[list[calibration.Judged], tuple[int, ...]]:
    """(confidence, whether it was right) of judged texts, and the open texts by confidence, as far as known."""
    audit = judged.load(project, subject, "audit")
    levels = audit.rest.levels if audit is not None and audit.rest is not None else ()
    texts = found.texts if found is not None else ()
    return [(t.confidence, t.gold == t.predicted) for t in texts if t.confidence is not None], levels


def expected(project: Project, con: Connection, limit: float) -> Alone:
    """How many of the open texts that is, and how many of such answers are right, by the test set or the audit."""
    subject = inuse.model_in_use(project, con).name
    test = judged.load(project, subject, "test")
    rows, levels = sure(project, test or judged.load(project, subject, "audit"), subject)
    return calibration.alone(rows, levels, limit)
