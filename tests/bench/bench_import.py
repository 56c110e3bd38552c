"""How fast is an import? Rows per second beside a twenty-line script that does the same work on the same SQLite.

Run: python tests/bench/bench_import.py [ROWS]
"""

import csv
import hashlib
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from core import project as projects
from core.connection import connect, create_empty, sqlite_version, transaction
from core.importing.importer import import_file
from core.project import Project

RUNS = 3


def write_csv(path: Path, rows: int, *, label: bool, chinese: bool) -> None:
    """Texts of about 225 characters from a Zipf-like vocabulary, some quoted; if asked, one in eight is Chinese."""
    draw = random.Random(0)
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(2, 9))) for _ in range(50_000)]
    letters = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    stream = iter(draw.choices(words, weights, k=rows * 40))
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "text", "label"] if label else ["id", "text"])
        for number in range(rows):
            if chinese and number % 8 == 0:
                text = "".join(draw.choices(letters, k=60))
            else:
                text = " ".join(next(stream) for _ in range(36)) + ("," if number % 3 else ', he said "no"\nand left.')
            out.writerow([number, text, f"class {number % 20}"] if label else [number, text])


def script(csv_path: Path, database: Path) -> None:
    """The twenty lines: csv.reader, sha256, unique insert, FTS5 rebuild."""
    create_empty(database)
    con = connect(database)
    con.execute("CREATE TABLE examples (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, text TEXT NOT NULL)")
    con.execute("CREATE VIRTUAL TABLE search USING fts5(text, content='examples', content_rowid='id')")
    with csv_path.open(encoding="utf-8", newline="") as file, transaction(con):
        reader = csv.reader(file)
        column = next(reader).index("text")
        con.executemany(
            "INSERT OR IGNORE INTO examples(hash, text) VALUES (?, ?)",
            ((hashlib.sha256(row[column].encode()).digest(), row[column]) for row in reader),
        )
        con.execute("INSERT INTO search(search) VALUES ('rebuild')")
    con.close()


def product(csv_path: Path, project: Project, label: str | None) -> None:
    """The same file through import_file."""
    with project.open() as con:
        import_file(project, con, csv_path, label=label)


def best(rows: int, *, label: bool, chinese: bool) -> tuple[float, float]:
    """Rows per second of the script and of the product, the best of some alternating runs."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.csv")
        write_csv(path, rows, label=label, chinese=chinese)
        for run in range(RUNS):
            root = Path(folder, f"project{run}")
            root.mkdir()
            project = projects.create(root, "classify")
            start = time.perf_counter()
            script(path, Path(folder, f"script{run}.db"))
            middle = time.perf_counter()
            product(path, project, "label" if label else None)
            theirs.append(rows / (middle - start))
            ours.append(rows / (time.perf_counter() - middle))
    return max(theirs), max(ours)


def main() -> None:
    """Print the table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    print(f"{rows:,} rows, SQLite {'.'.join(map(str, sqlite_version()))}, best of {RUNS}; aim: ratio at least .50")
    print(f"{'file':<44}{'script rows/s':>15}{'import rows/s':>15}{'ratio':>8}")
    for name, label, chinese in (
        ("English", False, False),
        ("one in eight Chinese (found by letters here)", False, True),
        ("English, every row with an answer taken over", True, False),
    ):
        theirs, ours = best(rows, label=label, chinese=chinese)
        print(f"{name:<44}{theirs:>15,.0f}{ours:>15,.0f}{ours / theirs:>8.2f}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of both, and of writing the files: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
