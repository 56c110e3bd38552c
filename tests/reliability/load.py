"""The load figures P1 to P8 as measured here, beside what is aimed at; and a few promises with a time in them.

usage: python -P tests/reliability/load.py [TEXTS …]

Each step is a process of its own with a time of its own: one that fails or takes too long is said, and the others go
on. No test fails by these figures.
"""

import json
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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

OPEN, KEYS = "P1 open to first text, s", "P2 key to saved and painted, p50 / p99 ms"
IMPORT, SEARCH = "P3 import with search index, s", "P4 search as one types, p99 ms"
RESCORE, COPY = "P5 label while rescoring, p99 / max ms", "P6 snapshot, s"
MEMORY, SIZE = "P7 memory of the app, MB", "P8 database with index, MB"
PEOPLE = "C1 eight people, 1,000 labels each, s"
TAKING, LOG, BESIDE = "S7 memory of the import, MB", "D7 log after rescoring, MB", "D5 label while copied, p99 ms"
AIMS: Mapping[str, tuple[str, str, str]] = {
    OPEN: ("0.5", "0.5", "1"),
    KEYS: ("30 / 100", "30 / 100", "30 / 100"),
    IMPORT: ("1", "6", "45"),
    SEARCH: ("50", "50", "50"),
    RESCORE: ("50 / 250", "50 / 250", "100 / 250"),
    COPY: ("0.1", "0.3", "3"),
    MEMORY: ("150", "150", "200"),
    SIZE: ("6", "50", "500"),
    TAKING: ("500", "500", "500"),
    LOG: ("64", "64", "64"),
    BESIDE: ("100", "100", "100"),
    PEOPLE: ("20", "20", "20"),
}
"""For 10,000, 100,000 and 1,000,000 texts, on two cores while a worker trains."""
SIZES = (10_000, 100_000, 1_000_000)
WORDS = 50_000
KEYS_PRESSED = 120
Say = Callable[[str], None]


def texts(n: int) -> Iterator[str]:
    """Texts of about 225 characters; the words are as unevenly frequent as in a language."""
    draw = random.Random(0)
    words = [f"{draw.choice('bcdfglmnprst')}{draw.choice('aeiou')}{k:x}" for k in range(WORDS)]
    for number in range(n):
        picked = " ".join(words[int(WORDS ** draw.random()) - 1] for _word in range(34))
        yield f"{number} {picked}"


def percentile(values: Sequence[float], share: float) -> float:
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


def label(con: object, n: int) -> float:
    """Answer the n-th of the first thousand texts; returns the seconds until it was committed."""
    given = [Decision(n % 1000 + 1, CLASSIFY.encode(ClassAnswer(n % 3 + 1)))]
    return seconds(lambda: decide(con, CLASSIFY, given, "ann"))  # type: ignore[arg-type]


# The steps: each gets the directory that they share and how many texts there are, and returns figures.


def write(home: Path, n: int) -> dict[str, str]:
    """The file that is imported."""
    with (home / "texts.jsonl").open("w", encoding="utf-8") as out:
        out.writelines(json.dumps({"text": text}) + "\n" for text in texts(n))
    return {}


def imported(home: Path, _n: int) -> dict[str, str]:
    """Take the file in."""
    project = made(home / "project")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with project.open() as con:
        taken = seconds(lambda: import_file(project, con, home / "texts.jsonl"))
    (home / "texts.jsonl").unlink()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = project.database.stat().st_size / 1e6
    return {IMPORT: f"{taken:.1f}", SIZE: f"{size:.0f}", TAKING: f"{memory / 1e3:.0f} (+{(memory - before) / 1e3:.0f})"}


def at_the_screen(home: Path, _n: int) -> dict[str, str]:
    """Open the app on a terminal, and label."""
    from tests.reliability.conftest import NO_WORKER, weakened
    from tests.terminal.session import TerminalSession
    from tests.terminal.test_promises import ready, shown_id

    env = {"XDG_CONFIG_HOME": str(home / "config"), "XDG_STATE_HOME": str(home / "state")}
    begun = time.perf_counter()
    with TerminalSession(weakened(NO_WORKER, "open", home / "project", "--as", "ada"), env=env) as session:
        ready(session)
        opened = time.perf_counter() - begun
        session.settle()
        took = []
        for n in range(KEYS_PRESSED):
            here = shown_id(session.screen)
            pressed = time.monotonic()
            session.send(b"123"[n % 3 : n % 3 + 1])
            session.wait_for(lambda text, here=here: " saved" in text and shown_id(text) != here)
            took.append(session.log[-1][0] - pressed)
            session.settle(0.02)
        status = Path(f"/proc/{session.process.pid}/status").read_text(encoding="ascii")
        memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    p50, p99 = 1000 * statistics.median(took), 1000 * percentile(took, 0.99)
    return {OPEN: f"{opened:.2f}", KEYS: f"{p50:.0f} / {p99:.0f}", MEMORY: f"{memory / 1000:.0f}"}


