"""Labels that look wrong, as the worker finds them. Standard library only; the worker writes, the terminal reads."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from core.project import Project
from core.publish import make_dir, publish_file

DIRECTORY = "suspects"
COPIES = "copies.json"
SINCE = ", labels since"
"""Behind the name of a round: what was found about labels given after it."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Doubted:
    """An answer that models which had not seen the text speak against; all answers in their task's stored form."""

    example_id: int
    stored: str
    """The answer that was judged."""
    suggested: str
    """What they would answer."""
    doubt: float
    """How much speaks against the answer, 0..1; above one half they find another answer likelier."""
    confident: bool
    """Whether they are as sure of the other answer as they usually are where it is right."""
    nearest: int = 0
    """The text most like it among those that people answered as they suggest; 0 if there is none."""
    odds: float = 0.0
    """How many times as likely as what was given they find another choice, where it is most doubtful; 0: not told."""


@dataclass(frozen=True, slots=True)
class Copies:
    """Two near-identical texts with different answers, in their task's stored form."""

    one: int
    stored: str
    other: int
    other_stored: str
    alike: float
    """Share of their letters' runs that both have."""
    carried: str = ""
    """The answer to the other as it would be for the one: that itself, but for answers about places in a text."""
    back: str = ""
    """And the other way round."""


@dataclass(frozen=True, slots=True)
class Checked:
    """All doubted answers of one model."""

    subject: str
    """Which model: `head` or `round 3`."""
    event_seq: int
    """The newest event it had seen."""
    n: int
    """How many answers were judged."""
    doubted: tuple[Doubted, ...]
    """Those worth a look, the most suspicious first."""


def publish(project: Project, checked: Checked) -> None:
    """Replace what is kept for this model."""
    _write(project, _name(checked.subject), asdict(checked))


def publish_copies(project: Project, found: Sequence[Copies]) -> None:
    """Replace the pairs of near-copies."""
    _write(project, COPIES, [asdict(pair) for pair in found])


def found_by(project: Project, subject: str) -> Checked | None:
    """What was found about all labels, those given after the model's round included; None if that is not known."""
    found = [one for one in (load(project, subject), load(project, subject + SINCE)) if one is not None]
    if not found:
        return None
    doubted = sorted((doubt for one in found for doubt in one.doubted), key=lambda doubt: -doubt.doubt)
    return Checked(subject, max(one.event_seq for one in found), sum(one.n for one in found), tuple(doubted))


def load(project: Project, subject: str) -> Checked | None:
    """What was found by one name last; None if that is not known."""

    def read(said: dict[str, object]) -> Checked:
        rows: Sequence[dict[str, object]] = said["doubted"]  # type: ignore[assignment]
        fields = {**said, "doubted": tuple(Doubted(**row) for row in rows)}  # type: ignore[arg-type]
        return Checked(**fields)  # type: ignore[arg-type]

    return _read(project, _name(subject), read)


def load_copies(project: Project) -> tuple[Copies, ...]:
    """The pairs of near-copies found last."""

    def read(said: Sequence[dict[str, object]]) -> tuple[Copies, ...]:
        return tuple(Copies(**row) for row in said)  # type: ignore[arg-type]

    return _read(project, COPIES, read) or ()


def _write(project: Project, name: str, value: object) -> None:
    make_dir(project.scores / DIRECTORY)
    publish_file(project.scores / DIRECTORY / name, json.dumps(value, ensure_ascii=False).encode())


def _read(project: Project, name: str, read: Callable[..., T]) -> T | None:
    """What a file says; None if it is not there or says something else (files are untrusted)."""
    try:
        return read(json.loads((project.scores / DIRECTORY / name).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _name(subject: str) -> str:
    return f"{subject.replace(',', '').replace(' ', '-')}.json"
