"""Run every test that keeps a promise, and print which promises are kept here; load figures follow.

usage: python -P tests/reliability/table.py [--fast] [--rows N,N,…] [--workers N] [--keep FILE] [PYTEST ARGUMENT …]

A promise is kept if all its tests pass, none is skipped, and, for those with a star, one shows that the check can
fail. Tests run two at a time; one that fails beside others is run once more alone, and the table says so. `--fast`
leaves out what is marked slow, and the load; `--rows 0` leaves out the load alone. With `--keep` outcomes of earlier
runs are taken from a file and kept there, so that the whole can be run in parts.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.reliability.promises import PROMISES, STARRED, ids_of

MINUTES = 30.0
"""What all of it may take; loads that would begin later are left out, and said to be."""
_SAY_EVERY = 20.0
_OPTIONS = ("-q", "-p", "no:cacheprovider", "-p", "tests.reliability.only", "--no-header", "--tb=short", "-r", "fEs")
_BEGAN = time.monotonic()


def say(words: str) -> None:
    """A line of progress with the time since the beginning."""
    print(f"[{time.monotonic() - _BEGAN:5.0f} s] {words}", flush=True)


class Tally:
    """A pytest plugin that remembers what became of each test, and says from time to time how far it is."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, str]] = defaultdict(dict)
        self.again: list[str] = []
        """Tests that passed only when they were run once more."""
        self._whole: dict[str, str] = {}
        self._seconds: dict[str, float] = defaultdict(float)
        self._said = time.monotonic()

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """No dots: lines of progress take their place."""
        return ("passed", "", "PASSED") if report.when == "call" and report.passed else None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst of set-up, call and tear-down."""
        file = Path(report.nodeid.partition("::")[0])
        node = report.nodeid.removesuffix(f"@{file.stem}")  # pytest-xdist adds the group
        before = self._whole.get(node, "passed")
        self._whole[node] = report.outcome if before == "passed" else before
        self._seconds[node] += report.duration
        for promise in ids_of(node.rpartition("::")[2]):
            self.found[promise][node] = self._whole[node]
        if report.when == "call" and report.failed:
            say(f"failed: {node}")
        if time.monotonic() - self._said > _SAY_EVERY:
            self._said = time.monotonic()
            failed = sum(outcome == "failed" for outcome in self._whole.values())
            say(f"{len(self._whole)} tests run, {failed} failed")

    @property
    def failed(self) -> list[str]:
        """Tests that did not pass."""
        return [node for node, outcome in self._whole.items() if outcome == "failed"]

    def forget(self, nodes: Sequence[str]) -> None:
        """They are run once more."""
        for node in nodes:
            del self._whole[node]

    def longest(self, n: int) -> list[tuple[float, str]]:
        """(seconds, test) of the n that took longest."""
        return sorted(((seconds, node) for node, seconds in self._seconds.items()), reverse=True)[:n]

    def join(self, file: Path) -> None:
        """Add what earlier runs found to what this one did, and keep both."""
        earlier = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        for promise, tests in earlier.items():
            self.found[promise] = {**tests, **self.found.get(promise, {})}
        file.write_text(json.dumps(self.found), encoding="utf-8")

    def verdict(self, promise: str) -> tuple[bool, str]:
        """(kept, why not or how)."""
        tests = self.found.get(promise, {})
        bad = [node for node, outcome in tests.items() if outcome != "passed"]
        can_fail = any(node.partition("[")[0].endswith(f"_{promise}_can_fail") for node in tests)
        if bad:
            return False, f"{tests[bad[0]]}: {bad[0]}"
        if not [node for node in tests if "_can_fail" not in node]:
            return False, "no test"
        if promise in STARRED and not can_fail:
            return False, "no test that the check can fail"
        again = sum(node in self.again for node in tests)
        said = f"{len(tests)} tests" + (", can fail" if can_fail else "")
        return True, said + (f", {again} of them at the second try, alone" if again else "")


def run_tests(tally: Tally, chosen: Sequence[str], workers: int) -> int:
    """Run them, and what failed once more by itself; returns pytest's exit code."""
    beside = ["-n", str(workers), "--dist", "loadgroup", "--no-loadscope-reorder"] if workers > 1 else []
    code = int(pytest.main([*_OPTIONS, *beside, *chosen], plugins=[tally]))
    failed = tally.failed
    if failed and workers > 1 and code == pytest.ExitCode.TESTS_FAILED:
        say(f"once more, alone: {len(failed)} tests")
        tally.forget(failed)
        code = int(pytest.main([*_OPTIONS, *failed], plugins=[tally]))
        tally.again = [node for node in failed if node not in tally.failed]
    return code


def print_table(tally: Tally) -> None:
    """Which promises are kept, one a line, and how many."""
    print(f"\n{'id':<5} kept  promise")
    kept = {promise: tally.verdict(promise) for promise in PROMISES}
    for promise, said in PROMISES.items():
        ok, why = kept[promise]
        star = "★" if promise in STARRED else " "
        print(f"{promise:<4}{star} {'yes ' if ok else 'NO  '}  {said} ({why})")
    good = [promise for promise, (ok, _why) in kept.items() if ok]
    stars = sum(promise in good for promise in STARRED)
    print(f"\n{len(good)} of {len(PROMISES)} kept, {stars} of {len(STARRED)} with a star", flush=True)


def main() -> int:
    """Print both tables; the exit code is pytest's."""
    parser = argparse.ArgumentParser(prog="table.py")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--rows", default="10000,100000,1000000")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path)
    asked, arguments = parser.parse_known_args()
    tally = Tally()
    chosen = [*(["-m", "not slow"] if asked.fast else []), *(arguments or ["tests"])]
    code = run_tests(tally, chosen, asked.workers)
    if asked.keep is not None:
        tally.join(asked.keep)
    print("\nlongest tests, s")
    for seconds, node in tally.longest(12):
        print(f"{seconds:6.1f}  {node}")
    print_table(tally)
    sizes = [int(n) for n in asked.rows.split(",") if int(n)]
    if sizes and not asked.fast:
        from tests.reliability import load

        load.main(sizes, say, _BEGAN + 60 * MINUTES)
    say("done")
    return code


if __name__ == "__main__":
    sys.exit(main())
