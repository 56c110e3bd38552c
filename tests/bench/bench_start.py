"""How long `handful --help` and `handful status` take against `python -c "import click"`, paired run by run."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from core.demo.making import make

RUNS = 21


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main() -> None:
    handful = str(Path(sys.executable).with_name("handful"))
    baseline = [sys.executable, "-c", "import click"]
    with tempfile.TemporaryDirectory() as name:
        project = make(Path(name, "demo"))
        commands = {"--help": [handful, "--help"], "status": [handful, "status", str(project.root)]}
        print(f"{'command':<10} {'median':>9} {'import click':>13} {'ratio':>6}   (aim: at most 2.5)")
        for label, command in commands.items():
            seconds(command)
            pairs = [(seconds(command), seconds(baseline)) for _run in range(RUNS)]
            ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
            ratio = statistics.median(a / b for a, b in pairs)
            print(f"{label:<10} {ours * 1e3:>6.0f} ms {theirs * 1e3:>10.0f} ms {ratio:>6.2f}")


if __name__ == "__main__":
    main()
