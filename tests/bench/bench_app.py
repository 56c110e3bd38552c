"""The app on a real pseudo-terminal beside a bare Textual app: first frame, key to next text, bytes, memory, slow link.

Run: python tests/bench/bench_app.py [TEXTS]   (1,000,000 for the full table; the worker trains meanwhile)
"""

import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from core import deciding, settings
from core.demo import corpus
from core.demo.making import make
from core.intake import new_project
from core.project import Project
from core.store import classes, examples, meta
from core.worker import launch
from tests.bench.bench_import import write_csv
from tests.terminal.session import HANDFUL, Link, TerminalSession

BARE = Path(__file__).with_name("bare_app.py")
DECISIONS = 100
FIRST_FRAMES = 7
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


def bare_session(where: Path, texts: list[str], env: dict[str, str], link: Link | None = None) -> TerminalSession:
    file = where / "texts.txt"
    file.write_text("\n".join(texts), encoding="utf-8")
    return TerminalSession([sys.executable, BARE, where / f"bare-{time.monotonic_ns()}.db", file], env=env, link=link)


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
            theirs.append(decide(bare, "x", re.compile(f"{number + 1} labelled|{number + 1}".encode())))
        a, b = [t for t, _n in mine], [t for t, _n in theirs]
        row(
            f"key to next text, {load}: p50",
            f"{ms(a, 0.5):.1f} ms",
            f"{ms(b, 0.5):.1f} ms",
            f"{ms(a, 0.5) / ms(b, 0.5):.2f}",
            "30 ms, 2x",
        )
        row("  p99", f"{ms(a, 0.99):.1f} ms", f"{ms(b, 0.99):.1f} ms", "", "100 ms")
        bytes_ = sorted(n for _t, n in mine)
        bare_bytes = statistics.median(n for _t, n in theirs)
        row("bytes per decision: p50", f"{statistics.median(bytes_):.0f}", f"{bare_bytes:.0f}", "", "1,500")
        row("  p95", f"{bytes_[int(0.95 * len(bytes_))]}", "", "", "3,000")
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
    link = Link(delay=0.1, bytes_per_second=20_000)
    with TerminalSession([HANDFUL, "open", demo.root, "--as", "bo"], env=env, link=link) as session:
        session.wait_for("accept", 60)
        time.sleep(3)
        found = []
        for number in range(10):
            found.append(decide(session, str(number % 8 + 1), re.compile(rb"\x1b\[6n"))[0] - 2 * link.delay)
            time.sleep(1)
    row("20 kB/s, 200 ms: beyond the latency, median", f"{statistics.median(found):.2f} s", "", "", "0.5 s")


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
        meta.put(con, "bench", True)
    print(f"-- {n:,} texts, the worker embeds meanwhile on all it may use --")
    compare_decisions(project, texts, where, env, f"{n:,} texts")
    launch.stop(project)


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    main()
