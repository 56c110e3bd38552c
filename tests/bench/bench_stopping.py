"""What would more labels bring, and when to stop? Forecasts and stopping advice beside what came of it.

Simulated projects, half of them on skewed pools of 2,000 texts, are looked at while they grow from 50 to 300 labels.
First the forecast: how often its 90 % interval holds the gain that followed, its median width, its error and that of
saying that nothing will change, in points. Then a line a way to stop: its mean regret, that is how much worse than at
the best moment one is off, accuracy and labels taken together, where a point of accuracy is worth 20, 50 or 100 labels;
and labels spent. The product uses the one marked with a star.

Run: HANDFUL_BENCH_DATA=FOLDER PYTHONPATH=. python tests/bench/bench_stopping.py [--projects N] [--start SEED]
"""

import argparse
import statistics
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from core.evaluation import outlook, stopping
from core.evaluation.outlook import Gain
from core.evaluation.stopping import Look
from tests.bench.frozen import State, project, root, world

STOPS = (50, 62, 78, 98, 122, 152, 190, 238, 298)
WORTH = (20, 50, 100)
WATCHED = 1000
Rule = Callable[[Sequence[Look], Gain | None], bool]
RULES: dict[str, Rule] = {
    "never": lambda _looks, _gain: False,
    "at the first look": lambda _looks, _gain: True,
    "agreement": lambda looks, _gain: stopping.standing(looks)["agreement"],
    "flips": lambda looks, _gain: stopping.standing(looks)["flips"],
    "doubt": lambda looks, _gain: stopping.standing(looks)["doubt"],
    "delta-F": lambda looks, _gain: stopping.standing(looks)["delta-F"],
    "forecast": lambda _looks, gain: gain is not None and 100 * gain.value * stopping.WORTH < gain.more,
    "signs and forecast *": lambda looks, gain: stopping.advise(looks, gain).stop,
}


def looks_of(states: Sequence[State]) -> list[Look]:
    """The looks that the product would have had after the first."""
    found = []
    for one, other in pairwise(states):
        rows = np.linspace(0, len(one.answers) - 1, min(WATCHED, len(one.answers))).astype(int)
        sure = float(other.confidence.mean())
        found.append(stopping.look(other.labels, one.answers[rows].tolist(), other.answers[rows].tolist(), sure))
    return found


def told(state: State) -> Gain | None:
    """What the product forecasts."""
    return outlook.gain(state.past, outlook.step(state.labels)) if state.past else None


def forecasts(runs: Sequence[Sequence[State]], ahead: int) -> None:
    """Print how forecasts fared that looked so many stops ahead."""
    found = []
    for states in runs:
        for one, other in zip(states, states[ahead:], strict=False):
            gain = outlook.gain(one.past, other.labels - one.labels) if one.past else None
            if gain is not None:
                found.append((gain, other.accuracy - one.accuracy))
    if not found:
        return
    held = statistics.mean(gain.interval[0] <= truth <= gain.interval[1] for gain, truth in found)
    width = statistics.median(gain.interval[1] - gain.interval[0] for gain, _truth in found)
    ours = statistics.mean((gain.value - truth) ** 2 for gain, truth in found) ** 0.5
    none = statistics.mean(truth**2 for _gain, truth in found) ** 0.5
    print(
        f"forecast {ahead} ahead (about {100 * (1.25**ahead - 1):.0f} % more labels): {len(found)} of them,"
        f" hold {100 * held:.0f} %, width {100 * width:.1f}, rmse {100 * ours:.2f}, of no change {100 * none:.2f}"
    )


def regrets(states: Sequence[State], stop: int) -> list[float]:
    """By what a point is worth: how much worse than at the best moment, in points."""
    found = []
    for worth in WORTH:
        lost = [100 * (1 - state.accuracy) + state.labels / worth for state in states]
        found.append(lost[stop] - min(lost))
    return found


def main() -> None:
    """Two tables."""
    folder = root()
    if folder is None:
        print("skipped: HANDFUL_BENCH_DATA names no folder with data sets")
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--projects", type=int, default=100)
    parser.add_argument("--start", type=int, default=1000)
    asked = parser.parse_args()
    loaded: dict[str, object] = {}
    runs = []
    for seed in range(asked.start, asked.start + asked.projects):
        pool = world(seed, folder, loaded)
        stops = [stop for stop in STOPS if stop < len(pool.gold) / 4]
        runs.append(list(project(pool, seed, (0.1, 0.15, 0.25)[seed % 3], stops, past=True)))
    show(runs)


def show(runs: Sequence[Sequence[State]]) -> None:
    """Print what came of it."""
    for ahead in (1, 2, 3):
        forecasts(runs, ahead)
    print(f"{len(runs)} projects; regret in points where one is worth 20, 50, 100 labels; labels spent")
    for name, rule in RULES.items():
        found, spent = [], []
        for states in runs:
            looks = looks_of(states)
            gains = [told(state) for state in states]
            last = len(states) - 1
            stop = next((i for i in range(1, last) if rule(looks[:i], gains[i])), last)
            found.append(regrets(states, stop))
            spent.append(states[stop].labels)
        means = " ".join(f"{value:5.2f}" for value in np.mean(found, axis=0))
        print(f"{name:24s} {means}   {statistics.mean(spent):4.0f}")


if __name__ == "__main__":
    main()
