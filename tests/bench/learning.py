"""Runs of `handful simulate` and draws of the peers, read from files and told as two tables.

A run is a file `SET.KIND.STRATEGY.SEEDS.json`, as `handful simulate --json` prints it: so runs made one by one, side by
side or on another machine are summed up like those made here. Kinds: `final` spends 8 labels a class and ends in a
round; `curve` goes to 24 labels a class with the head alone; `rounds` does so with a round at each point of the curve.
Draws are lines as the programs below peers/ print them, or those kept in references.json.
"""

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

PER_CLASS = 8
CURVE = (4, 8, 12, 16, 24)
CURVES = {"curve": "the instant head", "rounds": "a round at each point"}
SETS = ("banking77", "snips_intent", "vader_tweets", "imdb_cad_orig")
QUICK = ("vader_tweets", "snips_intent")
REFERENCES = Path(__file__).parent / "references.json"
T90 = {1: 6.314, 2: 2.92, 3: 2.353, 4: 2.132, 5: 2.015, 6: 1.943, 7: 1.895, 8: 1.86, 9: 1.833}
"""Student's t for a two-sided 90 % interval, by degrees of freedom."""
POINT = 0.01

Run = Mapping[str, Any]
"""What `handful simulate --json` says of one seed and one strategy."""
Draw = Mapping[str, Any]
"""What a program below peers/ says of one draw."""


@dataclass(frozen=True)
class Found:
    """Everything that was read."""

    runs: Mapping[tuple[str, str, str], Mapping[int, Run]]
    """(set, kind, strategy) → seed → run."""
    classes: Mapping[str, int]
    """Classes of each set."""


@dataclass(frozen=True)
class Peer:
    """Another tool's draws and times."""

    name: str
    draws: Mapping[str, Sequence[Draw]]
    """By set, in the order of seeds."""
    seconds: Mapping[str, float]
    """Of one training, where it was measured with nothing else running, by set."""


def name_of(folder: str, kind: str, strategy: str, seeds: str) -> str:
    """What a run's file is called; `read` takes it apart again."""
    return f"{folder}.{kind}.{strategy}.{seeds}.json"


def read(files: Iterable[Path]) -> Found:
    """All runs of these files; a file that is empty (its run is not done) is left out."""
    runs: defaultdict[tuple[str, str, str], dict[int, Run]] = defaultdict(dict)
    classes: dict[str, int] = {}
    for path in sorted(files):
        if not path.stat().st_size:
            continue
        folder, kind, *_rest = path.name.split(".")
        for run in json.loads(path.read_text(encoding="utf-8"))["runs"]:
            runs[folder, kind, run["strategy"]][run["seed"]] = run
            classes[folder] = len(run["final"]["per_class_f1"])
    return Found(runs, classes)


def peers(lines: Iterable[Path] = ()) -> list[Peer]:
    """Those of references.json, and draws from files of lines (`SET.PEER.….jsonl`) beside or instead of theirs."""
    kept = json.loads(REFERENCES.read_text(encoding="utf-8"))
    drawn: defaultdict[str, dict[str, list[Draw]]] = defaultdict(dict)
    for name in ("setfit", "small-text"):
        drawn[name].update(kept.get(name, {}).get("draws", {}))
    fresh: defaultdict[tuple[str, str], list[Draw]] = defaultdict(list)
    for path in sorted(lines):
        for line in path.read_text(encoding="utf-8").splitlines():
            draw = json.loads(line)
            fresh[path.name.split(".")[1], draw["set"]].append(draw)
    for (name, folder), draws in fresh.items():
        drawn[name][folder] = sorted(draws, key=lambda draw: int(draw["seed"]))
    return [Peer(name, draws, kept.get(name, {}).get("seconds", {})) for name, draws in drawn.items() if draws]


