"""From stored counts to the numbers people read: each with its n, its interval and its source."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, cast

from core.evaluation.estimates import Frame, Rest, accuracy
from core.evaluation.intervals import CONFIDENCE, ENOUGH, f1_of, mean_interval, wilson
from core.records import ClassCounts, Evaluation
from core.tasks.base import Cells, Task

if TYPE_CHECKING:  # numpy is imported where it is used: the terminal imports this module before its first frame
    import numpy as np
    from numpy.typing import NDArray

Interval = tuple[float, float]
DRAWS = 500
_PLAIN = Frame()


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
    average_precision: float | None = None
    """How well the model's scores rank the texts of the class before all others; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A further number of the task's own that is a mean over texts."""

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class PoolParts:
    """The pool: what is counted, and what the drawn texts stand for."""

    labelled: int
    open: int


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
    micro_f1: float | None = None
    """F1 of all classes' counts together."""
    micro_f1_interval: Interval | None = None
    means: Mapping[str, Mean] = field(default_factory=dict)
    """By name, as the task has it."""
    ratios: Mapping[str, Mean] = field(default_factory=dict)
    """The same for ratios of sums over texts."""
    kinds: Mapping[str, int] = field(default_factory=dict)
    """How many there were of what else the task counts, in the judged texts."""
    pool: PoolParts | None = None
    """What of the pool the numbers stand for; None: they are those of the judged texts alone."""

    def as_json(self) -> dict[str, Any]:
        """Plain values for `--json`."""
        return asdict(self)


def reports(
    task: Task[Any],
    evaluation: Evaluation,
    names: Mapping[int, str],
    precision: Mapping[int, float] | None = None,
    rest: Rest | None = None,
) -> list[Report]:
    """The whole first, then each slice by name; `precision`: average precision of classes, of the whole.

    With `rest` the judged texts were drawn at random, and the numbers of the whole are those of the pool.
    """
    return [
        _report(task, evaluation, part, names, precision or {}, rest)
        if not part
        else _report(task, evaluation, part, names, {}, None)
        for part in sorted(evaluation.counts)
    ]


def _report(
    task: Task[Any],
    evaluation: Evaluation,
    part: str,
    names: Mapping[int, str],
    precision: Mapping[int, float],
    rest: Rest | None,
) -> Report:
    cells = evaluation.counts[part]
    n = sum(cells.values())
    frame = Frame.of(rest, n)

    def count(some: Cells) -> list[ClassCounts]:
        return task.class_counts(some, list(names))

    counts, known, drawn = count(cells), count(_cells(frame)), resampled(cells) if n else None
    shares = (task.correct(_cells(frame)), sum(frame.known.values())), (task.correct(cells), n)
    whole = accuracy(rest, *shares, task.correct(frame.counted))

    classes = [
        _class_report(k, c, frame, names[c.class_id], precision.get(c.class_id))
        for k, c in zip(known, counts, strict=True)
    ]
    return Report(
        evaluation.subject,
        evaluation.source,
        part,
        n,
        n >= ENOUGH,
        whole.value if whole else None,
        whole.interval if whole else None,
        pool_macro_f1(count, cells, frame),
        macro_f1_interval(cells, count, drawn, frame),
        tuple(classes),
        pool_micro_f1(known, counts, frame),
        micro_f1_interval(cells, count, drawn, frame),
        {name: _mean(cells, of_text, drawn, frame) for name, of_text in task.means.items()}
        if drawn is not None
        else {},
        {name: _ratio(cells, of_text, drawn) for name, of_text in task.ratios.items()} if drawn is not None else {},
        {name: sum(of_text(cell) * m for cell, m in cells.items()) for name, of_text in task.kinds.items()},
        PoolParts(sum(frame.counted.values()), rest.open) if rest is not None and n else None,
    )


