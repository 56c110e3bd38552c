"""Where a model fails: its errors by class, by length, by script and by whatever else is known of a text.

What counts as an error is the task's business (`Task.compare`): here a text that was not answered entirely right, and,
for a class, a text of it that was missed. Every text must have been answered by a model that had not seen it.

A part of the texts "stands out" if its errors are more frequent than in the rest by Fisher's exact test, with Holm's
correction (1979) for how many parts are looked at: who looks at fifty parts finds a bad one by chance.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from core.evaluation.intervals import ENOUGH, wilson
from core.evaluation.report import Interval
from core.records import ClassCounts
from core.tasks.base import Task

LENGTHS = (20, 40, 80, 160, 320, 640, 1280)
"""Characters up to which a text belongs to a band of lengths."""
MOST_VALUES = 20
"""Values of a column that become parts of their own, the most frequent ones."""
LEAST_SHARED = 2
"""Texts that must have a value for it to be one of those."""
QUARTERS = 4
LEVEL = 0.05
"""Chance that any part of a project stands out where none is worse than the rest."""
CLASS, LENGTH, SCRIPT, COLUMN = "class", "length", "script", "column"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One text that a model answered without having seen it."""

    example_id: int
    text: str
    meta: Mapping[str, Any]
    gold: Any
    """What the person answered, as a value of the task."""
    predicted: Any
    """What the model answered."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the texts, and how many of them were answered wrongly."""

    kind: str
    """`class`, `length`, `script` or `column`."""
    of: str
    """Which column; empty for the others."""
    name: str
    """Its class, band, script or value; data, perhaps."""
    n: int
    """Texts in it; for a class, those that people gave it."""
    wrong: int
    rest_n: int
    """Texts outside of it that it is compared with."""
    rest_wrong: int
    stands_out: bool = False
    """Worse than the rest, beyond chance."""
    example_ids: tuple[int, ...] = ()
    """The texts that were answered wrongly."""
    class_id: int | None = None
    """Set for a class."""

    @property
    def enough(self) -> bool:
        """False: too few texts to tell."""
        return self.n >= ENOUGH

    @property
    def rate(self) -> float | None:
        """Share of its texts that were answered wrongly; None without texts."""
        return self.wrong / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        """90 % interval of that share."""
        return wilson(self.wrong, self.n)

    def as_json(self) -> dict[str, Any]:
        """Plain values; `rate` and `interval` are there for programs even where there are too few to tell."""
        return {**asdict(self), "rate": self.rate, "interval": self.interval, "enough": self.enough}


Names = Mapping[int, str]


def parts(task: Task[Any], outcomes: Sequence[Outcome], names: Names, script_of: Callable[[str], str]) -> list[Part]:
    """Errors by class, then by length, script and column; within each kind in its own order.

    `script_of`: the writing of a text. A kind with fewer than two parts says nothing and is left out.
    """
    wrong = {outcome.example_id: is_wrong(task, outcome) for outcome in outcomes}
    found = [*_classes(task, outcomes, names)]
    keyed: list[tuple[str, str, dict[str, list[Outcome]], _Order]] = [
        (LENGTH, "", _grouped(outcomes, lambda o: _band(len(o.text))), _band_order),
        (SCRIPT, "", _grouped(outcomes, lambda o: script_of(o.text)), None),
        *((COLUMN, column, groups, order) for column, groups, order in _columns(outcomes)),
    ]
    for kind, of, groups, order in keyed:
        if len(groups) > 1:
            found += _compared(kind, of, groups, outcomes, wrong, order)
    return _with_marks(found)


def is_wrong(task: Task[Any], outcome: Outcome) -> bool:
    """Whether the text was not answered entirely right."""
    cells = task.compare(outcome.gold, outcome.predicted)
    return task.correct(cells) < sum(cells.values())


def counts_of(task: Task[Any], outcome: Outcome) -> list[ClassCounts]:
    """What the text adds to the counts of the classes that are in it, or that the model saw in it."""
    ids = sorted({*task.classes_of(outcome.gold), *task.classes_of(outcome.predicted)})
    return task.class_counts(task.compare(outcome.gold, outcome.predicted), ids)


def _classes(task: Task[Any], outcomes: Sequence[Outcome], names: Names) -> list[Part]:
    """Each class that people gave: how many of its texts the model missed."""
    missed: defaultdict[int, list[int]] = defaultdict(list)
    given, lost = Counter[int](), Counter[int]()
    for outcome in outcomes:
        for count in counts_of(task, outcome):
            given[count.class_id] += count.support
            lost[count.class_id] += count.fn
            if count.fn:
                missed[count.class_id].append(outcome.example_id)
    n, wrong = given.total(), lost.total()
    return [
        Part(CLASS, "", name, given[c], lost[c], n - given[c], wrong - lost[c], False, tuple(missed[c]), c)
        for c, name in names.items()
        if given[c]
    ]


