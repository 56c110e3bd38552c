"""Which texts are behind the counts of an evaluation. Standard library only; the worker writes, the terminal reads."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.evaluation.estimates import Rest
from core.project import Project
from core.publish import make_dir, publish_file
from core.records import Evaluation, Source

DIRECTORY = "judged"


@dataclass(frozen=True, slots=True)
class JudgedText:
    """One text that was counted; both answers in their task's stored form."""

    example_id: int
    gold: str
    predicted: str
    confidence: float | None = None
    """Probability in 0..1 at which the model held its answer right; None where it does not say."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A text that was drawn from those that the model answered by itself, and has been answered by a person since."""

    confidence: float
    """That of a model that had not seen the person's answer."""
    right: bool
    above: float
    """The confidence from which on texts were left to the model when it was drawn: it stands for those alone."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What else tells whether confidence means what it says."""

    pieces: Sequence[tuple[float, bool]] = ()
    """(confidence in 0..1, whether it is right) of each piece of an answer, for tasks whose answers have such."""
    spots: Sequence[Spot] = ()
    """Answers of the model that people checked, beside texts that were drawn from all."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The texts of one evaluation."""

    event_seq: int
    """The newest event its model had seen, as the evaluation says, too."""
    texts: tuple[JudgedText, ...]
    precision: Mapping[int, float] = field(default_factory=dict)
    """class id → average precision of the scores behind the answers; empty where they are not known."""
    rest: Rest | None = None
    """What is known of the pool beside these texts, if they were drawn at random from it."""
    trust: Trust = Trust()


def publish(
    project: Project,
    subject: str,
    source: Source,
    event_seq: int,
    texts: Sequence[JudgedText],
    precision: Mapping[int, float] | None = None,
    rest: Rest | None = None,
    trust: Trust = Trust(),
) -> None:
    """Replace what is kept for this model and source."""
    ranked = {str(class_id): value for class_id, value in (precision or {}).items()}
    rows = [[t.example_id, t.gold, t.predicted, t.confidence] for t in texts]
    said = {
        "event_seq": event_seq,
        "texts": rows,
        "precision": ranked,
        "rest": rest.as_json() if rest else None,
        "spots": [[one.confidence, one.right, one.above] for one in trust.spots],
        "pieces": [[round(sure, 4), right] for sure, right in trust.pieces],
    }
    make_dir(project.scores / DIRECTORY)
    publish_file(
        project.scores / DIRECTORY / _name(subject, source),
        json.dumps(said, ensure_ascii=False).encode(),
    )


def load(project: Project, subject: str, source: Source) -> Judged | None:
    """The texts behind the newest evaluation of a model from a source; None if they are not known."""
    try:
        said = json.loads((project.scores / DIRECTORY / _name(subject, source)).read_text(encoding="utf-8"))
        ranked = {int(class_id): float(value) for class_id, value in said.get("precision", {}).items()}
        rest = Rest.from_json(said["rest"]) if said.get("rest") else None
        pieces = tuple((float(sure), bool(right)) for sure, right in said.get("pieces", ()))
        spots = tuple(Spot(float(p), bool(right), float(above)) for p, right, above in said.get("spots", ()))
        texts = tuple(JudgedText(*row) for row in said["texts"])
        return Judged(int(said["event_seq"]), texts, ranked, rest, Trust(pieces, spots))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def behind(project: Project, evaluation: Evaluation) -> Judged | None:
    """The texts that an evaluation counts, and what belongs to it; None if others were judged since."""
    found = load(project, evaluation.subject, evaluation.source)
    return found if found is not None and found.event_seq == evaluation.event_seq else None


def beside(found: Judged | None) -> tuple[Mapping[int, float], Rest | None]:
    """What a report takes from the texts beside their counts: average precision by class, and the rest of the pool."""
    return ({}, None) if found is None else (found.precision, found.rest)


def precision_of(project: Project, evaluation: Evaluation) -> Mapping[int, float]:
    """Average precision by class for an evaluation; empty where it is not known."""
    found = behind(project, evaluation)
    return found.precision if found is not None else {}


def disagreeing(project: Project, subject: str) -> list[JudgedText]:
    """The labelled texts that the model, which had not seen them, answers in another way than the person did."""
    found = load(project, subject, "out-of-fold")
    return [] if found is None else [text for text in found.texts if text.gold != text.predicted]


def _name(subject: str, source: Source) -> str:
    return f"{subject.replace(' ', '-')}.{source}.json"