def _class_report(known: ClassCounts, c: ClassCounts, frame: Frame, name: str, average: float | None) -> ClassReport:
    precision = frame.share((known.tp, known.tp + known.fp), (c.tp, c.tp + c.fp))
    recall = frame.share((known.tp, known.support), (c.tp, c.support))
    f1 = pool_f1(known, c, frame)
    return ClassReport(
        c.class_id,
        name,
        c.support,
        precision[0] if precision else None,
        precision[1] if precision else None,
        recall[0] if recall else None,
        recall[1] if recall else None,
        f1[0] if f1 else None,
        f1[1] if f1 else None,
        average,
    )


def pool_f1(known: ClassCounts, drawn: ClassCounts, frame: Frame) -> tuple[float, Interval] | None:
    """F1 with its interval: that of the Jaccard index, which is a share, carried over; None if no drawn text tells."""
    found = frame.share((known.tp, _union(known)), (drawn.tp, _union(drawn)))
    return None if found is None else (f1_of(found[0]), (f1_of(found[1][0]), f1_of(found[1][1])))


def _union(c: ClassCounts) -> int:
    return c.tp + c.fp + c.fn


def _cells(frame: Frame) -> Cells:
    """Its counts, which need not be whole numbers, as counts."""
    return cast("Cells", frame.known)


Count = Callable[[Cells], Sequence[ClassCounts]]


def _class_f1s(count: Count, cells: Cells, frame: Frame) -> list[tuple[float, Interval]]:
    """F1 of every class that occurs or was predicted; one that was met, but not drawn, could be anything."""
    known, drawn = count(_cells(frame)), count(cells)
    together = pool_micro_f1(known, drawn, frame)
    found = []
    for met, k, c in zip(count(frame.counted), known, drawn, strict=True):
        f1 = pool_f1(k, c, frame)
        if f1 is not None:
            found.append(f1)
        elif _union(met) and together is not None:
            found.append((together, (0.0, 1.0)))
    return found


def pool_macro_f1(count: Count, cells: Cells, frame: Frame) -> float | None:
    """Mean F1 over the classes that occur or were predicted; None if nothing was drawn."""
    values = [value for value, _interval in _class_f1s(count, cells, frame)]
    return sum(values) / len(values) if values else None


def pool_micro_f1(known: Sequence[ClassCounts], drawn: Sequence[ClassCounts], frame: Frame) -> float | None:
    """F1 of the sums of the counts; None if nothing was drawn, or nothing occurred or was predicted."""
    found = pool_f1(sum(known, ClassCounts(0)), sum(drawn, ClassCounts(0)), frame)
    return found[0] if found else None


def macro_f1(counts: Sequence[ClassCounts]) -> float | None:
    """Mean F1 over the classes that occur or were predicted; None if there are none."""
    values = [c.f1 for c in counts if c.f1 is not None]
    return sum(values) / len(values) if values else None


def macro_f1_interval(
    cells: Cells,
    count: Count,
    drawn: "NDArray[np.int64] | None" = None,
    frame: Frame = _PLAIN,
) -> Interval | None:
    """90 % interval of macro-F1; None without counts.

    Percentiles over resampled texts (Efron 1979), widened to what follows from the intervals of the classes. The first
    is far too narrow where a model made few mistakes (none: no width at all), the second where classes share them.
    """
    import numpy as np

    known = count(_cells(frame))
    seen = _class_f1s(count, cells, frame)
    if not seen:
        return None
    low, high = mean_interval([value for value, _interval in seen], [interval for _value, interval in seen])
    hits, total = _drawn_counts(cells, count, drawn)
    hits = np.array([2 * c.tp for c in known]) + frame.weight * hits
    total = np.array([2 * c.tp + c.fp + c.fn for c in known]) + frame.weight * total
    f1 = np.clip(np.where(total > 0, hits / np.where(total > 0, total, 1.0), 0.0), 0.0, 1.0)
    return _widened(f1.sum(axis=1) / np.maximum((total > 0).sum(axis=1), 1), low, high)


