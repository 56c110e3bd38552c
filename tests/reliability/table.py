"""Run every test that keeps a promise, and print which promises are kept here; load figures follow.

usage: python -P tests/reliability/table.py [--fast] [--rows N,N,…] [--keep FILE] [PYTEST ARGUMENT …]

A promise is kept if all its tests pass, none is skipped, and, for those with a star, one shows that the check can fail.
`--fast` leaves out what is marked slow, and the load; `--rows 0` leaves out the load alone. With `--keep` outcomes of
earlier runs are taken from a file and kept there, so that the whole can be run in parts.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest

from tests.reliability.promises import PROMISES, STARRED, ids_of

HERE = Path(__file__).parent


class Tally:
    """A pytest plugin: runs only tests that name a promise, and remembers what became of each."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, str]] = defaultdict(dict)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out all others."""
        kept = [item for item in items if ids_of(item.name + "_")]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst of set-up, call and tear-down."""
        name = report.nodeid.rpartition("::")[2]
        for promise in ids_of(name.partition("[")[0] + "_"):
            before = self.found[promise].get(report.nodeid, "passed")
            self.found[promise][report.nodeid] = report.outcome if before == "passed" else before

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
        return True, f"{len(tests)} tests" + (", can fail" if can_fail else "")


def main() -> int:
    """Print both tables; the exit code is pytest's."""
    parser = argparse.ArgumentParser(prog="table.py")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--rows", default="10000,100000,1000000")
    parser.add_argument("--keep", type=Path)
    asked, arguments = parser.parse_known_args()
    began, tally = time.monotonic(), Tally()
    chosen = [*(["-m", "not slow"] if asked.fast else []), *(arguments or ["tests"])]
    code = pytest.main(["-q", "-p", "no:cacheprovider", "--no-header", *chosen], plugins=[tally])
    if asked.keep is not None:
        tally.join(asked.keep)
    print(f"\n{'id':<5} kept  promise")
    kept = {promise: tally.verdict(promise) for promise in PROMISES}
    for promise, said in PROMISES.items():
        ok, why = kept[promise]
        star = "★" if promise in STARRED else " "
        print(f"{promise:<4}{star} {'yes ' if ok else 'NO  '}  {said} ({why})")
    good = [promise for promise, (ok, _why) in kept.items() if ok]
    stars = sum(promise in good for promise in STARRED)
    print(f"\n{len(good)} of {len(PROMISES)} kept, {stars} of {len(STARRED)} with a star;", end=" ")
    print(f"{time.monotonic() - began:.0f} s", flush=True)
    sizes = [int(n) for n in asked.rows.split(",") if int(n)]
    if sizes and not asked.fast:
        from tests.reliability import load

        load.main(sizes)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
