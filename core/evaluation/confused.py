"""Which class is taken for which, most often, with the texts and the words that tip the model.

Works for every task that counts by class: a text with a class that was missed and one that was wrongly given is a
confusion of the two; where only one of these happened, the other side is nobody's (None).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.evaluation.intervals import wilson
from core.evaluation.report import Interval
from core.evaluation.slices import Outcome, counts_of
from core.evaluation.tipping import Tip, bag_of, counted, tipping
from core.tasks.base import Task

LEAST = 3
"""Confused texts below which no word can be said to tip."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """A class that was taken for another."""

    gold: int | None
    """Class that people gave and the model missed; None: it was given in addition."""
    answered: int | None
    """Class that the model gave wrongly; None: it gave nothing instead."""
    n: int
    """Texts."""
    of: int
    """Texts that people gave the class `gold`; where that is None, texts that the model gave `answered`."""
    example_ids: tuple[int, ...]
    tips: tuple[Tip, ...]
    """Words that speak for the mistake; empty where there are too few texts to tell, or no word does."""

    @property
    def share(self) -> float:
        """n / of."""
        return self.n / self.of

    @property
    def interval(self) -> Interval | None:
        """90 % interval of the share."""
        return wilson(self.n, self.of)

    def as_json(self, names: Mapping[int, str]) -> dict[str, Any]:
        """Plain values, classes by name."""
        gold, answered = (None if c is None else names.get(c) for c in (self.gold, self.answered))
        return {**asdict(self), "gold": gold, "answered": answered, "share": self.share, "interval": self.interval}


_Key = tuple[int | None, int | None]


def confusions(task: Task[Any], outcomes: Sequence[Outcome]) -> list[Confusion]:
    """All pairs that occurred, those with most texts first."""
    behind: defaultdict[_Key, list[Outcome]] = defaultdict(list)
    right: defaultdict[int, list[Outcome]] = defaultdict(list)
    given: defaultdict[int, int] = defaultdict(int)
    answered: defaultdict[int, int] = defaultdict(int)
    for outcome in outcomes:
        counts = counts_of(task, outcome)
        missed: list[int | None] = [c.class_id for c in counts if c.fn]
        wrongly: list[int | None] = [c.class_id for c in counts if c.fp]
        for c in counts:
            given[c.class_id] += c.support
            answered[c.class_id] += c.tp + c.fp
            if c.tp:
                right[c.class_id].append(outcome)
        if missed or wrongly:
            for key in ((gold, other) for gold in missed or [None] for other in wrongly or [None]):
                behind[key].append(outcome)
    bags = {outcome.example_id: bag_of(outcome.text) for outcome in outcomes}
    everywhere = counted(bags.values())

    def tips_of(texts: Sequence[Outcome], against: Sequence[Outcome]) -> tuple[Tip, ...]:
        if len(texts) < LEAST:
            return ()
        one, other = ([bags[outcome.example_id] for outcome in some] for some in (texts, against))
        return tuple(tipping(one, other, everywhere))

    found = []
    for (gold, other), texts in behind.items():
        of = given[gold] if gold is not None else answered[other] if other is not None else 0
        against = right[gold] if gold is not None else right[other] if other is not None else []
        ids = tuple(outcome.example_id for outcome in texts)
        found.append(Confusion(gold, other, len(texts), of, ids, tips_of(texts, against)))
    return sorted(found, key=lambda c: (-c.n, -c.share, c.gold or 0, c.answered or 0))
