"""A bundle made by hand, served once for all tests that change nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.exports.making_bundles import make
from tests.unit.serve.living import Server, serving


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole bundle of one class a text."""
    return make(tmp_path_factory.mktemp("words") / "bundle")


@pytest.fixture(scope="session")
def server(words: Path) -> Iterator[Server]:
    with serving(words) as running:
        yield running
