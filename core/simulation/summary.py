"""From the runs of a simulation to curves with their spread: pure functions over the result's plain values."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Run = Mapping[str, Any]
"""One of the result's `runs`: strategy, seed, steps, final."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A mean over runs."""

    mean: float
    sd: float | None
    """Standard deviation between runs; None for a single one."""


@dataclass(frozen=True, slots=True)
class Point:
    """All runs of one strategy after so many labels."""

    labels: int
    accuracy: Spread
    macro_f1: Spread


@dataclass(frozen=True, slots=True)
class Curve:
    """One strategy's way from few labels to many."""

    name: str
    points: tuple[Point, ...]
    area: Spread
    """Mean accuracy over the labels from the first step to the last."""


@dataclass(frozen=True, slots=True)
class Against:
    """One strategy against another with the same seeds, after the last label."""

    name: str
    accuracy: Spread
    """Differences: above 0 if this one is better."""
    better: int
    """With how many seeds its accuracy is higher."""
    seeds: int


def spread(values: Sequence[float]) -> Spread:
    """Mean and standard deviation of at least one value."""
    return Spread(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None)


def curves(runs: Sequence[Run]) -> list[Curve]:
    """One curve a strategy, in the order of first appearance."""
    return [_curve(name, [run for run in runs if run["strategy"] == name]) for name in _names(runs)]


def against_first(runs: Sequence[Run]) -> list[Against]:
    """Every other strategy against the first one, seed by seed."""
    first, *others = _names(runs)
    base = _finals(runs, first)
    found = []
    for name in others:
        differences = [accuracy - base[seed] for seed, accuracy in _finals(runs, name).items()]
        found.append(Against(name, spread(differences), sum(d > 0 for d in differences), len(differences)))
    return found


def area(steps: Sequence[Mapping[str, Any]]) -> float:
    """Mean accuracy over labels by the trapezoidal rule; that of the only step if there is one."""
    first, last = steps[0], steps[-1]
    if first["labels"] == last["labels"]:
        return float(last["accuracy"])
    total = sum((b["labels"] - a["labels"]) * (a["accuracy"] + b["accuracy"]) / 2 for a, b in pairwise(steps))
    return float(total / (last["labels"] - first["labels"]))


def _names(runs: Sequence[Run]) -> list[str]:
    return list(dict.fromkeys(run["strategy"] for run in runs))


def _finals(runs: Sequence[Run], name: str) -> dict[int, float]:
    return {run["seed"]: run["final"]["accuracy"] for run in runs if run["strategy"] == name}


def _curve(name: str, runs: Sequence[Run]) -> Curve:
    by_step = zip(*(run["steps"] for run in runs), strict=True)  # the plan alone says where steps lie
    points = (
        Point(same[0]["labels"], spread([s["accuracy"] for s in same]), spread([s["macro_f1"] for s in same]))
        for same in by_step
    )
    return Curve(name, tuple(points), spread([area(run["steps"]) for run in runs]))
