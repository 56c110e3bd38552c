"""How good a tagger after so few texts, and how fast a round? Handful from zero against a plain fine-tune.

The plain fine-tune (peers/token_trainer.py) gets as many random texts, Handful picks its own. A line a set and budget:
entity F1 with both ends and the class right, means over seeds, the paired 90 % interval of the difference, seconds of a
round (without reading the pool anew) beside those of the Trainer. Both run on as many threads.

Run: HANDFUL_BENCH_DATA=FOLDER python tests/bench/bench_spans.py [SEEDS] [SET:TEXTS …]
FOLDER holds a folder a set, each with train.jsonl and test.jsonl. The peer needs accelerate: after `make peers`, set
HANDFUL_PEERS=.venv-peers/bin/python.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench_learning import interval, simulate

ALL = ("wnut17:100", "wnut17:300", "snips_slots:100", "snips_slots:300")
PEER = Path(__file__).parent / "peers" / "token_trainer.py"


def plain(folder: Path, n: int, seed: int) -> dict[str, Any]:
    """F1 and seconds of the plain fine-tune."""
    command = [os.environ.get("HANDFUL_PEERS", sys.executable), str(PEER), str(folder), str(n), str(seed)]
    env = {**os.environ, "PYTHONPATH": f"{Path.cwd()}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, env=env)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(data: Path, name: str, n: int, seeds: int) -> None:
    options = ("--task", "spans", "--rounds", "at:end", "--label", "spans")
    runs = simulate(data / name, n, seeds, *options)["runs"]
    ours = [run["final"]["micro_f1"] for run in runs]
    rounds = [run["final"]["seconds"]["round"] for run in runs]
    theirs = [plain(data / name, n, seed) for seed in range(seeds)]
    mean, low, high = interval(ours, [one["f1"] for one in theirs])
    spent = statistics.mean(one["seconds"] for one in theirs)
    print(
        f"{name:<12} {n:>4} texts: entity F1 {statistics.mean(ours):.3f} against"
        f" {statistics.mean(one['f1'] for one in theirs):.3f} ({mean:+.3f}, 90 % {low:+.3f} to {high:+.3f});"
        f" a round {statistics.mean(rounds):.1f} s against {spent:.1f} s; kept"
        f" {sum(run['final']['model'] != 'head' for run in runs)} of {seeds}",
        flush=True,
    )


if __name__ == "__main__":
    data = Path(os.environ["HANDFUL_BENCH_DATA"])
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    for chosen in sys.argv[2:] or ALL:
        name, _colon, n = chosen.partition(":")
        compare(data, name, int(n), seeds)
