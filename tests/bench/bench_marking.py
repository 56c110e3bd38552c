"""Marking spans on a real pseudo-terminal of 80x24: milliseconds and bytes from a key to what it paints.

Run: python tests/bench/bench_marking.py [KEYS]
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from core import settings
from core.connection import transaction
from core.intake import new_project
from core.records import LabelClass
from core.store import classes
from tests.terminal.session import HANDFUL, TerminalSession

KEYS = 60
TEXTS = {
    "60 words": "Angela Merkel visited the offices of Acme Corp in Berlin on Tuesday with Jean-Luc Picard. " * 4,
    "500 words": "Angela Merkel visited the offices of Acme Corp in Berlin on Tuesday with Jean-Luc Picard. " * 33,
    "200 Chinese characters": "张三昨天在北京的清华大学见了李四，他们讨论了人工智能的未来。" * 7,
}
ACTS = {
    "next word": "l",
    "previous word": "h",
    "line down": "j",
    "longer": ".",
    "shorter": ",",
    "next name": "i",
    "letters on the words and one of them": "wf",
    "label": "12",
    "take it off and back": "du",
    "next span": "\t",
}


def painted(session: TerminalSession, key: str) -> tuple[float, int]:
    """(seconds until the last byte that the key brought about, bytes)."""
    before, start = len(session.written), time.monotonic()
    session.send(key.encode())
    session.settle(0.05)
    changed = len(session.written) - before
    return (session.log[-1][0] - start if changed else 0.0), changed


def measure(what: str, text: str, where: Path, times: int) -> None:
    file = where / f"{what}.txt"
    file.write_text("\n".join([text, f"{text}."]), encoding="utf-8")
    project, _reports = new_project(where / what, data=file, task="spans")
    settings.save(project.root, settings.changed(project.settings(), "strategy", "random"))
    with project.open() as con, transaction(con):
        classes.add(con, [LabelClass(0, name) for name in ("person", "organisation", "place")], "bench")
    env = {"XDG_STATE_HOME": str(where), "XDG_CONFIG_HOME": str(where), "COLORTERM": ""}
    with TerminalSession([HANDFUL, "open", project.root, "--as", "ada"], env=env) as session:
        session.wait_for("done")
        session.settle(0.5)
        for name, keys in ACTS.items():
            found = [painted(session, key) for _turn in range(times) for key in keys]
            seconds = sorted(1e3 * took for took, n in found if n)
            if seconds:
                p99 = seconds[min(len(seconds) - 1, int(0.99 * len(seconds)))]
                sent = statistics.median(n for _took, n in found if n)
                print(f"{what:<24} {name:<38} {statistics.median(seconds):>8.1f} {p99:>8.1f} {sent:>8.0f}")


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else KEYS
    print(f"{'text':<24} {'key':<38} {'p50 ms':>8} {'p99 ms':>8} {'bytes':>8}")
    with tempfile.TemporaryDirectory() as name:
        config = Path(name, "handful")
        config.mkdir()
        (config / "config.toml").write_text("tour_done = true\n", encoding="utf-8")
        for what, text in TEXTS.items():
            measure(what, text, Path(name), times)


if __name__ == "__main__":
    main()
