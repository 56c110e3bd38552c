"""What the model in use answers by itself: open texts it is sure enough about, and what such answers are worth."""

from collections.abc import Iterator, Sequence
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
from core.records import Source
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


@dataclass(frozen=True, slots=True)
class Evidence:
    """What tells whether confidence means what it says, as far as it is known."""

    judged: Sequence[calibration.Judged] = ()
    """Of texts as a whole."""
    levels: Sequence[int] = ()
    """Open texts by confidence, in hundredths."""
    spots: Sequence[tuple[float, bool, float]] = ()
    """Texts that were drawn from those that the model answered by itself, as `calibration.alone` takes them."""
    pieces: Sequence[calibration.Judged] = ()
    """Of the pieces of answers, for tasks whose answers have such."""

    def alone(self, limit: float) -> Alone:
        """What comes of answering alone from there on."""
        return calibration.alone(self.judged, self.levels, limit, self.spots)


def evidence(project: Project, found: Judged | None, subject: str, source: Source) -> Evidence:
    """That of the texts that were judged from a source.

    Spot checks join those that stand for the pool, too: labelled texts out of fold were picked.
    """
    audit = judged.load(project, subject, "audit")
    levels = audit.rest.levels if audit is not None and audit.rest is not None else ()
    if found is None:
        return Evidence((), levels)
    texts = [(t.confidence, t.gold == t.predicted) for t in found.texts if t.confidence is not None]
    checks = audit.trust.spots if audit is not None and source != "out-of-fold" else ()
    spots = [(spot.confidence, spot.right, spot.above) for spot in checks]
    return Evidence(texts, levels, spots, found.trust.pieces)


def expected(project: Project, con: Connection, limit: float) -> Alone:
    """How many of the open texts that is, and how many of such answers are right.

    By the test set or the audit, and by what was checked of the model's own answers since.
    """
    subject = inuse.model_in_use(project, con).name
    source: Source = "test" if judged.load(project, subject, "test") else "audit"
    return evidence(project, judged.load(project, subject, source), subject, source).alone(limit)
