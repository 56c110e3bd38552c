"""The load figures P1 to P8 as measured here, beside what is aimed at. No test fails by them.

usage: python -P tests/reliability/load.py [TEXTS …]
"""

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from core import project as projects
from core import snapshots
from core.connection import transaction
from core.importing.importer import import_file
from core.project import Project
from core.records import LabelClass
from core.store import classes, examples, search
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.reliability import scored
from tests.reliability.conftest import NO_WORKER, weakened
from tests.terminal.session import TerminalSession
from tests.terminal.test_promises import ready, shown_id

AIMS = {
    "P1 open to first text, s": ("0.5", "0.5", "1"),
    "P2 key to saved and painted, p50 / p99 ms": ("30 / 100", "30 / 100", "30 / 100"),
    "P3 import with search index, s": ("1", "6", "45"),
    "P4 search as one types, p99 ms": ("50", "50", "50"),
    "P5 label while rescoring, p99 / max ms": ("50 / 250", "50 / 250", "100 / 250"),
    "P6 snapshot, s": ("0.1", "0.3", "3"),
    "P7 memory of the app, MB": ("150", "150", "200"),
    "P8 database with index, MB": ("6", "50", "500"),
}
"""For 10,000, 100,000 and 1,000,000 texts, on two cores while a worker trains."""
SIZES = (10_000, 100_000, 1_000_000)
WORDS = 50_000


def texts(n: int) -> Iterator[str]:
    """Texts of about 225 characters; the words are as unevenly frequent as in a language."""
    draw = random.Random(0)
    words = [f"{draw.choice('bcdfglmnprst')}{draw.choice('aeiou')}{k:x}" for k in range(WORDS)]
    for number in range(n):
        picked = " ".join(words[int(WORDS ** draw.random()) - 1] for _word in range(34))
        yield f"{number} {picked}"


def percentile(values: list[float], share: float) -> float:
    """A value that so large a share does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def seconds(act: Callable[[], object]) -> float:
    """How long it takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def made(root: Path) -> Project:
    """An empty project with three classes."""
    root.mkdir(mode=0o700)
    project = projects.create(root, "classify")
    with project.open() as con, transaction(con):
        classes.add(con, [LabelClass(0, name) for name in ("refund", "login", "speed")], "import")
    return project


def imported(project: Project, n: int) -> float:
    """Seconds to take in a file of so many texts."""
    file = project.root.with_suffix(".jsonl")
    with file.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps({"text": text}) + "\n" for text in texts(n))
    with project.open() as con:
        taken = seconds(lambda: import_file(project, con, file))
    file.unlink()
    return taken


def at_the_screen(project: Project, home: Path) -> tuple[float, list[float], float]:
    """(seconds to the first text, seconds from each key to the next text on screen, MB of the app)."""
    env = {"XDG_CONFIG_HOME": str(home / "config"), "XDG_STATE_HOME": str(home / "state")}
    begun = time.perf_counter()
    with TerminalSession(weakened(NO_WORKER, "open", project.root, "--as", "ada"), env=env) as session:
        ready(session)
        opened = time.perf_counter() - begun
        session.settle()
        took = []
        for n in range(120):
            here = shown_id(session.screen)
            pressed = time.monotonic()
            session.send(b"123"[n % 3 : n % 3 + 1])
            session.wait_for(lambda text, here=here: " saved" in text and shown_id(text) != here)
            took.append(session.log[-1][0] - pressed)
            session.settle(0.02)
        status = Path(f"/proc/{session.process.pid}/status").read_text(encoding="ascii")
        memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return opened, took, memory / 1000


def searched(project: Project) -> list[float]:
    """Seconds of each search while words are typed letter by letter."""
    took = []
    with project.open(readonly=True) as con:
        for word in [text.split()[k] for text in texts(12) for k in (3, 9, 20)]:
            typed = [word[:end] for end in range(1, len(word) + 1)]
            took += [seconds(lambda w=w: examples.get(con, search.find(con, w, 100))) for w in typed]
    return took


def while_rescoring(project: Project, encoder: Path) -> list[float]:
    """Seconds of each label given while another process makes a ranking anew."""
    scored.embed(project, encoder)
    took = []
    with scored.rescoring(project, 1) as other, project.open() as con:
        assert other.stdout is not None
        other.stdout.readline()
        n = 0
        while other.poll() is None:
            given = [Decision(n % 1000 + 1, CLASSIFY.encode(ClassAnswer(n % 3 + 1)))]
            took.append(seconds(lambda given=given: decide(con, CLASSIFY, given, "ann")))
            n += 1
            time.sleep(0.05)
    return took


def measure(n: int, home: Path) -> dict[str, str]:
    """All figures for so many texts, in the order of AIMS."""
    project = made(home / f"texts-{n}")
    taken = imported(project, n)
    size = project.database.stat().st_size / 1e6
    opened, keys, memory = at_the_screen(project, home)
    found = searched(project)
    copied = seconds(lambda: snapshots.take(project.database))
    rescored = while_rescoring(project, home / f"encoder-{n}")
    values = (
        f"{opened:.2f}",
        f"{1000 * statistics.median(keys):.0f} / {1000 * percentile(keys, 0.99):.0f}",
        f"{taken:.1f}",
        f"{1000 * percentile(found, 0.99):.1f}",
        f"{1000 * percentile(rescored, 0.99):.0f} / {1000 * max(rescored):.0f}",
        f"{copied:.2f}",
        f"{memory:.0f}",
        f"{size:.0f}",
    )
    return dict(zip(AIMS, values, strict=True))


def main(sizes: list[int]) -> None:
    """Print the table, a size at a time."""
    print(f"\n{'figure':<44}{'texts':>10}{'here':>14}{'aim':>12}")
    for n in sizes:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(n, Path(folder))
        place = min(range(len(SIZES)), key=lambda k: abs(SIZES[k] - n))
        for name, value in found.items():
            print(f"{name:<44}{n:>10,}{value:>14}{AIMS[name][place]:>12}", flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or list(SIZES))
