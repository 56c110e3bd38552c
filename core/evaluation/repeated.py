"""How well a person agrees with themselves: old answers against blind second ones.

Agreement beyond chance is Cohen's kappa (1960): (observed - chance) / (1 - chance), chance from how often each class
was given the first and the second time. Where a text can have several classes, each class is a decision of its own, and
a text agrees to the share of its decisions that do. The interval is that of the observed agreement (Wilson's, a text a
trial), carried over with the chance agreement as it was counted.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.evaluation.agreement import by_chance
from core.evaluation.intervals import ENOUGH, wilson
from core.evaluation.report import Interval
from core.tasks.base import Task


@dataclass(frozen=True, slots=True)
class SelfAgreement:
    """What second answers say about first ones."""

    n: int
    """Texts answered twice."""
    same: int
    """Texts with the very same answer both times."""
    observed: float | None = None
    """Share of decisions that agree; None without texts."""
    kappa: float | None = None
    """None where it is not defined: chance alone agrees always."""
    interval: Interval | None = None
    """90 %, of kappa."""

    @property
    def enough(self) -> bool:
        """False: too few texts to tell."""
        return self.n >= ENOUGH

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "enough": self.enough}


def self_agreement(task: Task[Any], pairs: Sequence[tuple[Any, Any]]) -> SelfAgreement:
    """From (first answer, second answer) of each text."""
    n = len(pairs)
    if not n:
        return SelfAgreement(0, 0)
    sets = [(frozenset(task.classes_of(a)), frozenset(task.classes_of(b))) for a, b in pairs]
    if task.exclusive:
        decisions: list[list[tuple[object, object]]] = [list(sets)]
    else:
        classes = sorted({c for pair in sets for one in pair for c in one})
        decisions = [[(c in a, c in b) for a, b in sets] for c in classes] or [[(True, True)] * n]
    observed = sum(a == b for one in decisions for a, b in one) / (n * len(decisions))
    chance = sum(by_chance(one) for one in decisions) / len(decisions)
    same = sum(a == b for a, b in pairs)
    low, high = wilson(round(observed * n), n) or (0.0, 1.0)
    if chance >= 1.0:
        return SelfAgreement(n, same, observed)
    low, high = min(low, observed), max(high, observed)
    kappa, *ends = ((value - chance) / (1.0 - chance) for value in (observed, low, high))
    return SelfAgreement(n, same, observed, kappa, (ends[0], ends[1]))
