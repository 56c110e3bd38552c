"""After a label: how long until the worker has a new ranking, and in how much memory?

For each size a project of that many short texts is made in a process of its own, with random features of the embedded
encoder's width and 60 labels of seven classes; then ten answers are given one by one, and after each the ranking is
renewed as the worker does it. Memory is the process's own (anonymous) peak growth over a project of the smallest size;
mapped files are the system's to drop.

Run: python tests/bench/bench_ranking.py [SIZES, comma-separated]
"""

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

SIZES = (10_000, 100_000, 1_000_000)
AIMS = {10_000: 0.1, 100_000: 0.5, 1_000_000: 3.0}
DIM, CLASSES, LABELS, ANSWERS = 384, 7, 60, 10


def make(root: Path, n: int) -> None:
    """A project whose pool is embedded: texts by import, features at random around as many centres as classes."""
    from core import intake
    from core.connection import transaction
    from core.publish import make_dir, publish_file
    from core.settings import Settings
    from core.settings import save as save_settings
    from core.store import meta
    from core.training.space import SPACE
    from core.vectors import VectorStore
    from core.worker.rule import wanted_key

    source = root / "texts.jsonl"
    with source.open("w") as out:
        out.writelines(json.dumps({"text": f"text number {i}"}) + "\n" for i in range(n))
    names = ",".join(f"class {c}" for c in range(CLASSES))
    project, _reports = intake.new_project(root / "project", data=source, labels=names)
    save_settings(project.root, Settings(round_every=0))
    space = make_dir(project.embeddings / "bench")
    publish_file(space / SPACE, json.dumps({"fingerprint": "bench", "dim": DIM, "encoder": "base"}).encode())
    draw, store = np.random.default_rng(0), VectorStore(space, DIM)
    centres = draw.normal(size=(CLASSES, DIM)).astype(np.float32)
    for start in range(0, n, 50_000):
        size = min(50_000, n - start)
        x = centres[draw.integers(CLASSES, size=size)] + draw.normal(size=(size, DIM)).astype(np.float32) * 2
        store.append(np.arange(start + 1, start + size + 1), x / np.linalg.norm(x, axis=1, keepdims=True))
    with project.open() as con, transaction(con):
        meta.put(con, "space", "bench")
        meta.put(con, "embedded", n)
        meta.put(con, "space_key", wanted_key(con, project.settings()))


def anonymous() -> int:
    """Bytes of this process that no file stands behind."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


class Peak(threading.Thread):
    """Watches how much memory is used at most."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = 0

    def run(self) -> None:
        while True:
            self.most = max(self.most, anonymous())
            time.sleep(0.002)


def measure(root: Path) -> dict[str, float]:
    """Seconds of a refresh after each of ten answers, and the most memory meanwhile."""
    from core import clock
    from core import project as projects
    from core.store import classes, examples, models
    from core.store.labels import Decision, decide
    from core.worker.learner import refresh

    project = projects.find(root / "project")
    draw = np.random.default_rng(1)
    with project.open() as con:
        task, ids = project.task(con), list(classes.names(con))

        def answer(n: int) -> None:
            open_ids = examples.open_ids(con, 5000)
            chosen = draw.choice(open_ids, n, replace=False).tolist()
            names = classes.names(con)
            by_name = {name: i for i, name in names.items()}
            given = [task.from_file(names[ids[k % CLASSES]], by_name, "") for k in range(n)]
            decide(con, task, [Decision(i, task.encode(a)) for i, a in zip(chosen, given, strict=True)], "me")

        answer(LABELS)
        refresh(project, con)
        peak = Peak()
        peak.start()
        seconds = []
        for _turn in range(ANSWERS):
            answer(1)
            begun = clock.now()
            refresh(project, con)
            ranking = models.newest_ranking(con)
            assert ranking is not None
            seconds.append(ranking.created - begun)  # what follows it judges the head, and nobody waits for that
    return {"median": statistics.median(seconds), "worst": max(seconds), "peak": float(peak.most)}


def main() -> None:
    """A line a size."""
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(Path(sys.argv[2]))))
        return
    sizes = [int(part) for part in sys.argv[1].split(",")] if len(sys.argv) > 1 else SIZES
    print(f"{'texts':>9}  {'median':>8}  {'worst':>8}  {'aim':>5}  memory over the smallest (aim 200 MB)")
    least = 0.0
    for n in sizes:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
            make(Path(name), n)
            command = [sys.executable, "-P", __file__, "--measure", name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        least = least or found["peak"]
        print(
            f"{n:>9,}  {found['median']:>6.2f} s  {found['worst']:>6.2f} s  {AIMS.get(n, 0):>3} s"
            f"  {(found['peak'] - least) / 1e6:>6.0f} MB"
        )


if __name__ == "__main__":
    main()
