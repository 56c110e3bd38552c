"""From stored counts to the numbers people read: each with its n, its interval and its source."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.evaluation.intervals import CONFIDENCE, ENOUGH, f1_interval, mean_interval, wilson
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
    """90 % interval of macro-F1; None without counts.

    Percentiles over resampled texts (Efron 1979), widened to what follows from the intervals of the classes. The first
    is far too narrow where a model made few mistakes (none: no width at all), the second where classes share them.
    """
    seen = [c for c in count(cells) if c.f1 is not None]
    if not seen:
        return None
    low, high = mean_interval([c.f1 or 0.0 for c in seen], [f1_interval(c.tp, c.fp, c.fn) or (0.0, 1.0) for c in seen])
    values = sorted(macro_f1(count(drawn)) or 0.0 for drawn in _resampled(cells, draws, seed))
    edge = round(draws * (1 - CONFIDENCE) / 2)
    return min(low, values[edge]), max(high, values[-1 - edge])


def _resampled(cells: Cells, draws: int, seed: int) -> Iterator[Cells]:
    """As many counts of as many texts, drawn with replacement from those that were judged."""
    import numpy as np  # here, for the terminal imports this module before its first frame

    keys = sorted(cells)
    weights = np.array([cells[key] for key in keys], np.int64)
    n = int(weights.sum())
    for drawn in np.random.default_rng(seed).multinomial(n, weights / n, size=draws):
        yield {key: int(times) for key, times in zip(keys, drawn, strict=True) if times}
