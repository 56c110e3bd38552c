"""What does the audit cost, and what does it buy? Accuracy, and the width of its interval, for shares of the queue.

Simulated projects, ten seeds on two sets, the instant head alone. A line a set, number of labels and share: accuracy on
the whole pool with its spread, the paired 90 % interval of what it differs by from no audit at all, and what the
project itself could say then: how often it said a number, how wide its 90 % interval was (median), and how often that
held the truth. The option `audit_share` has its default from here.

Run: HANDFUL_BENCH_DATA=FOLDER PYTHONPATH=. python tests/bench/bench_audit.py [--seeds N] [--sets A,B] [--json FILE]
"""

import argparse
import json
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from core.evaluation.report import reports
from core.settings import Settings
from core.tasks.classify import CLASSIFY
from tests.bench.frozen import FULL_POOL, State, World, load, project, root
from tests.bench.learning import QUICK, in_points, interval

SHARES = (0.0, 0.05, 0.1, 0.2)
STOPS = (50, 100, 200)

Found = dict[str, float]
"""accuracy; low and high of what the project says itself, if it says anything."""


def looked_at(state: State) -> Found:
    """The truth, and what the product says."""
    found = {"labels": float(state.labels), "accuracy": state.accuracy}
    if not state.drawn:
        return found
    report = reports(CLASSIFY, state.evaluation, state.names, None, state.rest)[0]
    if report.enough and report.accuracy_interval is not None:
        found["low"], found["high"] = report.accuracy_interval
    return found


def runs(folder: Path, seeds: int) -> Iterable[tuple[float, int, list[Found]]]:
    """(share, seed, what was found at each stop): for each seed the same pool for all shares."""
    features, gold = load(folder)
    for seed in range(seeds):
        rows = np.random.default_rng(seed).permutation(len(gold))[:FULL_POOL]
        pool = World(folder.name, False, features[rows], gold[rows])
        for share in SHARES:
            yield share, seed, [looked_at(state) for state in project(pool, seed, share, STOPS)]


def table(name: str, found: Mapping[float, Mapping[int, list[Found]]]) -> None:
    """Print a line for each number of labels and share."""
    for place, labels in enumerate(STOPS):
        for share, by_seed in found.items():
            seeds = sorted(by_seed.keys() & found[0.0].keys())
            looks = [by_seed[seed][place] for seed in seeds]
            here = [look["accuracy"] for look in looks]
            without = [found[0.0][seed][place]["accuracy"] for seed in seeds]
            told = [look for look in looks if "low" in look]
            width = f"{statistics.median(look['high'] - look['low'] for look in told):.3f}" if told else "–"
            held = sum(look["low"] <= look["accuracy"] <= look["high"] for look in told)
            star = "*" if share == Settings().audit_share else " "
            print(
                f"{name:14s} {labels:4d} labels, share {share:.2f}{star} accuracy {statistics.mean(here):.3f}"
                f" ±{np.std(here):.3f}: {in_points(interval(here, without))}  says a number {len(told):2d} of"
                f" {len(looks)}, width {width}, held {held}",
                flush=True,
            )


def main() -> None:
    """One table."""
    folder = root()
    if folder is None:
        print("skipped: HANDFUL_BENCH_DATA names no folder with data sets")
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--sets", default=",".join(QUICK))
    parser.add_argument("--json", type=Path, help="where to keep what was found")
    asked = parser.parse_args()
    kept: dict[str, dict[float, dict[int, list[Found]]]] = {}
    print("in points against no audit, 90 % intervals; * the default")
    for name in asked.sets.split(","):
        kept[name] = {share: {} for share in SHARES}
        for share, seed, found in runs(folder / name, asked.seeds):
            kept[name][share][seed] = found
            if asked.json:
                asked.json.write_text(json.dumps(kept), encoding="utf-8")
        table(name, kept[name])


if __name__ == "__main__":
    main()
