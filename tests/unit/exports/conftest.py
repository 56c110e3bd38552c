"""Bundles made by hand."""

from pathlib import Path

import onnx
import pytest

from exports import program
from tests.unit.exports.handmade import WEIGHTS, graph, sign, tokenizer


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A whole bundle at `tmp_path/bundle`."""
    made = tmp_path / "bundle"
    made.mkdir()
    onnx.save(graph(WEIGHTS), made / "model.onnx")
    tokenizer().save(str(made / "tokenizer.json"))
    (made / "config.json").write_text("{}", encoding="utf-8")
    (made / "README.md").write_text("# card\n", encoding="utf-8")
    (made / "predict.py").write_bytes(program.source())
    sign(made)
    return made
