"""From stored counts to the numbers people read: each with its n, its interval and its source."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, cast

from core.evaluation.estimates import Frame, Rest, accuracy
from core.evaluation.intervals import ENOUGH, f1_interval, f1_of, mean_interval, tail, wilson, wilson_of
from core.records import ClassCounts, Evaluation
from core.tasks.base import Cells, Task

if TYPE_CHECKING:  # numpy is imported where it is used: the terminal imports this module before its first frame
    import numpy as np
    from numpy.typing import NDArray

Interval = tuple[float, float]
Parts = Callable[[ClassCounts], tuple[float, float]]
"""What all classes' counts together add above and below the line of a ratio."""
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
    average_precision: float | None = None
    """How well the model's scores rank the texts of the class before all others; None where that is not known."""
    kinds: Mapping[str, int] = field(default_factory=dict)
    """How many there were of what else the task counts of a class, in the judged texts."""


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
    micro_precision: float | None = None
    """Share of all spans or labels that the model gave that are right."""
    micro_precision_interval: Interval | None = None
    micro_recall: float | None = None
    """Share of all that people gave, or would give, that the model gives, too."""
    micro_recall_interval: Interval | None = None

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

    With `rest` the judged texts were drawn at random, and the accuracy of the whole is that of the pool. All else is of
    the drawn texts alone: of classes the labelled texts tell too little of what they were picked from, and where they
    were counted, simulated intervals of macro-F1 held the truth less often.
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

    counts, drawn = count(cells), resampled(cells) if n else None
    precision_all = micro_interval(cells, count, precision_parts, frame, drawn) if n else None
    recall_all = micro_interval(cells, count, recall_parts, frame, drawn) if n else None
    jaccard = micro_interval(cells, count, f1_parts, frame, drawn) if n else None
    shares = (task.correct(cast("Cells", frame.known)), sum(frame.known.values())), (task.correct(cells), n)
    whole = accuracy(rest, *shares, task.correct(frame.counted))
    return Report(
        evaluation.subject,
        evaluation.source,
        part,
        n,
        n >= ENOUGH,
        whole.value if whole else None,
        whole.interval if whole else None,
        macro_f1(counts),
        macro_f1_interval(cells, count, drawn),
        tuple(
            _class_report(c, names[c.class_id], precision.get(c.class_id), _kinds(task, cells, c.class_id))
            for c in counts
        ),
        f1_of(jaccard[0]) if jaccard else None,
        (f1_of(jaccard[1][0]), f1_of(jaccard[1][1])) if jaccard else None,
        {name: _mean(cells, of_text, drawn) for name, of_text in task.means.items()} if drawn is not None else {},
        {name: _ratio(cells, of_text, drawn) for name, of_text in task.ratios.items()} if drawn is not None else {},
        {name: sum(of_text(cell) * m for cell, m in cells.items()) for name, of_text in task.kinds.items()},
        PoolParts(sum(frame.counted.values()), rest.open) if rest is not None and n else None,
        *(precision_all or (None, None)),
        *(recall_all or (None, None)),
    )


def _kinds(task: Task[Any], cells: Cells, class_id: int) -> dict[str, int]:
    return {
        name: sum(of_class(cell, class_id) * m for cell, m in cells.items())
        for name, of_class in task.class_kinds.items()
    }


def _class_report(c: ClassCounts, name: str, precision: float | None, kinds: Mapping[str, int]) -> ClassReport:
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
        precision,
        kinds,
    )


def macro_f1(counts: Sequence[ClassCounts]) -> float | None:
    """Mean F1 over the classes that occur or were predicted; None if there are none."""
    values = [c.f1 for c in counts if c.f1 is not None]
    return sum(values) / len(values) if values else None