def searched(home: Path, _n: int) -> dict[str, str]:
    """Search while words are typed letter by letter."""
    took = []
    with Project(home / "project").open(readonly=True) as con:
        for word in [text.split()[k] for text in texts(12) for k in (3, 9, 20)]:
            typed = [word[:end] for end in range(1, len(word) + 1)]
            took += [seconds(lambda w=w: examples.get(con, search.find(con, w, 100))) for w in typed]  # type: ignore[misc]
    return {SEARCH: f"{1000 * percentile(took, 0.99):.1f}"}


def copied(home: Path, _n: int) -> dict[str, str]:
    """Take a snapshot; and another one while somebody labels."""
    project = Project(home / "project")
    alone = seconds(lambda: snapshots.take(project.database))
    copying = threading.Thread(target=lambda: snapshots.take(project.database))
    took = []
    with project.open() as con:
        copying.start()
        while copying.is_alive() or not took:
            took.append(label(con, len(took)))
            time.sleep(0.02)
    return {COPY: f"{alone:.2f}", BESIDE: f"{1000 * percentile(took, 0.99):.0f}"}


def rescored(home: Path, _n: int) -> dict[str, str]:
    """Label while another process makes a ranking of all texts anew, as the worker does."""
    from tests.reliability import scored

    project = Project(home / "project")
    scored.embed(project, home / "encoder")
    took = []
    with scored.rescoring(project, 1) as other, project.open() as con:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "ready"
        while other.poll() is None:
            took.append(label(con, len(took)))
            time.sleep(0.05)
        assert other.returncode == 0
        log = project.database.with_name("labels.db-wal").stat().st_size
    p99, most = 1000 * percentile(took, 0.99), 1000 * max(took)
    return {RESCORE: f"{p99:.0f} / {most:.0f}", LOG: f"{log / 1e6:.0f}"}


def together(home: Path, n: int) -> dict[str, str]:
    """Eight people label at once, each in a process of their own; one of them is killed on the way."""
    from tests.unit.core.test_eight_people import label_together

    with Project(home / "project").open() as con:
        taken = seconds(lambda: label_together(Project(home / "project"), con, min(1000, n // 10)))
    return {PEOPLE: f"{taken:.1f}"}


STEPS: Mapping[str, tuple[Callable[[Path, int], dict[str, str]], Sequence[str], float, float]] = {
    "write": (write, (), 30, 60),
    "import": (imported, (IMPORT, SIZE, TAKING), 60, 240),
    "screen": (at_the_screen, (OPEN, KEYS, MEMORY), 90, 30),
    "search": (searched, (SEARCH,), 30, 60),
    "snapshot": (copied, (COPY, BESIDE), 60, 90),
    "rescoring": (rescored, (RESCORE, LOG), 120, 180),
    "people": (together, (PEOPLE,), 120, 0),
}
"""name → (what is done, the figures it gives, seconds it may take, and so many more for a million texts)."""


def step(name: str, home: Path, n: int) -> tuple[dict[str, str], str]:
    """Run one step in a process of its own; (figures, what went wrong)."""
    _act, figures, least, more = STEPS[name]
    cap = least + more * n / 1_000_000
    command = [sys.executable, "-P", Path(__file__), "--step", name, home, str(n)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True) as process:
        try:
            said, complaint = process.communicate(timeout=cap)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with what it has started
            return dict.fromkeys(figures, "-"), f"ended after {cap:.0f} s, which is more than it may take"
    if process.returncode:
        last = complaint.strip().splitlines() or [f"exit code {process.returncode}"]
        return dict.fromkeys(figures, "-"), f"failed: {last[-1]}"
    return json.loads(said.splitlines()[-1]), ""


def measure(n: int, home: Path, say: Say) -> dict[str, str]:
    """All figures for so many texts, in the order of AIMS; "-" where there is none."""
    found = dict.fromkeys(AIMS, "-")
    for name in STEPS:
        begun = time.monotonic()
        figures, wrong = step(name, home, n)
        found |= figures
        say(f"{n:,} texts, {name}: {wrong or f'{time.monotonic() - begun:.1f} s'}")
        if wrong and name in ("write", "import"):
            break  # nothing else has texts to work on
    return found


def _say(words: str) -> None:
    print(words, flush=True)


def main(sizes: Sequence[int], say: Say = _say, end: float = float("inf")) -> None:
    """Measure at each size that can begin before `end` (of the monotonic clock), then print the table."""
    measured: dict[int, dict[str, str]] = {}
    for n in sizes:
        if time.monotonic() > end:
            say(f"{n:,} texts: left out, for the time is over")
            continue
        with tempfile.TemporaryDirectory() as folder:
            measured[n] = measure(n, Path(folder), say)
    print(f"\n{'figure':<44}{'texts':>10}{'here':>14}{'aim':>12}")
    for n, found in measured.items():
        place = min(range(len(SIZES)), key=lambda k: abs(SIZES[k] - n))
        for name, value in found.items():
            print(f"{name:<44}{n:>10,}{value:>14}{AIMS[name][place]:>12}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        print(json.dumps(STEPS[sys.argv[2]][0](Path(sys.argv[3]), int(sys.argv[4]))))
    else:
        main([int(word) for word in sys.argv[1:]] or list(SIZES))
