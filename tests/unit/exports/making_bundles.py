"""Whole bundles of handmade graphs."""

from pathlib import Path
from typing import Any

import onnx

from exports import program
from tests.unit.exports.handmade import WEIGHTS, graph, sign, tokenizer


def make(target: Path, **more: Any) -> Path:
    """A bundle at `target`; `more` goes into its manifest."""
    target.mkdir(parents=True)
    onnx.save(graph(WEIGHTS), target / "model.onnx")
    tokenizer().save(str(target / "tokenizer.json"))
    (target / "config.json").write_text("{}", encoding="utf-8")
    (target / "README.md").write_text("# card\n", encoding="utf-8")
    (target / "predict.py").write_bytes(program.source())
    sign(target, **more)
    return target
