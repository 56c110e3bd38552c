"""Bundles made by hand."""

from pathlib import Path

import pytest

from tests.unit.exports.making_bundles import make


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A whole bundle at `tmp_path/bundle`."""
    return make(tmp_path / "bundle")
