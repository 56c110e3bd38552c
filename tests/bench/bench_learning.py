"""How few labels, how fast a round? Handful from zero against SetFit on labels drawn stratified, and against random.

SetFit's draws lie in references.json beside this file, measured once by peers/setfit_draws.py (`make peers`). Handful's
are run here by `handful simulate`, on two threads as SetFit. A line a set: accuracy and macro-F1 with their spread
over seeds, the paired 90 % interval of the difference, seconds of a round (without re-embedding the pool) beside
SetFit's training, and how many labels picking is worth: labels it needs for what random picking reaches, as a share.

Run: HANDFUL_BENCH_DATA=FOLDER python tests/bench/bench_learning.py [--full]

FOLDER holds a folder a set, each with train.jsonl and test.jsonl. The quick form takes two sets and three seeds.
"""

import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

PER_CLASS = 8
CURVE = (4, 8, 12, 16, 24)
QUICK = ("vader_tweets", "snips_intent")
FULL = ("banking77", "snips_intent", "vader_tweets", "imdb_cad_orig")
T90 = {2: 2.92, 3: 2.353, 4: 2.132, 5: 2.015, 6: 1.943, 7: 1.895, 8: 1.86, 9: 1.833}
"""Student's t for a two-sided 90 % interval, by degrees of freedom."""


def simulate(folder: Path, budget: int, seeds: int, *options: str) -> dict[str, Any]:
    """What `handful simulate --json` says."""
    command = [
        *(sys.executable, "-P", "-m", "tui.cli", "simulate", str(folder / "train.jsonl")),
        *("--test", str(folder / "test.jsonl"), "--budget", str(budget), "--seeds", str(seeds), "--json"),
        *("--set", "precision=fp32", "--set", "threads=2", *options),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def classes_of(folder: Path) -> int:
    """How many classes the pool has."""
    return len({json.loads(line)["label"] for line in (folder / "train.jsonl").open(encoding="utf-8")})


def interval(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """(mean difference, low, high): paired by seed, 90 %."""
    found = [a - b for a, b in zip(ours, theirs, strict=False)]
    mean = statistics.mean(found)
    if len(found) < 3:
        return mean, -math.inf, math.inf
    half = T90[min(len(found) - 1, 9)] * statistics.stdev(found) / math.sqrt(len(found))
    return mean, mean - half, mean + half


def against_setfit(folder: Path, seeds: int, draws: Sequence[Mapping[str, Any]], trained: float | None) -> float | None:
    """Print one line; returns the share of SetFit's seconds, if they were measured, that a round took."""
    runs = simulate(folder, PER_CLASS * classes_of(folder), seeds)["runs"]
    ours = [run["final"] for run in runs]
    line = f"{folder.name:14s}"
    for key in ("accuracy", "macro_f1"):
        mine, theirs = [one[key] for one in ours], [draw[key] for draw in draws]
        mean, low, high = interval(mine, theirs)
        line += (
            f"  {key} {statistics.mean(mine):.3f} ±{np.std(mine):.3f} against {statistics.mean(theirs):.3f}"
            f" ±{np.std(theirs):.3f}: {100 * mean:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"
        )
    rounds = [one["round"] for one in ours]
    embedding = [sum(s for name, s in one["seconds"].items() if name.startswith("embed")) for one in rounds]
    tuning = [sum(one["seconds"].values()) - again for one, again in zip(rounds, embedding, strict=True)]
    share = statistics.median(tuning) / trained if trained else None
    kept = sum(bool(one["kept"]) for one in rounds)
    print(
        f"{line}  round {statistics.median(tuning):.1f} s,"
        f" of SetFit's time {f'{share:.2f}' if share else 'not measured'}"
        f" (pool again {statistics.median(embedding):.0f} s; kept {kept} of {len(rounds)})",
        flush=True,
    )
    return share


def curve(runs: Sequence[Mapping[str, Any]], budgets: Sequence[int]) -> list[list[float]]:
    """Accuracy of each run at each of these budgets, between steps by straight lines."""
    return [
        np.interp(
            budgets, [0, *(s["labels"] for s in run["steps"])], [0.0, *(s["accuracy"] for s in run["steps"])]
        ).tolist()
        for run in runs
    ]


def worth(runs: Sequence[Mapping[str, Any]], plain: Sequence[Mapping[str, Any]], budgets: Sequence[int]) -> float:
    """Labels that picking needs for what random picking reaches, as a share, mean over the budgets."""
    dense = list(range(1, max(budgets) + 1))
    ours = np.maximum.accumulate(np.mean(curve(runs, dense), axis=0))
    reached = np.mean(curve(plain, budgets), axis=0)
    needed = [float(np.searchsorted(ours, level) + 1) for level in reached]
    return statistics.mean(n / b for n, b in zip(needed, budgets, strict=True))


def against_random(folder: Path, seeds: int) -> None:
    """Print how many labels picking is worth, head alone."""
    budgets = [k * classes_of(folder) for k in CURVE]
    said = simulate(folder, budgets[-1], seeds, "--compare", "auto,random", "--rounds", "none")["runs"]
    auto, plain = ([run for run in said if run["strategy"] == name] for name in ("auto", "random"))
    areas = [[statistics.mean(one) for one in curve(runs, budgets)] for runs in (auto, plain)]
    mean, low, high = interval(areas[0], areas[1])
    print(
        f"{folder.name:14s}  area under the accuracy curve {statistics.mean(areas[0]):.3f} against"
        f" {statistics.mean(areas[1]):.3f}: {100 * mean:+.1f} ({100 * low:+.1f} to {100 * high:+.1f}) points;"
        f" needs {100 * worth(auto, plain, budgets):.0f} % of the labels",
        flush=True,
    )


def main() -> None:
    """Two tables."""
    root = os.environ.get("HANDFUL_BENCH_DATA")
    if not root:
        print("skipped: HANDFUL_BENCH_DATA names no folder with data sets")
        return
    full = "--full" in sys.argv
    sets, seeds = (FULL, 10) if full else (QUICK, 3)
    references = json.loads((Path(__file__).parent / "references.json").read_text(encoding="utf-8"))["setfit"]
    print(f"-- {PER_CLASS} labels a class in all, {seeds} seeds, against SetFit ({references['command']})")
    draws, seconds = references["draws"], references["seconds"]
    found = [against_setfit(Path(root, n), seeds, draws[n], seconds.get(n)) for n in sets if n in draws]
    shares = [share for share in found if share is not None]
    print(f"a round takes {statistics.geometric_mean(shares):.2f} of SetFit's time (geometric mean; aim 0.20)")
    print("-- picking against drawing at random, both with the instant head")
    for name in sets:
        against_random(Path(root, name), seeds)


if __name__ == "__main__":
    main()
