"""How far the people of a project agree, told in one report: for `handful agreement` and the screen People."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from core.connection import Connection
from core.evaluation import agreement
from core.evaluation.agreement import Agreement
from core.store import people
from core.store.people import Person
from core.tasks.base import Task


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people."""

    first: str
    second: str
    n: int
    """Texts that both have answered."""
    same: int
    """Of these, how many in the same way."""
    kappa: Agreement
    """Cohen's kappa; for tasks whose answers can be alike in part, Krippendorff's alpha of the two."""


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to tell."""

    people: tuple[Person, ...]
    shared: int
    """Texts that two or more people have answered on their own."""
    same: int
    """Of these, how many all in the same way."""
    alpha: Agreement
    """Krippendorff's alpha."""
    fleiss: Agreement | None
    """Fleiss' kappa, of the texts with `raters` answers; None for tasks whose answers can be alike in part."""
    raters: int
    pairs: tuple[Pair, ...]
    classes: Mapping[int, Agreement]
    """class id → alpha of whether a text has that class, for every class that somebody gave to a shared text."""
    contested: int
    """Texts that wait for somebody to settle them."""


def report(con: Connection, task: Task[Any]) -> Report:
    """Everything at once; takes up to some seconds where thousands of texts are shared."""
    said = people.independent(con)
    ratings = [tuple(by_person.values()) for by_person in said.values()]
    rated = agreement.most_rated(ratings)
    apart = distance(task)
    return Report(
        tuple(people.everybody(con)),
        len(ratings),
        sum(len(set(row)) == 1 for row in ratings),
        agreement.alpha(ratings, apart),
        agreement.fleiss(rated) if task.exclusive else None,
        len(rated[0]) if rated else 0,
        tuple(_pairs(said, task, apart)),
        _by_class(ratings, task),
        len(people.contested(con)),
    )


def distance(task: Task[Any]) -> Callable[[str, str], float]:
    """How far two stored answers are apart: one less F1 of the one against the other, counted as the task counts.

    Where a text has one class, that is 0 or 1; for sets and spans, what they share counts.
    """
    if task.exclusive:
        return agreement.differ

    def apart(first: str, second: str) -> float:
        if first == second:
            return 0.0
        one, other = task.decode(first), task.decode(second)
        ids = sorted({*task.classes_of(one), *task.classes_of(other)})
        counts = task.class_counts(task.compare(one, other), ids)
        right, wrong = sum(c.tp for c in counts), sum(c.fp + c.fn for c in counts)
        return 1.0 - 2 * right / (2 * right + wrong) if right + wrong else 0.0

    return apart


def _pairs(said: Mapping[int, Mapping[str, str]], task: Task[Any], apart: Callable[[str, str], float]) -> list[Pair]:
    names = sorted({name for by_person in said.values() for name in by_person})
    found = []
    for first, second in combinations(names, 2):
        both = [(by[first], by[second]) for by in said.values() if first in by and second in by]
        if both:
            kappa = agreement.cohen(both) if task.exclusive else agreement.alpha(both, apart)
            found.append(Pair(first, second, len(both), sum(a == b for a, b in both), kappa))
    return found


def _by_class(ratings: list[tuple[str, ...]], task: Task[Any]) -> dict[int, Agreement]:
    given = [[frozenset(task.classes_of(task.decode(stored))) for stored in row] for row in ratings]
    ids = sorted({class_id for row in given for answer in row for class_id in answer})
    return {c: agreement.alpha([[c in answer for answer in row] for row in given]) for c in ids}