def macro_f1_interval(
    cells: Cells, count: Callable[[Cells], Sequence[ClassCounts]], drawn: "NDArray[np.int64] | None" = None
) -> Interval | None:
    """90 % interval of macro-F1; None without counts.

    Percentiles over resampled texts (Efron 1979; `core.evaluation.intervals.tail`), widened to what follows from the
    intervals of the classes. The first is far too narrow where a model made few mistakes (none: no width at all), the
    second where classes share them.
    """
    import numpy as np

    seen = [c for c in count(cells) if c.f1 is not None]
    if not seen:
        return None
    low, high = mean_interval([c.f1 or 0.0 for c in seen], [f1_interval(c.tp, c.fp, c.fn) or (0.0, 1.0) for c in seen])
    hits, total = _drawn_counts(cells, count, drawn)
    f1 = np.where(total > 0, hits / np.maximum(total, 1), 0.0)
    return _widened(f1.sum(axis=1) / np.maximum((total > 0).sum(axis=1), 1), sum(cells.values()), low, high)


def micro_interval(
    cells: Cells,
    count: Callable[[Cells], Sequence[ClassCounts]],
    parts: Parts,
    frame: Frame = Frame(),  # noqa: B008 (frozen)
    drawn: "NDArray[np.int64] | None" = None,
) -> tuple[float, Interval] | None:
    """A ratio of all classes' counts together, with its 90 % interval; None if there is nothing below the line.

    With a frame that of the pool: what is counted of it, and what the judged texts, drawn at random, stand for, each
    resampled text as many (a ratio estimator under simple random sampling: Cochran 1977, chapter 6). The interval is
    widened to that of a proportion of as many spans or labels as were judged, for few mistakes resample to none.
    """
    import numpy as np

    known = _parts_of(parts, count(frame.known))  # type: ignore[arg-type]
    one = np.array([_parts_of(parts, count({key: 1})) for key in sorted(cells)], np.float64).reshape(-1, 2)
    above, below = (float(part) for part in np.array([cells[key] for key in sorted(cells)]) @ one)
    whole = known[1] + frame.weight * below
    if below <= 0 or whole <= 0:
        return None
    value = min(1.0, max(0.0, (known[0] + frame.weight * above) / whole))
    lots = (resampled(cells) if drawn is None else drawn) @ one * frame.weight + np.array(known)
    plain = wilson_of(above / below, below)
    low, high = (min(1.0, max(0.0, (known[0] + frame.weight * below * end) / whole)) for end in plain)
    found = np.clip(lots[:, 0] / np.maximum(lots[:, 1], 1e-9), 0.0, 1.0)
    return value, _widened(found, sum(cells.values()), min(low, value), max(high, value))


def _parts_of(parts: Parts, counts: Sequence[ClassCounts]) -> tuple[float, float]:
    whole = sum(counts, ClassCounts(0))
    return parts(whole)


def precision_parts(c: ClassCounts) -> tuple[float, float]:
    """What is above and below the line of precision,"""
    return c.tp, c.tp + c.fp


def recall_parts(c: ClassCounts) -> tuple[float, float]:
    """of recall,"""
    return c.tp, c.tp + c.fn


def f1_parts(c: ClassCounts) -> tuple[float, float]:
    """and of the Jaccard index, from which F1 follows (`core.evaluation.intervals.f1_of`)."""
    return c.tp, c.tp + c.fp + c.fn


def _mean(cells: Cells, of_text: Callable[[tuple[int, ...]], float], drawn: "NDArray[np.int64]") -> Mean:
    """A mean over texts; its interval is widened to that of a proportion with as many hits."""
    import numpy as np

    keys = sorted(cells)
    values, n = np.array([of_text(key) for key in keys]), sum(cells.values())
    value = float(values @ np.array([cells[key] for key in keys]) / n)
    low, high = wilson(round(value * n), n) or (0.0, 1.0)
    return Mean(value, _widened(drawn @ values / n, n, min(low, value), max(high, value)))


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
    found = lots[:, 0] / np.maximum(lots[:, 1], 1e-9)
    return Mean(value, _widened(found, int(times.sum()), min(low, value), max(high, value)))


def _widened(values: "NDArray[np.float64]", n: int, low: float, high: float) -> Interval:
    """From what `n` texts resample to, and no narrower than from `low` to `high`."""
    ranked = sorted(values.tolist())
    edge = round(len(ranked) * tail(n))
    return min(low, ranked[edge]), max(high, ranked[-1 - edge])


def _drawn_counts(
    cells: Cells, count: Callable[[Cells], Sequence[ClassCounts]], drawn: "NDArray[np.int64] | None"
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
