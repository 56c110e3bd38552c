"""Which products suffer most from integers, and how their channels are evened out, both seen on the project's texts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper

from exports.precision import graphs, products
from exports.precision.base import Feed
from exports.precision.products import Even

STRENGTH, WITH_APART = 0.8, 0.65
"""Share of an outlier that goes from activations into weights: alpha of SmoothQuant (Xiao 2022, arXiv 2211.10438)."""
APART = 48
"""One channel in so many is multiplied in fp32."""
_FEW = 2
"""Batches on which single products are tried."""


def smoothing(model: onnx.ModelProto, calibration: Sequence[Feed], *, apart: bool) -> dict[str, Even]:
    """Input of products → how its channels are evened out.

    A channel that now and then is large takes the range of all others; dividing it, and multiplying its weights, keeps
    the product and gives the others their bits back. With `apart`, the few that still reach
    furthest are multiplied in fp32.
    """
    names = set(graphs.products(model))
    weights = {one.name: one for one in model.graph.initializer}
    by_input: dict[str, NDArray[np.float32]] = {}
    for node in model.graph.node:
        if node.name in names:
            columns = np.abs(products.columns(node, weights[node.input[1]])).max(axis=1)
            by_input[node.input[0]] = np.maximum(by_input.get(node.input[0], 0.0), columns)
    seen = largest(model, list(by_input), calibration)
    found, strength = {}, WITH_APART if apart else STRENGTH
    for name, weight in by_input.items():
        factor = np.maximum(seen[name], 1e-5) ** strength / np.maximum(weight, 1e-5) ** (1 - strength)
        even = (factor / np.exp(np.log(factor).mean())).astype(np.float32)
        reach, weighs = seen[name] / even, weight * even
        far = np.argsort(-np.maximum(reach / np.median(reach), weighs / np.median(weighs)))
        found[name] = Even(even, np.sort(far[: max(1, len(even) // APART) if apart else 0]).astype(np.int64))
    return found


def largest(
    model: onnx.ModelProto, names: Sequence[str], calibration: Sequence[Feed]
) -> dict[str, NDArray[np.float32]]:
    """The largest absolute value that each channel of these tensors takes, [K] by name."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    probe.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = opened(probe.SerializeToString())
    found: dict[str, NDArray[np.float32]] = {}
    for feed in calibration:
        for name, value in zip(names, session.run(list(names), dict(feed)), strict=True):
            top = np.abs(value).reshape(-1, value.shape[-1]).max(axis=0)
            found[name] = np.maximum(found.get(name, top), top)
    return found


def ranked(source: Path, names: Sequence[str], calibration: Sequence[Feed], smooth: Mapping[str, Even]) -> list[str]:
    """The products, the one first that in integers, alone, moves the logits most."""
    few = calibration[:: max(1, len(calibration) // _FEW)][:_FEW]
    whole = graphs.load(source)
    truth = _logits(whole, few)
    moved: dict[str, float] = {}
    for name in names:
        one = onnx.ModelProto()
        one.CopyFrom(whole)
        found = _logits(products.quantized(one, [name], smooth), few)
        moved[name] = float(np.mean((found - truth) ** 2))
    return sorted(names, key=lambda name: -moved[name])


def _logits(model: onnx.ModelProto, feeds: Sequence[Feed]) -> NDArray[np.float32]:
    session = opened(model.SerializeToString())
    return np.concatenate([session.run(["logits"], dict(feed))[0].reshape(-1) for feed in feeds])


def opened(raw: bytes) -> Any:
    """A session on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(raw, options, providers=["CPUExecutionProvider"])
