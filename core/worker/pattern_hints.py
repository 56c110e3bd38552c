"""What typed patterns find in the pool, for picking: where they point to a class, and where a tagger sees nothing.

Patterns are people's, not a model's: before there is a model texts with a hint are worth more, a class without any
label is looked for where they point to it, and a text is in doubt where they mark what the tagger leaves out.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import clock
from core.connection import Connection
from core.errors import InputError
from core.patterns import Patterns, parsed
from core.project import Project
from core.spans import Span
from core.store import classes, examples, patterns
from core.training.tagger import Found

SECONDS = 1.0
"""For one refresh; the texts that are not reached are looked at in the next ones."""
PIECE = 256
WORTH = 0.5
"""How much of what a text lacks in promise or doubt a hint makes up for."""

Hints = Mapping[int, Sequence[Span[str]]]
"""Place among the cached texts → what the patterns mark in it; texts without a mark are left out."""


class PatternHints:
    """What was found so far, as long as the patterns stay the same."""

    def __init__(self) -> None:
        self._about: tuple[Path, str] | None = None
        self._found: dict[int, tuple[Span[str], ...]] = {}

    def of(self, project: Project, con: Connection, ids: Sequence[int]) -> Hints:
        """The hints of classes in use for the texts with these ids, by their places among them."""
        text = patterns.current(con)
        if self._about != (project.root, text):
            self._about, self._found = (project.root, text), {}
        try:
            rules = parsed(text)
        except InputError:  # written by a newer version of Handful
            return {}
        if not rules.labels:
            return {}
        self._look(con, rules, [i for i in ids if i not in self._found])
        names = classes.ids(con)
        hints = {row: [s for s in self._found.get(i, ()) if s.label in names] for row, i in enumerate(ids)}
        return {row: spans for row, spans in hints.items() if spans}

    def _look(self, con: Connection, rules: Patterns, ids: Sequence[int]) -> None:
        end = clock.monotonic() + SECONDS
        for start in range(0, len(ids), PIECE):
            for example in examples.get(con, ids[start : start + PIECE]):
                self._found[example.id] = tuple(guess.span for guess in rules.guesses(example.text))
            if clock.monotonic() > end:
                return


def pointing_to(
    hints: Hints, seeded: Mapping[int, NDArray[np.int64]], missing: Mapping[str, int]
) -> dict[int, NDArray[np.int64]]:
    """Rows that may hold a class nobody has labelled: `seeded`, and those with a hint of it.

    `missing`: name → id of such classes.
    """
    found = dict(seeded)
    for name, class_id in missing.items():
        rows = [row for row, spans in hints.items() if any(span.label == name for span in spans)]
        if rows:
            found[class_id] = np.union1d(found.get(class_id, np.empty(0, np.int64)), np.array(rows, np.int64))
    return found


def raised(values: NDArray[np.float32], rows: Sequence[int]) -> NDArray[np.float32]:
    """`values` [n] in 0..1, those of some rows nearer to one."""
    found = values.copy()
    found[list(rows)] += WORTH * (1.0 - found[list(rows)])
    return found


def left_out(hints: Hints, found: Sequence[Sequence[Found]], names: Mapping[int, str]) -> list[int]:
    """Rows where something is hinted at that shares no character with a span of its class that was found."""
    return [row for row, spans in hints.items() if not all(_met(span, found[row], names) for span in spans)]


def _met(span: Span[str], found: Sequence[Found], names: Mapping[int, str]) -> bool:
    return any(
        names[one.span.label] == span.label and one.span.start < span.end and span.start < one.span.end for one in found
    )
