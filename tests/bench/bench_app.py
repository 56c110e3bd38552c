"""The app on a real pseudo-terminal beside a bare Textual app: first frame, key to next text, bytes, idling, memory,
slow link.

The bare app (bare_app.py) changes the same words on the same places and makes one FULL commit per key, under the same
load; while both idle, it has a text field of Textual's with the focus where Handful has its filter box.

Run: python tests/bench/bench_app.py [TEXTS]   (1,000,000 for the full table; the worker trains meanwhile)
"""

import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from core import deciding, settings, work
from core.demo import corpus
from core.demo.making import make
from core.intake import new_project
from core.project import Project
from core.store import classes, examples, jobs
from core.worker import launch
from tests.bench.bench_import import write_csv
from tests.terminal.session import HANDFUL, Link, TerminalSession

BARE = Path(__file__).with_name("bare_app.py")
DECISIONS = 100
FIRST_FRAMES = 7
IDLE_SECONDS = 10
SLOW_DECISIONS = 10
SLOW = Link(delay=0.1, bytes_per_second=20_000)
CLASSES = "delivery,charge,refund,fault,access,cancel,advice,feedback"


def row(what: str, ours: str, bare: str, ratio: str, aim: str) -> None:
    print(f"{what:<44} {ours:>16} {bare:>14} {ratio:>7}   {aim}")


def ms(values: list[float], q: float) -> float:
    return 1e3 * sorted(values)[min(len(values) - 1, int(q * len(values)))]


def first_frame(command: list[str | Path], wanted: list[str], env: dict[str, str]) -> float:
    start = time.monotonic()
    with TerminalSession(command, env=env) as session:
        session.wait_for(lambda text: all(word in text for word in wanted))
        return session.log[-1][0] - start


def decide(session: TerminalSession, key: str, changed: re.Pattern[bytes]) -> tuple[float, int]:
    """(seconds from the key to the next text on the wire, bytes of it all) of one decision."""
    session.settle(0.05)
    before, start = len(session.written), time.monotonic()
    session.send(key.encode())
    end = start + 5
    while time.monotonic() < end and not changed.search(session.written, before):
        time.sleep(0.0002)
    took = next(when for when, _data in reversed(session.log)) - start
    session.settle(0.15)
    return took, len(session.written) - before


