"""Whether a graph in another format of numbers still answers as the fp32 one does: two bars, in numbers and in words.

Unlabelled texts tell how often it answers the same; labelled ones, each judged by a head that never saw it, what the
other answers cost. Both compare answers through the task, whatever these are. Pure functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.collect import collect
from core.evaluation.intervals import CONFIDENCE, wilson
from core.evaluation.report import macro_f1
from core.i18n import _
from core.records import ClassCounts
from core.show import visible
from core.tasks.base import Task

AGREE = 0.99
"""Share of unlabelled texts that must be answered as before."""
FALL = 0.01
"""Macro-F1 that may be lost on labelled texts."""
DRAWS = 500
_WORST = 5
"""Classes that are named."""


@dataclass(frozen=True, slots=True)
class Suffered:
    """A class that other answers cost something."""

    name: str
    before: float | None
    """Its F1 in fp32; None where only agreement is known."""
    after: float | None
    """Its F1, or (where only agreement is known) F1 of the new answers with the old ones as truth."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often unlabelled texts are answered as in fp32."""

    n: int
    same: int
    interval: tuple[float, float] | None
    """90 % (Wilson)"""
    suffered: tuple[Suffered, ...]

    @property
    def share(self) -> float:
        """Texts with the same answer by all of them; 1 if there is none."""
        return self.same / self.n if self.n else 1.0

    @property
    def passed(self) -> bool:
        """Whether that is enough."""
        return self.share >= AGREE


@dataclass(frozen=True, slots=True)
class Fall:
    """What macro-F1 loses on labelled texts."""

    n: int
    before: float | None
    after: float | None
    fall: float
    """before − after; negative if it rose."""
    interval: tuple[float, float]
    """90 %, from texts drawn again in pairs (Efron 1979)"""
    suffered: tuple[Suffered, ...]
    learnt: bool = False
    """Whether the encoder has learnt from these texts: then only the heads never saw them."""

    @property
    def passed(self) -> bool:
        """Whether that is little enough."""
        return self.fall <= FALL


def agreement(task: Task[Any], before: Sequence[Any], after: Sequence[Any], names: Mapping[int, str]) -> Agreement:
    """Compare the answers to the same texts; `names`: of all classes, by id."""
    cells = collect(task, [(one, other, "") for one, other in zip(before, after, strict=True)])[""]
    same = task.correct(cells)
    counts = [c for c in task.class_counts(cells, list(names)) if c.fp or c.fn]
    worst = sorted(counts, key=lambda c: (c.f1 or 0.0, -c.support))[:_WORST]
    told = tuple(Suffered(names[c.class_id], None, c.f1) for c in worst)
    return Agreement(len(before), same, wilson(same, len(before)), told)


def fall(
    task: Task[Any],
    golds: Sequence[Any],
    before: Sequence[Any],
    after: Sequence[Any],
    names: Mapping[int, str],
    *,
    learnt: bool = False,
) -> Fall:
    """Hold both answers to each text against what people said."""
    ids = list(names)
    counts = [_counts(task, golds, answers, ids) for answers in (before, after)]
    scores = [macro_f1(one) for one in counts]
    pairs = zip(*counts, strict=True)
    hurt = [(one, other) for one, other in pairs if (other.f1 or 0.0) < (one.f1 or 0.0)]
    worst = sorted(hurt, key=lambda pair: (pair[1].f1 or 0.0) - (pair[0].f1 or 0.0))[:_WORST]
    told = tuple(Suffered(names[one.class_id], one.f1, other.f1) for one, other in worst)
    lost = (scores[0] or 0.0) - (scores[1] or 0.0)
    return Fall(len(golds), scores[0], scores[1], lost, _interval(task, golds, before, after, ids), told, learnt)


def _counts(task: Task[Any], golds: Sequence[Any], answers: Sequence[Any], ids: Sequence[int]) -> list[ClassCounts]:
    cells = collect(task, [(gold, answer, "") for gold, answer in zip(golds, answers, strict=True)])[""]
    return task.class_counts(cells, ids)


def _interval(
    task: Task[Any], golds: Sequence[Any], before: Sequence[Any], after: Sequence[Any], ids: Sequence[int]
) -> tuple[float, float]:
    if not golds:
        return 0.0, 0.0
    drawn = np.random.default_rng(0).multinomial(len(golds), np.full(len(golds), 1 / len(golds)), size=DRAWS)
    scores = [_drawn_f1(task, golds, answers, ids, drawn.astype(np.float64)) for answers in (before, after)]
    edge = (1 - CONFIDENCE) / 2
    low, high = np.quantile(scores[0] - scores[1], [edge, 1 - edge])
    return float(low), float(high)


def _drawn_f1(
    task: Task[Any], golds: Sequence[Any], answers: Sequence[Any], ids: Sequence[int], drawn: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Macro-F1 in each lot of texts; `drawn`: how often each text is in it, [lots, texts]."""
    parts: dict[Any, list[tuple[int, int]]] = {}
    rows = []
    for gold, answer in zip(golds, answers, strict=True):
        cells = task.compare(gold, answer)
        key = tuple(sorted(cells.items()))
        if key not in parts:
            parts[key] = [(2 * c.tp, 2 * c.tp + c.fp + c.fn) for c in task.class_counts(cells, ids)]
        rows.append(parts[key])
    told = np.array(rows, np.float64)
    hits, total = drawn @ told[:, :, 0], drawn @ told[:, :, 1]
    f1 = np.where(total > 0, hits / np.maximum(total, 1), 0.0)
    return np.asarray(f1.sum(axis=1) / np.maximum((total > 0).sum(axis=1), 1), np.float64)


def why_not(same: Agreement, lost: Fall) -> str:
    """Which bar was missed, by how much, and the classes that suffered; empty if none was."""
    parts = []
    if not same.passed:
        parts.append(
            _("{share:.2%} of {n} unlabelled texts are answered as in fp32 (needed: {least:.0%}){classes}").format(
                share=same.share, n=same.n, least=AGREE, classes=_classes(same.suffered)
            )
        )
    if not lost.passed:
        parts.append(
            _(
                "macro-F1 on {n} labelled texts falls by {fall:.1f} points ({low:+.1f} to {high:+.1f}; allowed:"
                " {most:.0f}){classes}"
            ).format(
                n=lost.n,
                fall=100 * lost.fall,
                low=100 * lost.interval[0],
                high=100 * lost.interval[1],
                most=100 * FALL,
                classes=_classes(lost.suffered),
            )
        )
    return "; ".join(parts)


def _classes(suffered: Sequence[Suffered]) -> str:
    def said(one: Suffered) -> str:
        if one.before is None:
            return f"{visible(one.name)} {one.after or 0.0:.2f}"
        return f"{visible(one.name)} {one.before:.2f} → {one.after or 0.0:.2f}"

    return _(", most in {names}").format(names=", ".join(map(said, suffered))) if suffered else ""


def as_json(same: Agreement, lost: Fall) -> dict[str, Any]:
    """Both as plain values."""
    return {
        "agreement": {**asdict(same), "share": same.share, "least": AGREE},
        "held": {**asdict(lost), "most": FALL},
        "passed": same.passed and lost.passed,
        "why": why_not(same, lost),
    }
