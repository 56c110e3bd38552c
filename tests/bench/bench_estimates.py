"""Does the interval hold the truth? Accuracy and macro-F1 of the model in use on the whole pool, as the product says.

500 simulated projects, half on skewed pools of 2,000 texts, are looked at once each, after 100 to 400 labels. First is
told how many of the looks were "too few to tell". Then a line an estimator: how often its 90 % interval holds the truth
(aim: 87 % and more; of all, of skewed and full pools, where the truth is above .95), its median width beside that of
the exact interval (Clopper and Pearson 1934) on as many random labels, its bias and root mean squared error in points.
The product uses those with a star.

With --task multilabel or spans the same is told of those (accuracy is of whole sets, and of whole texts), and of
precision, recall and F1 of all labels or spans together.

Run: HANDFUL_BENCH_DATA=FOLDER PYTHONPATH=. python tests/bench/bench_estimates.py [--projects N] [--start SEED]
    [--task classify|multilabel|spans]
"""

import argparse
import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.stats import beta

from core import plugins
from core.evaluation.estimates import Frame, Rest
from core.evaluation.intervals import wilson_of
from core.evaluation.report import reports
from core.tasks.base import Task
from tests.bench import frozen, frozen_spans
from tests.bench.frozen import State, root

STOPS = (100, 150, 200, 300, 400)
SPAN_STOPS = (120, 160, 200, 240)
"""A tagger takes a hundred times as long to fit as a head."""
RATIOS = ("precision", "recall", "f1")
SHARES = (0.1, 0.15, 0.25)
EACH = 10
"""Drawn texts of each class from which macro-F1 is judged."""
Interval = tuple[float, float]


@dataclass(frozen=True)
class Said:
    """One estimate beside the truth."""

    value: float
    interval: Interval
    truth: float
    exact: float
    """Width of the exact interval on as many random labels."""
    skewed: bool

    @property
    def held(self) -> bool:
        return self.interval[0] - 1e-9 <= self.truth <= self.interval[1] + 1e-9


def exact(hits: int, n: int) -> Interval:
    """90 % interval of Clopper and Pearson."""
    low = float(beta.ppf(0.05, hits, n - hits + 1)) if hits else 0.0
    return low, float(beta.ppf(0.95, hits + 1, n - hits)) if hits < n else 1.0


def jeffreys(hits: int, n: int) -> Interval:
    """90 % interval from the prior of Jeffreys."""
    low = float(beta.ppf(0.05, hits + 0.5, n - hits + 0.5)) if hits else 0.0
    return low, float(beta.ppf(0.95, hits + 0.5, n - hits + 0.5)) if hits < n else 1.0


def estimates(state: State, task: Task[Any], *, skewed: bool) -> Iterator[tuple[str, Said]]:
    """What each estimator says."""
    cells, rest = state.evaluation.counts[""], state.rest
    hits, n = task.correct(cells), state.drawn
    known = task.correct(rest.known), state.labels
    low, high = exact(hits, n)

    def said(value: float, interval: Interval, truth: float = state.accuracy) -> Said:
        return Said(value, interval, truth, high - low, skewed)

    share, frame = hits / n, Frame.of(rest, n)
    for name, interval in (("exact", (low, high)), ("Wilson", wilson_of(share, n)), ("Jeffreys", jeffreys(hits, n))):
        yield f"accuracy  drawn alone, {name}", said(share, interval)
        yield f"accuracy  drawn + counted, {name}", said(*frame.blend(known, n, share, interval))
    labelled = [right for _sure, right in state.others]
    share = sum(labelled) / len(labelled)
    yield "accuracy  every label out of fold, Wilson", said(share, wilson_of(share, len(labelled)))
    yield "accuracy  drawn + counted + confidence *", said(*_product(state, task, rest))
    report = reports(task, state.evaluation, state.names, None, rest)[0]
    alone = reports(task, state.evaluation, state.names, None, None)[0]
    for name, truth in zip(RATIOS, state.micro, strict=True):
        for how, one in (("drawn alone", alone), ("drawn + counted *", report)):
            value, interval = getattr(one, f"micro_{name}"), getattr(one, f"micro_{name}_interval")
            if not task.exclusive and value is not None:
                yield f"micro {name:9s} {how}", said(value, interval, truth)
    if state.least >= EACH and report.macro_f1 is not None and report.macro_f1_interval is not None:
        yield "macro-F1  drawn alone *", said(report.macro_f1, report.macro_f1_interval, state.macro_f1)


def _product(state: State, task: Task[Any], rest: Rest | None) -> tuple[float, Interval]:
    report = reports(task, state.evaluation, state.names, None, rest)[0]
    assert report.accuracy is not None
    assert report.accuracy_interval is not None
    return report.accuracy, report.accuracy_interval


def enough(state: State, task: Task[Any]) -> bool:
    """Whether the product says a number at all."""
    return bool(state.drawn) and reports(task, state.evaluation, state.names, None, state.rest)[0].enough


def line(name: str, found: list[Said]) -> str:
    """One row of the table."""

    def held(some: list[Said]) -> str:
        return f"{100 * statistics.mean(s.held for s in some):5.1f}" if some else "    –"

    parts = [
        found,
        [s for s in found if s.skewed],
        [s for s in found if not s.skewed],
        [s for s in found if s.truth > 0.95],
    ]
    errors = [s.value - s.truth for s in found]
    width = statistics.median(s.interval[1] - s.interval[0] for s in found)
    return (
        f"{name:42s} {len(found):5d} {' '.join(held(part) for part in parts)}   {width:.3f}"
        f" {statistics.median(s.exact for s in found):.3f} {100 * statistics.mean(errors):+6.2f}"
        f" {100 * statistics.mean(e * e for e in errors) ** 0.5:6.2f}"
    )


def simulated(task: str, seed: int, folder: Path, loaded: dict[str, Any]) -> tuple[bool, Iterator[State]]:
    """(whether the pool is skewed, one project's looks)."""
    share = SHARES[seed % len(SHARES)]
    if task == "spans":
        return False, frozen_spans.project(
            frozen_spans.world(seed, folder, loaded), seed, share, [SPAN_STOPS[seed // 2 % len(SPAN_STOPS)]]
        )
    pool = frozen.world(seed, folder, loaded, task)
    stop = min(STOPS[seed % len(STOPS)], len(pool.gold) // 4)
    return pool.skewed, frozen.project(pool, seed, share, [stop])


def main() -> None:
    """One table."""
    folder = root()
    if folder is None:
        print("skipped: HANDFUL_BENCH_DATA names no folder with data sets")
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--projects", type=int, default=500)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--task", choices=(frozen.CLASSIFY, frozen.MULTILABEL, "spans"), default=frozen.CLASSIFY)
    asked = parser.parse_args()
    task: Task[Any] = plugins.load(plugins.TASKS, asked.task)
    loaded: dict[str, Any] = {}
    table: defaultdict[str, list[Said]] = defaultdict(list)
    looks = few = 0
    for seed in range(asked.start, asked.start + asked.projects):
        skewed, states = simulated(asked.task, seed, folder, loaded)
        for state in states:
            looks += 1
            if not enough(state, task):
                few += 1
                continue
            for name, said in estimates(state, task, skewed=skewed):
                table[name].append(said)
    print(f"{asked.projects} projects, {looks} looks; too few to tell: {100 * few / looks:.0f} %")
    print(f"{'':42s} looks   all  skew  full  >.95   width exact   bias   rmse   (%, %, %, %; median; points)")
    for name in sorted(table):
        print(line(name, table[name]))


if __name__ == "__main__":
    main()