def memory(pid: int) -> float:
    """Resident megabytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1e3  # type: ignore[index]


def bare_session(
    where: Path, texts: list[str], env: dict[str, str], *options: str, link: Link | None = None
) -> TerminalSession:
    file = where / "texts.txt"
    file.write_text("\n".join(texts), encoding="utf-8")
    database = where / f"bare-{time.monotonic_ns()}.db"
    return TerminalSession([sys.executable, BARE, database, file, *options], env=env, link=link)


def painted(number: int) -> re.Pattern[bytes]:
    """What the bare app writes with its text of that number."""
    return re.compile(f"{number} labelled|{number}".encode())


def ratio(ours: float, bare: float) -> str:
    return f"{ours / bare:.2f}" if bare else "-"


def compare_decisions(project: Project, texts: list[str], where: Path, env: dict[str, str], load: str) -> None:
    ours = TerminalSession([HANDFUL, "open", project.root, "--as", "ada"], env=env)
    bare = bare_session(where, texts, env)
    with ours, bare:
        ours.wait_for("accept")
        bare.wait_for("labelled")
        time.sleep(2)
        mine, theirs = [], []
        for number in range(min(DECISIONS, len(texts) - 2)):
            mine.append(decide(ours, str(number % 8 + 1), re.compile(rb"\x1b\[6n")))
            theirs.append(decide(bare, "x", painted(number + 1)))
        a, b = [t for t, _n in mine], [t for t, _n in theirs]
        row(
            f"key to next text, {load}: p50",
            f"{ms(a, 0.5):.1f} ms",
            f"{ms(b, 0.5):.1f} ms",
            f"{ms(a, 0.5) / ms(b, 0.5):.2f}",
            "30 ms, 2x",
        )
        row(
            "  p99",
            f"{ms(a, 0.99):.1f} ms",
            f"{ms(b, 0.99):.1f} ms",
            ratio(ms(a, 0.99), ms(b, 0.99)),
            "100 ms",
        )
        sent, bare_sent = sorted(n for _t, n in mine), sorted(n for _t, n in theirs)
        for name, q, aim in (("bytes per decision: p50", 0.5, "1,500"), ("  p95", 0.95, "3,000")):
            x, y = sent[int(q * len(sent))], bare_sent[int(q * len(bare_sent))]
            row(name, f"{x:,}", f"{y:,}", ratio(x, y), aim)
        m, n = memory(ours.process.pid), memory(bare.process.pid)
        row("memory of the terminal process", f"{m:.0f} MB", f"{n:.0f} MB", f"{m / n:.2f}", "2x")


def main() -> None:
    texts = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as name:
        where = Path(name)
        env = {"XDG_STATE_HOME": name, "XDG_CONFIG_HOME": name, "TERM": "xterm-256color", "COLORTERM": ""}
        (where / "handful").mkdir()
        (where / "handful" / "config.toml").write_text("tour_done = true\n", encoding="utf-8")
        row("", "handful", "bare", "ratio", "aim")
        demo = make(where / "demo")
        chosen = [item.text for item in corpus() if 40 <= len(item.text.split()) <= 80]
        print(f"-- {len(chosen)} demo texts of 40 to 80 words --")
        frames(demo, where, env, chosen)
        file = where / "middling.txt"
        file.write_text("\n".join(" ".join(text.split()) for text in chosen), encoding="utf-8")
        middling, _reports = new_project(where / "middling", data=file, labels=CLASSES)
        compare_decisions(middling, chosen, where, env, "worker on")
        launch.stop(middling)
        idle(where, env, chosen)
        slow_link(demo, where, env, chosen)
        launch.stop(demo)
        large(where, env, chosen, texts)


def frames(demo: Project, where: Path, env: dict[str, str], texts: list[str]) -> None:
    file = where / "first.txt"
    file.write_text("\n".join(texts), encoding="utf-8")
    pairs = []
    for _turn in range(FIRST_FRAMES):
        ours = first_frame([HANDFUL, "open", demo.root], ["1d delivery", "labelled", "text "], env)
        launch.stop(demo)
        bare = first_frame([sys.executable, BARE, where / "b.db", file], ["0 labelled"], env)
        pairs.append((ours, bare))
    a, b = (statistics.median(side) for side in zip(*pairs, strict=True))
    row("first frame", f"{a:.2f} s", f"{b:.2f} s", f"{statistics.median(x / y for x, y in pairs):.2f}", "2.5x")


def slow_link(demo: Project, where: Path, env: dict[str, str], texts: list[str]) -> None:
    """Seconds of a decision beyond what the link's latency takes by itself."""
    ours, bare = [], []
    with TerminalSession([HANDFUL, "open", demo.root, "--as", "bo"], env=env, link=SLOW) as session:
        session.wait_for("accept", 60)
        time.sleep(3)
        for number in range(SLOW_DECISIONS):
            ours.append(decide(session, str(number % 8 + 1), re.compile(rb"\x1b\[6n"))[0] - 2 * SLOW.delay)
            time.sleep(1)
    with bare_session(where, texts, env, link=SLOW) as session:
        session.wait_for("labelled", 60)
        for number in range(SLOW_DECISIONS):
            bare.append(decide(session, "x", painted(number + 1))[0] - 2 * SLOW.delay)
            time.sleep(1)
    a, b = statistics.median(ours), statistics.median(bare)
    row("20 kB/s, 200 ms: beyond the latency, median", f"{a:.2f} s", f"{b:.2f} s", ratio(a, b), "0.5 s")


def idle(where: Path, env: dict[str, str], texts: list[str]) -> None:
    """Bytes written while nobody does anything and a field waits for letters; the worker has nothing to do."""
    file = where / "quiet.txt"
    file.write_text("\n".join(" ".join(text.split()) for text in texts), encoding="utf-8")
    project, _reports = new_project(where / "quiet", data=file, labels=CLASSES)
    with TerminalSession([HANDFUL, "open", project.root, "--as", "ada"], env=env) as session:
        session.wait_for("worker: ready", 120)
        session.settle(3, 60)
        session.press("slash")
        session.settle(1, 20)
        ours = written_in(session, IDLE_SECONDS)
    with bare_session(where, texts, env, "--field") as session:
        session.wait_for("labelled")
        session.settle(0.3)
        bare = written_in(session, IDLE_SECONDS)
    launch.stop(project)
    row(f"idle {IDLE_SECONDS} s, filter box open: bytes", f"{ours}", f"{bare}", ratio(ours, bare), "0")


def written_in(session: TerminalSession, seconds: float) -> int:
    """Bytes that come within so many seconds."""
    before = len(session.written)
    time.sleep(seconds)
    return len(session.written) - before


def large(where: Path, env: dict[str, str], texts: list[str], n: int) -> None:
    write_csv(where / "large.csv", n, label=False, chinese=False)
    project, _reports = new_project(where / "large", data=where / "large.csv", text="text", labels=CLASSES)
    settings.save(project.root, settings.changed(project.settings(), "idle_seconds", 3600))
    with project.open() as con:
        task = project.task(con)
        for number, example in enumerate(examples.after(con, 0, 64)):
            name = CLASSES.split(",")[number % 8]
            deciding.give(con, task, name, [(example, {})], "bo", open_classes=False)
        assert classes.counts(con)
        work.submit(project, con, "round")
    print(f"-- {n:,} texts, the worker at work meanwhile --")
    compare_decisions(project, texts, where, env, f"{n:,} texts")
    with project.open(readonly=True) as con:
        busy = ", ".join(f"{job.kind} {job.state}" for job in jobs.active(con))
    print(f"-- the worker at the end of it: {busy or 'idle'} --")
    launch.stop(project)


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    main()
