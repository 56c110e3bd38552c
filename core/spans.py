"""Marked stretches of a text, on record and as somebody suggests them. Standard library only.

Offsets are code points into the text as it is stored, the end exclusive: `text[start:end]` is what was marked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from core.records import Suggestion

L = TypeVar("L", int, str)
"""What a label is: the id of a class on record, its name in files and on screen."""

GAZETTEER, PATTERN = "gazetteer", "pattern"
"""Sources of guesses that are no model: a list of terms, a regular expression."""


@dataclass(frozen=True, slots=True, order=True)
class Span(Generic[L]):
    """One marked stretch."""

    start: int
    """First code point."""
    end: int
    """The code point behind the last one."""
    label: L


@dataclass(frozen=True, slots=True)
class Guess:
    """One span that somebody suggests; never an answer itself."""

    span: Span[str]
    probability: float | None
    """In 0..1; None where the source has none."""
    source: str
    """`head`, `round 3`, `gazetteer`, `pattern`."""


def suggestion_of(guesses: Iterable[Guess], source: str, score: float | None = None) -> Suggestion:
    """Guesses as a suggestion; its value is an answer in file form, each span with `p` and `source` beside it.

    `score`: probability that all of them are right, and none is missing.
    """
    said = [
        {"start": g.span.start, "end": g.span.end, "label": g.span.label, "p": g.probability, "source": g.source}
        for g in sorted(guesses, key=lambda g: g.span)
    ]
    return Suggestion(said, score, source)


def guesses_of(suggestion: Suggestion | None) -> tuple[Guess, ...]:
    """The guesses of a suggestion that `suggestion_of` made, in the order of the text; none of none."""
    rows: Sequence[Mapping[str, Any]] = () if suggestion is None else suggestion.value
    return tuple(Guess(Span(r["start"], r["end"], r["label"]), r.get("p"), str(r.get("source", ""))) for r in rows)


def crossing(spans: Sequence[Span[L]]) -> tuple[Span[L], Span[L]] | None:
    """Two spans of which each has characters that the other lacks, and both share some; None if there are none."""
    return _first_pair(spans, nested=True)


def touching(spans: Sequence[Span[L]]) -> tuple[Span[L], Span[L]] | None:
    """Two spans that share characters, one inside the other or not; None if there are none."""
    return _first_pair(spans, nested=False)


def _first_pair(spans: Sequence[Span[L]], *, nested: bool) -> tuple[Span[L], Span[L]] | None:
    """The first two that share characters; with `nested`, those within each other don't count."""
    around: list[Span[L]] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        while around and around[-1].end <= span.start:
            around.pop()
        if around and (not nested or span.end > around[-1].end):
            return around[-1], span
        around.append(span)
    return None


def apart(ranked: Iterable[Span[L]]) -> list[Span[L]]:
    """Those spans, the best first, that share no characters with a better one; in the order of the text."""
    kept: list[Span[L]] = []
    for span in ranked:
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return sorted(kept)
