"""From stored counts to the numbers people read: each with its n, its interval and its source."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.evaluation.intervals import CONFIDENCE, ENOUGH, f1_interval, wilson
from core.records import ClassCounts, Evaluation
from core.tasks.base import Cells, Task

Interval = tuple[float, float]
DRAWS = 500


@dataclass(frozen=True, slots=True)
class ClassReport:
    """One class: ratios with 90 % intervals; None where nothing was counted that could tell."""

    class_id: int
    name: str
    support: int
    precision: float | None
    precision_interval: Interval | None
    recall: float | None
    recall_interval: Interval | None
    f1: float | None
    f1_interval: Interval | None


@dataclass(frozen=True, slots=True)
class Report:
    """One model on one body of evidence, or on one slice of it."""

    subject: str
    source: str
    slice: str
    """"" for all of it."""
    n: int
    enough: bool
    """False: too few texts to tell; the numbers are kept for machines, people are told so."""
    accuracy: float | None
    accuracy_interval: Interval | None
    macro_f1: float | None
    """Mean F1 over the classes that occur or were predicted."""
    macro_f1_interval: Interval | None
    classes: tuple[ClassReport, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values for `--json`."""
        return asdict(self)


def reports(task: Task[Any], evaluation: Evaluation, names: Mapping[int, str]) -> list[Report]:
    """The whole first, then each slice by name."""
    return [_report(task, evaluation, part, names) for part in sorted(evaluation.counts)]


def _report(task: Task[Any], evaluation: Evaluation, part: str, names: Mapping[int, str]) -> Report:
    cells = evaluation.counts[part]
    n = sum(cells.values())
    hits = task.correct(cells)
    counts = task.class_counts(cells, list(names))
    return Report(
        evaluation.subject,
        evaluation.source,
        part,
        n,
        n >= ENOUGH,
        hits / n if n else None,
        wilson(hits, n),
        macro_f1(counts),
        macro_f1_interval(cells, lambda drawn: task.class_counts(drawn, list(names))),
        tuple(_class_report(c, names[c.class_id]) for c in counts),
    )


def _class_report(c: ClassCounts, name: str) -> ClassReport:
    return ClassReport(
        c.class_id,
        name,
        c.support,
        c.precision,
        wilson(c.tp, c.tp + c.fp),
        c.recall,
        wilson(c.tp, c.support),
        c.f1,
        f1_interval(c.tp, c.fp, c.fn),
    )


def macro_f1(counts: Sequence[ClassCounts]) -> float | None:
    """Mean F1 over the classes that occur or were predicted; None if there are none."""
    values = [c.f1 for c in counts if c.f1 is not None]
    return sum(values) / len(values) if values else None


def macro_f1_interval(
    cells: Cells, count: Callable[[Cells], Sequence[ClassCounts]], *, draws: int = DRAWS, seed: int = 0
) -> Interval | None:
    """90 % percentile interval of macro-F1 by resampling the judged texts (Efron 1979); None without counts."""
    keys, weights = list(cells), list(cells.values())
    n = sum(weights)
    if not n:
        return None
    rng = random.Random(seed)  # noqa: S311 (statistics, not secrets)
    values = []
    for _draw in range(draws):
        sample: dict[tuple[int, ...], int] = {}
        for key in rng.choices(keys, weights, k=n):
            sample[key] = sample.get(key, 0) + 1
        values.append(macro_f1(count(sample)) or 0.0)
    values.sort()
    low = int(draws * (1 - CONFIDENCE) / 2)
    return values[low], values[draws - 1 - low]
