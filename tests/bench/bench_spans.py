"""How good a tagger after so few texts, and how fast a round? Handful from zero against a plain fine-tune.

The plain fine-tune (peers/token_trainer.py) gets as many random texts, Handful picks its own. A line a set and budget:
entity F1 with both ends and the class right, means over seeds, the paired 90 % interval of the difference, seconds of a
round (without reading the pool anew) beside those of the Trainer. Both run on as many threads.

Run: HANDFUL_BENCH_DATA=FOLDER PYTHONPATH=. python tests/bench/bench_spans.py [--seed S] [--json] [SET:TEXTS …]
FOLDER holds a folder a set, each with train.jsonl and test.jsonl. The peer needs accelerate: after `make peers`, set
HANDFUL_PEERS=.venv-peers/bin/python. With --json a line a run comes instead of the table; such lines, of as many
processes or machines as there were, become the table by --from FILE …; --only names one of the two.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.learning import interval

ALL = ("wnut17:100", "wnut17:300", "snips_slots:100", "snips_slots:300")
PEER = Path(__file__).parent / "peers" / "token_trainer.py"
HANDFUL, PLAIN = "handful", "plain"

Run = dict[str, Any]
"""set, texts, seed, who; f1 and seconds, and what else there is to say."""


def _json_of(command: Sequence[str], **env: str) -> dict[str, Any]:
    """What a command prints, or its last line; raises RuntimeError with what it complains of."""
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, **env})
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def plain(folder: Path, n: int, seed: int, options: argparse.Namespace) -> Run:
    """The plain fine-tune."""
    python = os.environ.get("HANDFUL_PEERS", sys.executable)
    path = f"{Path.cwd()}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    command = [python, str(PEER), str(folder), str(n), str(seed)]
    return _json_of(command, PYTHONPATH=path, OMP_NUM_THREADS=str(options.threads))


def handful(folder: Path, n: int, seed: int, options: argparse.Namespace) -> Run:
    """Handful from zero, a round at the end."""
    command = [
        *(sys.executable, "-P", "-m", "tui.cli", "simulate", str(folder / "train.jsonl"), "--json"),
        *("--test", str(folder / "test.jsonl"), "--task", "spans", "--label", "spans"),
        *("--budget", str(n), "--seed", str(seed), "--rounds", "at:end"),
        *("--set", f"device={options.device}", "--set", f"precision={options.precision}"),
        *("--set", f"threads={options.threads}"),
    ]
    said = _json_of(command)
    final = said["runs"][0]["final"]
    told = {"model": final["model"], "device": said["device"], "verdict": final["round"].get("verdict", "")}
    return {"f1": final["micro_f1"], "seconds": final["seconds"]["round"], **told, "round": final["round"]["seconds"]}


def runs(data: Path, options: argparse.Namespace) -> Iterator[Run]:
    """Every run that was asked for."""
    seeds = range(options.seeds) if options.seed is None else (options.seed,)
    for chosen in options.sets or ALL:
        name, _colon, n = chosen.partition(":")
        for seed in seeds:
            for who, run in ((HANDFUL, handful), (PLAIN, plain)):
                if options.only in (None, who):
                    told = run(data / name, int(n), seed, options)
                    yield {"set": name, "texts": int(n), "seed": seed, "who": who, **told}


def table(found: Sequence[Mapping[str, Any]]) -> None:
    """A line a set and budget, over the seeds that both have run."""
    by_case: dict[tuple[str, int], dict[str, dict[int, Mapping[str, Any]]]] = defaultdict(
        lambda: {HANDFUL: {}, PLAIN: {}}
    )
    for run in found:
        by_case[run["set"], run["texts"]][run["who"]][run["seed"]] = run
    for (name, n), who in by_case.items():
        seeds = sorted(who[HANDFUL].keys() & who[PLAIN].keys())
        if not seeds:
            print(f"{name:<12} {n:>4} texts: no seed that both have run")
            continue
        ours, theirs = ([who[one][seed] for seed in seeds] for one in (HANDFUL, PLAIN))
        mean, low, high = interval([one["f1"] for one in ours], [one["f1"] for one in theirs])
        print(
            f"{name:<12} {n:>4} texts: entity F1 {_mean(ours, 'f1'):.3f} against {_mean(theirs, 'f1'):.3f}"
            f" ({mean:+.3f}, 90 % {low:+.3f} to {high:+.3f}); a round {_mean(ours, 'seconds'):.1f} s against"
            f" {_mean(theirs, 'seconds'):.1f} s; kept {sum(one['model'] != 'head' for one in ours)} of {len(seeds)}"
        )


def _mean(found: Sequence[Mapping[str, Any]], key: str) -> float:
    return statistics.mean(one[key] for one in found)


def main() -> None:
    """Runs, as lines or as a table; or a table of such lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", metavar="SET:TEXTS")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--only", choices=(HANDFUL, PLAIN))
    parser.add_argument("--device", default="auto", help="of Handful; the Trainer takes the best there is")
    parser.add_argument("--precision", default="auto", help="of Handful; the Trainer computes in fp32, as it comes")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--from", dest="files", nargs="+", type=Path)
    options = parser.parse_args()
    if options.files:
        table([json.loads(line) for path in options.files for line in path.read_text(encoding="utf-8").splitlines()])
        return
    found = []
    for run in runs(Path(os.environ["HANDFUL_BENCH_DATA"]), options):
        found.append(run)
        if options.json:
            print(json.dumps(run), flush=True)
    if not options.json:
        table(found)


if __name__ == "__main__":
    main()
