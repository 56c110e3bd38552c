"""How few labels, how fast a round? Handful from zero against SetFit on labels drawn stratified, and against random.

The peers' draws lie in references.json beside this file, measured once by the programs below peers/ (`make peers`).
Handful's are run here by `handful simulate`, on two threads as SetFit. Accuracy and macro-F1 with their spread over
seeds, the paired 90 % interval of the difference, seconds of a round beside the peer's training, and how many labels
picking is worth: labels it needs for what random picking reaches, as a share.

Run: HANDFUL_BENCH_DATA=FOLDER PYTHONPATH=. python tests/bench/bench_learning.py [--full] [--commands OUT]

FOLDER holds a folder a set, each with train.jsonl and test.jsonl. The quick form takes two sets and three seeds, under
a quarter of an hour on two cores. With --commands nothing runs: a line is printed for each run, to be made in any
order, side by side or on another machine (--threads 1, --device cuda), whose outputs learning_table.py sums up.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.learning import CURVE, PER_CLASS, QUICK, SETS, name_of, peers, read, tables


@dataclass(frozen=True)
class Job:
    """One call of `handful simulate`."""

    folder: Path
    kind: str
    strategy: str
    seeds: tuple[str, ...]
    """`--seed S` or `--seeds K`."""
    options: tuple[str, ...]

    @property
    def file(self) -> str:
        """What its output is called."""
        return name_of(self.folder.name, self.kind, self.strategy, "".join(self.seeds).strip("-"))

    @property
    def command(self) -> list[str]:
        """Without the redirection."""
        return [
            *(sys.executable, "-P", "-m", "tui.cli", "simulate", str(self.folder / "train.jsonl")),
            *("--test", str(self.folder / "test.jsonl"), "--strategy", self.strategy, *self.seeds, "--json"),
            *self.options,
        ]


def classes_of(folder: Path) -> int:
    """How many classes the pool has."""
    return len({json.loads(line)["label"] for line in (folder / "train.jsonl").open(encoding="utf-8")})


def jobs(folder: Path, seeds: Sequence[tuple[str, ...]], compute: Sequence[str], *, rounds: bool) -> Iterator[Job]:
    """All calls for one set; with `rounds` the curves once more, with a round at each of their points."""
    classes = classes_of(folder)
    points = [k * classes for k in CURVE]
    curves = {"curve": "none"} | ({"rounds": f"at:{','.join(map(str, points))}"} if rounds else {})
    for seed in seeds:
        yield Job(folder, "final", "auto", seed, ("--budget", str(PER_CLASS * classes), *compute))
        for kind, when in curves.items():
            for strategy in ("auto", "random"):
                options = ("--budget", str(points[-1]), "--rounds", when, *compute)
                yield Job(folder, kind, strategy, seed, options)


def main() -> None:
    """Run what is asked for, and print the tables; or print the command lines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--rounds", action="store_true", help="curves with a round at each point, too")
    parser.add_argument("--commands", type=Path, metavar="OUT")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    root = os.environ.get("HANDFUL_BENCH_DATA")
    if not root:
        print("skipped: HANDFUL_BENCH_DATA names no folder with data sets")
        return
    sets, n = (SETS, 10) if asked.full else (QUICK, 3)
    options = {"precision": "fp32", "threads": asked.threads, "device": asked.device}
    compute = [part for key, value in options.items() for part in ("--set", f"{key}={value}")]
    seeds = [("--seed", str(seed)) for seed in range(n)] if asked.commands else [("--seeds", str(n))]
    planned = [job for name in sets for job in jobs(Path(root, name), seeds, compute, rounds=asked.rounds)]
    if asked.commands:
        for job in planned:
            print(f"{shlex.join(job.command)} > {shlex.quote(str(asked.commands / job.file))}")
        return
    with tempfile.TemporaryDirectory() as name:
        for job in planned:
            print(f"   {job.folder.name}, {job.kind}, {job.strategy}", file=sys.stderr, flush=True)
            with (Path(name) / job.file).open("w", encoding="utf-8") as out:
                subprocess.run(job.command, stdout=out, stderr=subprocess.DEVNULL, check=True)
        tables(read(Path(name).glob("*.json")), peers())


if __name__ == "__main__":
    main()
