"""One table from many files: runs of `handful simulate --json` and draws of the peers, wherever they were made.

`bench_learning.py --commands FOLDER` prints the command lines whose output belongs here.

Run: PYTHONPATH=. python tests/bench/learning_table.py RUN.json … DRAWS.jsonl …
"""

import sys
from pathlib import Path

from tests.bench.learning import peers, read, tables


def main() -> None:
    """Read the files, print the tables."""
    files = [Path(name) for name in sys.argv[1:]]
    found = read(path for path in files if path.suffix == ".json")
    tables(found, peers(path for path in files if path.suffix == ".jsonl"))


if __name__ == "__main__":
    main()