def interval(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """(mean difference, low, high): paired, 90 %; without bounds for a single pair."""
    found = [a - b for a, b in zip(ours, theirs, strict=True)]
    mean = statistics.mean(found)
    if len(found) < 2:
        return mean, -math.inf, math.inf
    half = T90[min(len(found) - 1, 9)] * statistics.stdev(found) / math.sqrt(len(found))
    return mean, mean - half, mean + half


def in_points(found: tuple[float, float, float]) -> str:
    """A difference with its interval, in points."""
    mean, low, high = (value / POINT for value in found)
    return f"{mean:+5.1f} ({low:+.1f} to {high:+.1f})"


def against_peer(found: Found, peer: Peer) -> float | None:
    """Print a line a set; returns the mean lead over all sets in points, accuracy and macro-F1 together."""
    leads: list[float] = []
    for folder in SETS:
        ours, theirs = (
            found.runs.get((folder, "final", "auto"), {}),
            {int(d["seed"]): d for d in peer.draws.get(folder, ())},
        )
        seeds = sorted(ours.keys() & theirs.keys())
        if not seeds:
            continue
        line = f"{folder:14s} {len(seeds):2d} seeds"
        for key in ("accuracy", "macro_f1"):
            mine, others = [ours[s]["final"][key] for s in seeds], [float(theirs[s][key]) for s in seeds]
            lead = interval(mine, others)
            leads.append(lead[0] / POINT)
            line += (
                f"  {key} {statistics.mean(mine):.3f} ±{np.std(mine):.3f} against {statistics.mean(others):.3f}"
                f" ±{np.std(others):.3f}: {in_points(lead)}"
            )
        print(line, flush=True)
    return statistics.mean(leads) if leads else None


def times(found: Found, peer: Peer) -> float | None:
    """Print what a round took, a line a set; returns its share of the peer's training, as a geometric mean."""
    shares: list[float] = []
    for folder in SETS:
        rounds = [run["final"]["round"] for run in found.runs.get((folder, "final", "auto"), {}).values()]
        rounds = [one for one in rounds if one and not one["problem"]]
        if not rounds:
            continue
        again = [sum(s for name, s in one["seconds"].items() if name.startswith("embed")) for one in rounds]
        load = [one["seconds"].get("begin", 0.0) for one in rounds]
        tuning = statistics.median(
            sum(one["seconds"].values()) - more - begin for one, more, begin in zip(rounds, again, load, strict=True)
        )
        trained = peer.seconds.get(folder)
        if trained:
            shares.append(tuning / trained)
        print(
            f"{folder:14s} {len(rounds):2d} rounds  {tuning:6.1f} s, of {peer.name}'s time"
            f" {f'{tuning / trained:.2f}' if trained else 'not measured'}"
            f"  (load {statistics.median(load):.1f} s, pool again {statistics.median(again):.1f} s;"
            f" kept {sum(bool(one['kept']) for one in rounds)} of {len(rounds)})",
            flush=True,
        )
    return statistics.geometric_mean(shares) if shares else None


def curve(runs: Sequence[Run], budgets: Sequence[int]) -> list[list[float]]:
    """Accuracy of each run at each of these budgets, between steps by straight lines."""
    return [
        np.interp(
            budgets, [0, *(s["labels"] for s in run["steps"])], [0.0, *(s["accuracy"] for s in run["steps"])]
        ).tolist()
        for run in runs
    ]


def worth(runs: Sequence[Run], plain: Sequence[Run], budgets: Sequence[int]) -> float:
    """Labels that picking needs for what random picking reaches, as a share, mean over the budgets."""
    dense = list(range(1, max(budgets) + 1))
    ours = np.maximum.accumulate(np.mean(curve(runs, dense), axis=0))
    reached = np.mean(curve(plain, budgets), axis=0)
    needed = [float(np.searchsorted(ours, level) + 1) for level in reached]
    return statistics.mean(n / b for n, b in zip(needed, budgets, strict=True))


def against_random(found: Found, kind: str) -> float | None:
    """Print how many labels picking is worth, a line a set; returns the share it needs, as a mean."""
    shares: list[float] = []
    for folder in SETS:
        auto, plain = (found.runs.get((folder, kind, name), {}) for name in ("auto", "random"))
        seeds = sorted(auto.keys() & plain.keys())
        if not seeds:
            continue
        budgets = [k * found.classes[folder] for k in CURVE]
        picked, drawn = [auto[s] for s in seeds], [plain[s] for s in seeds]
        areas = [[statistics.mean(one) for one in curve(runs, budgets)] for runs in (picked, drawn)]
        shares.append(worth(picked, drawn, budgets))
        print(
            f"{folder:14s} {len(seeds):2d} seeds  area {statistics.mean(areas[0]):.3f} against"
            f" {statistics.mean(areas[1]):.3f}: {in_points(interval(areas[0], areas[1]))} points;"
            f" needs {100 * shares[-1]:.0f} % of the labels",
            flush=True,
        )
    return statistics.mean(shares) if shares else None


def tables(found: Found, others: Sequence[Peer]) -> None:
    """Everything that the runs tell."""
    for peer in others:
        print(f"-- {PER_CLASS} labels a class in all, picked from zero, against {peer.name}; points, 90 % intervals")
        lead = against_peer(found, peer)
        if lead is not None:
            print(f"a lead of {lead:+.1f} points in the mean (aim +3)")
        if peer.seconds:
            print(f"-- a round, from its start to the verdict, against {peer.name}'s training")
            share = times(found, peer)
            if share is not None:
                print(f"{share:.2f} of {peer.name}'s time (geometric mean; aim 0.20)")
    for kind, training in CURVES.items():
        if any(k == kind for _folder, k, _strategy in found.runs):
            print(f"-- area under the accuracy curve at {', '.join(map(str, CURVE))} labels a class, {training}")
            share = against_random(found, kind)
            if share is not None:
                print(f"picking needs {100 * share:.0f} % of the labels in the mean (aim 70)")
