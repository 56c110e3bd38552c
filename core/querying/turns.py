"""Classes take turns: the one that lacks labels most names the next text to ask.

Strategies that ask on behalf of classes line up rows for each of them and leave the order to this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.querying import reasons
from core.querying.base import Pick, PoolView
from core.querying.pool import label_counts, named
from core.querying.twins import Chooser
from core.querying.typical import typical
from core.records import Reason

Lines = Mapping[int, tuple[NDArray[np.int64], NDArray[np.float32]]]
"""class id → rows it would ask for, the best first, and how well each serves it, above 0."""
LINE = 500
"""Texts each class may offer at most."""


def in_turns(view: PoolView, n: int, rng: np.random.Generator, lines: Lines, strategy: str, kind: str) -> list[Pick]:
    """`n` open rows: those the classes ask for, with reasons of one kind, then typical ones."""
    chooser, counts = Chooser(view, n, rng), label_counts(view)
    asked_for = take_turns(chooser, counts, lines)
    others = {pick.row: pick for pick in typical(view, n, rng)} if chooser.missing else {}
    chooser.offer_all(np.array(list(others), np.int64))

    def pick(row: int) -> Pick:
        if row not in asked_for:
            return others.get(row, Pick(row, strategy, Reason(reasons.REST)))
        args = {"label": named(view, asked_for[row]), "n": counts.get(asked_for[row], 0)}
        return Pick(row, strategy, Reason(kind, args))

    return [pick(row) for row in chooser.rows()]


@dataclass(slots=True)
class _Line:
    """The texts one class would ask for, the best first."""

    rows: list[int]
    values: list[float]
    labels: int
    """Labels it has, and those it will have once the picks before are answered as hoped."""
    place: int = field(default=0)

    def worth(self, most: int) -> float:
        """Value of the next text × shortage of labels; the shortage is above 0 and at most 1."""
        return self.values[self.place] * (1.0 - self.labels / (most + 1.0))


def take_turns(chooser: Chooser, counts: Mapping[int, int], lines: Lines) -> dict[int, int]:
    """Let classes offer rows until the chooser is full or all have run out; returns row → class it was asked for.

    `counts`: class id → labels so far. A row that is refused as a twin costs its class no turn.
    """
    waiting = {c: _Line(r.tolist(), v.tolist(), counts.get(c, 0)) for c, (r, v) in lines.items() if len(r)}
    most = max(counts.values(), default=0)
    asked_for: dict[int, int] = {}
    while waiting and chooser.missing:
        class_id = max(waiting, key=lambda c: waiting[c].worth(most))
        line = waiting[class_id]
        row = line.rows[line.place]
        line.place += 1
        if row not in asked_for and chooser.offer(row):
            asked_for[row] = class_id
            line.labels += 1
            most = max(most, line.labels)
        if line.place == len(line.rows):
            del waiting[class_id]
    return asked_for
