"""A pytest plugin for `table.py`: runs only tests that name a promise, the longest of them first.

Workers of pytest-xdist load it, too. Tests on terminals go to whichever worker is free; those of other files share
what their file made, and stay together.
"""

import pytest

from tests.reliability.promises import ids_of

_LONG = (
    "L1_fifty", "W1_a_round", "T1_", "L2_", "C2_", "X10_X12", "D2_D13", "C1_a_thousand", "L4_", "C6_", "U7_", "T13_",
    "M3_", "X1_",
)  # fmt: skip
"""How names of tests that take tens of seconds go on: begun last, they would leave a worker alone with them."""
_APART = ("tests/reliability/", "tests/terminal/", "tests/worker/")


def pytest_configure(config: pytest.Config) -> None:
    """The mark that pytest-xdist reads."""
    config.addinivalue_line("markers", "xdist_group(name): tests that one worker runs")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out all others; put what is left in order and, where they share something, in groups."""
    kept = [item for item in items if ids_of(item.name)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    for item in kept:
        if not item.nodeid.startswith(_APART):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items[:] = sorted(kept, key=_rank)


def _rank(item: pytest.Item) -> int:
    if item.get_closest_marker("slow") is None:
        return len(_LONG) + 1
    rest = item.name.removeprefix("test_")
    return next((n for n, beginning in enumerate(_LONG) if rest.startswith(beginning)), len(_LONG))
