"""How well a person agrees with themselves: old answers against blind second ones.

Agreement beyond chance is Cohen's kappa (`core.evaluation.agreement`). Where a text can have several classes, each
class is a decision of its own, and a text agrees to the share of its decisions that do. The interval is that of the
observed agreement (Wilson's, a text a trial), carried over with the chance agreement as it was counted.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.evaluation.agreement import beyond_chance, by_chance, cohen_of, observed
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
    share, same = observed(decisions), sum(a == b for a, b in pairs)
    found = cohen_of(decisions).value
    if found is None:
        return SelfAgreement(n, same, share)
    chance = sum(map(by_chance, decisions)) / len(decisions)
    low, high = wilson(round(share * n), n) or (0.0, 1.0)
    ends = (beyond_chance(min(low, share), chance), beyond_chance(max(high, share), chance))
    return SelfAgreement(n, same, share, found, ends)
