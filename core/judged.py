"""Which texts are behind the counts of an evaluation. Standard library only; the worker writes, the terminal reads."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from core.project import Project
from core.publish import make_dir, publish_file
from core.records import Source

DIRECTORY = "judged"


@dataclass(frozen=True, slots=True)
class JudgedText:
    """One text that was counted; both answers in their task's stored form."""

    example_id: int
    gold: str
    predicted: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The texts of one evaluation."""

    event_seq: int
    """The newest event its model had seen, as the evaluation says, too."""
    texts: tuple[JudgedText, ...]


def publish(project: Project, subject: str, source: Source, event_seq: int, texts: Sequence[JudgedText]) -> None:
    """Replace what is kept for this model and source."""
    rows = [[t.example_id, t.gold, t.predicted] for t in texts]
    make_dir(project.scores / DIRECTORY)
    publish_file(
        project.scores / DIRECTORY / _name(subject, source),
        json.dumps({"event_seq": event_seq, "texts": rows}, ensure_ascii=False).encode(),
    )


def load(project: Project, subject: str, source: Source) -> Judged | None:
    """The texts behind the newest evaluation of a model from a source; None if they are not known."""
    try:
        said = json.loads((project.scores / DIRECTORY / _name(subject, source)).read_text(encoding="utf-8"))
        return Judged(int(said["event_seq"]), tuple(JudgedText(*row) for row in said["texts"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def disagreeing(project: Project, subject: str) -> list[JudgedText]:
    """The labelled texts that the model, which had not seen them, answers in another way than the person did."""
    found = load(project, subject, "out-of-fold")
    return [] if found is None else [text for text in found.texts if text.gold != text.predicted]


def _name(subject: str, source: Source) -> str:
    return f"{subject.replace(' ', '-')}.{source}.json"