def _grouped(outcomes: Iterable[Outcome], key: Callable[[Outcome], str]) -> dict[str, list[Outcome]]:
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(key(outcome), []).append(outcome)
    return groups


def _compared(
    kind: str,
    of: str,
    groups: Mapping[str, Sequence[Outcome]],
    outcomes: Sequence[Outcome],
    wrong: Mapping[int, bool],
    order: "_Order",
) -> list[Part]:
    total = sum(wrong[o.example_id] for o in outcomes)
    ranked = sorted(groups, key=order or (lambda name: (-len(groups[name]), name)))
    found = []
    for name in ranked:
        ids = tuple(o.example_id for o in groups[name] if wrong[o.example_id])
        n = len(groups[name])
        found.append(Part(kind, of, name, n, len(ids), len(outcomes) - n, total - len(ids), False, ids))
    return found


def _band(length: int) -> str:
    below = 0
    for limit in LENGTHS:
        if length <= limit:
            return f"{below + 1}–{limit}" if below else f"0–{limit}"
        below = limit
    return f"{below + 1}–"


def _band_order(name: str) -> int:
    return int(name.partition("–")[0])


_Order = Callable[[str], Any] | None
_Column = tuple[str, dict[str, list[Outcome]], _Order]


def _columns(outcomes: Sequence[Outcome]) -> list[_Column]:
    """Every column of the texts' rows by its values; numbers that hardly repeat by their quarters."""
    found: list[_Column] = []
    for column in dict.fromkeys(name for outcome in outcomes for name in outcome.meta):
        having = [o for o in outcomes if _value(o, column) is not None]
        times = Counter(str(_value(o, column)) for o in having)
        numbers = [number for o in having if (number := _number(_value(o, column))) is not None]
        if len(times) > MOST_VALUES and len(numbers) == len(having):
            found.append((column, _grouped(having, partial(_quarter, column, _cuts(numbers))), _quarter_order))
            continue
        own = {name for name, n in times.most_common(MOST_VALUES) if n >= LEAST_SHARED}
        some = [o for o in having if str(_value(o, column)) in own]
        found.append((column, _grouped(some, partial(_said, column)), None))
    return found


def _said(column: str, outcome: Outcome) -> str:
    return str(_value(outcome, column))


def _value(outcome: Outcome, column: str) -> str | int | float | bool | None:
    """The cell, if it is one value: lists and records are no parts, and a blank cell says nothing."""
    value = outcome.meta.get(column)
    if isinstance(value, str):
        return value.strip() or None
    return value if isinstance(value, bool | int | float) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _cuts(numbers: Sequence[float]) -> list[float]:
    """The upper ends of all quarters but the last, each once."""
    ranked = sorted(numbers)
    ends = (ranked[math.ceil(len(ranked) * q / QUARTERS) - 1] for q in range(1, QUARTERS))
    return [end for end in dict.fromkeys(ends) if end < ranked[-1]]


def _quarter(column: str, cuts: Sequence[float], outcome: Outcome) -> str:
    number = _number(_value(outcome, column)) or 0.0
    place = sum(number > cut for cut in cuts)
    if place == len(cuts):
        return f"> {cuts[-1]:g}" if cuts else "all"
    return f"≤ {cuts[0]:g}" if place == 0 else f"> {cuts[place - 1]:g} ≤ {cuts[place]:g}"


def _quarter_order(name: str) -> tuple[float, int]:
    if name.startswith("≤"):
        return float(name.split()[1]), 0
    return (float(name.split()[1]), 1) if name.startswith(">") else (0.0, 0)


def _with_marks(found: Sequence[Part]) -> list[Part]:
    """Holm's procedure over all parts that are large enough to tell."""
    told = [i for i, part in enumerate(found) if part.enough and part.rest_n]
    chance = {i: worse_by_chance(found[i].wrong, found[i].n, found[i].rest_wrong, found[i].rest_n) for i in told}
    marked = set[int]()
    for rank, i in enumerate(sorted(told, key=lambda i: chance[i])):
        if chance[i] > LEVEL / (len(told) - rank):
            break
        marked.add(i)
    return [replace(part, stands_out=True) if i in marked else part for i, part in enumerate(found)]


def worse_by_chance(wrong: int, n: int, rest_wrong: int, rest_n: int) -> float:
    """Probability of as many wrong texts in the part, or more, if errors fell on all texts alike (Fisher 1935)."""
    total, errors = n + rest_n, wrong + rest_wrong
    most = min(n, errors)
    whole = _log_choose(total, errors)
    tail = (
        math.exp(_log_choose(n, k) + _log_choose(rest_n, errors - k) - whole)
        for k in range(wrong, most + 1)
        if errors - k <= rest_n
    )
    return min(1.0, sum(tail))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
