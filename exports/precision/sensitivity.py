"""Which products suffer most from integers, and how far a graph is from the fp32 one, both on the project's texts."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from exports.precision import graphs, products
from exports.precision.base import Feed
from exports.precision.evening import Even

_FEW = 2
"""Batches on which single products are tried."""


def ranked(source: Path, names: Sequence[str], calibration: Sequence[Feed], even: Mapping[str, Even]) -> list[str]:
    """The products, the one first that in integers, alone, moves the logits most."""
    few = calibration[:: max(1, len(calibration) // _FEW)][:_FEW]
    whole = graphs.load(source)
    truth = logits(whole, few)
    moved: dict[str, float] = {}
    for name in names:
        one = onnx.ModelProto()
        one.CopyFrom(whole)
        found = logits(products.quantized(one, [name], even), few)
        moved[name] = float(np.mean((found - truth) ** 2))
    return sorted(names, key=lambda name: -moved[name])


def logits(model: onnx.ModelProto, feeds: Sequence[Feed]) -> NDArray[np.float32]:
    """All logits for these batches, in one row."""
    session = graphs.opened(model.SerializeToString())
    return np.concatenate([session.run(["logits"], dict(feed))[0].reshape(-1) for feed in feeds])