def micro_f1_interval(
    cells: Cells,
    count: Count,
    drawn: "NDArray[np.int64] | None" = None,
    frame: Frame = _PLAIN,
) -> Interval | None:
    """The same for micro-F1, widened to the interval of the sums as if they were one class's."""
    import numpy as np

    known = sum(count(_cells(frame)), ClassCounts(0))
    plain = pool_f1(known, sum(count(cells), ClassCounts(0)), frame)
    if plain is None:
        return None
    hits, total = (frame.weight * found.sum(axis=1) for found in _drawn_counts(cells, count, drawn))
    hits, total = hits + 2 * known.tp, total + 2 * known.tp + known.fp + known.fn
    return _widened(np.clip(hits / np.where(total > 0, total, 1.0), 0.0, 1.0), *plain[1])


def _ratio(cells: Cells, of_text: Callable[[tuple[int, ...]], tuple[float, float]], drawn: "NDArray[np.int64]") -> Mean:
    """A ratio of sums over the judged texts, with its interval over resampled texts; 0 where nothing is summed."""
    import numpy as np

    keys = sorted(cells)
    parts, times = np.array([of_text(key) for key in keys]), np.array([cells[key] for key in keys])
    above, below = times @ parts
    if not below:
        return Mean(0.0, (0.0, 1.0))
    value, whole = float(above / below), round(float(below))
    low, high = wilson(round(value * whole), whole) or (0.0, 1.0)
    lots = drawn @ parts
    return Mean(value, _widened(lots[:, 0] / np.maximum(lots[:, 1], 1e-9), min(low, value), max(high, value)))


def _mean(cells: Cells, of_text: Callable[[tuple[int, ...]], float], drawn: "NDArray[np.int64]", frame: Frame) -> Mean:
    """A mean over texts; its interval is widened to that of a proportion with as many hits."""
    import numpy as np

    keys = sorted(cells)
    values, n = np.array([of_text(key) for key in keys]), sum(cells.values())
    value = float(values @ np.array([cells[key] for key in keys]) / n)
    known = sum(of_text(key) * m for key, m in frame.known.items())
    all_known = sum(frame.known.values())
    low, high = wilson(round(value * n), n) or (0.0, 1.0)
    low, high = _widened(drawn @ values / n, min(low, value), max(high, value))
    whole = all_known + frame.weight * n
    if whole > 0:
        low, value, high = (min(1.0, max(0.0, (known + frame.weight * n * p) / whole)) for p in (low, value, high))
    return Mean(value, (low, high))


def _widened(values: "NDArray[np.float64]", low: float, high: float) -> Interval:
    ranked = sorted(values.tolist())
    edge = round(len(ranked) * (1 - CONFIDENCE) / 2)
    return min(low, ranked[edge]), max(high, ranked[-1 - edge])


def _drawn_counts(
    cells: Cells, count: Count, drawn: "NDArray[np.int64] | None"
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """(2·tp, 2·tp + fp + fn) of each class in each lot of resampled texts, both [draws, classes]: counts add up."""
    import numpy as np

    one = [[(2 * c.tp, 2 * c.tp + c.fp + c.fn) for c in count({key: 1})] for key in sorted(cells)]
    parts = np.array(one, np.float64)
    lots = (resampled(cells) if drawn is None else drawn).astype(np.float64)
    return lots @ parts[:, :, 0], lots @ parts[:, :, 1]


def resampled(cells: Cells, *, draws: int = DRAWS, seed: int = 0) -> "NDArray[np.int64]":
    """Counts of as many texts, drawn with replacement from those that were judged: [draws, cells in their order]."""
    import numpy as np

    weights = np.array([cells[key] for key in sorted(cells)], np.int64)
    n = int(weights.sum())
    return np.random.default_rng(seed).multinomial(n, weights / n, size=draws)
