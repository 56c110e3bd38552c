"""Products by weights in eight-bit integers: weights a column, activations a batch as it comes (dynamic quantization).

Weights are rounded once, symmetric, with a scale for each column; activations when they are known, with one scale and
zero point for the tensor (Jacob et al. 2018, arXiv 1712.05877). The nodes are those that onnxruntime fuses into one. A
few channels that reach far are multiplied in fp32 beside it (Dettmers et al. 2022, arXiv 2208.07339).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

LARGEST = 127


@dataclass(frozen=True, slots=True)
class Even:
    """How the channels of a product's input are evened out before they are rounded."""

    factor: NDArray[np.float32]
    """What each channel is divided by, and its weights are multiplied by, [K]."""
    apart: NDArray[np.int64]
    """Channels that are multiplied in fp32, because they reach further than all others."""


def quantized(
    model: onnx.ModelProto, names: Collection[str], smooth: Mapping[str, Even] | None = None
) -> onnx.ModelProto:
    """The model with the named products in integers; changed in place.

    `smooth`: input's name → how its channels are evened out (`sensitivity.smoothing`).
    """
    weights = {one.name: one for one in model.graph.initializer}
    added: list[onnx.TensorProto] = []
    nodes: list[onnx.NodeProto] = []
    rounded: set[str] = set()
    for node in model.graph.node:
        if node.name not in names:
            nodes.append(node)
            continue
        given = node.input[0]
        even = (smooth or {}).get(given)
        if given not in rounded:
            rounded.add(given)
            nodes += _rounding(given, even, added)
        nodes += _product(node, columns(node, weights[node.input[1]]), even, added)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(added)
    _drop_unused(model)
    return model


def columns(node: onnx.NodeProto, tensor: onnx.TensorProto) -> NDArray[np.float32]:
    """The weights as [K, N]."""
    values = numpy_helper.to_array(tensor)
    turned = any(one.name == "transB" and one.i for one in node.attribute)
    return np.asarray(values.T if turned else values, np.float32)


def _rounding(given: str, even: Even | None, added: list[onnx.TensorProto]) -> list[onnx.NodeProto]:
    """What rounds an input, once for all products of it; channels that are multiplied apart count as zero."""
    found, source = [], given
    if even is not None:
        divided = (1.0 / even.factor).astype(np.float32)
        divided[even.apart] = 0.0
        added += [
            numpy_helper.from_array(divided, f"{given}.smooth"),
            numpy_helper.from_array(even.apart, f"{given}.channels"),
        ]
        source = f"{given}.smoothed"
        found = [helper.make_node("Mul", [given, f"{given}.smooth"], [source])]
        if len(even.apart):
            found.append(helper.make_node("Gather", [given, f"{given}.channels"], [f"{given}.apart"], axis=-1))
    out = [f"{given}.{part}" for part in ("q", "scale", "zero")]
    return [*found, helper.make_node("DynamicQuantizeLinear", [source], out)]


def _product(
    node: onnx.NodeProto, weights: NDArray[np.float32], even: Even | None, added: list[onnx.TensorProto]
) -> list[onnx.NodeProto]:
    given, out = node.input[0], node.output[0]
    rest: list[str] = list(node.input[2:])  # what is added to the product
    found: list[onnx.NodeProto] = []
    if even is not None and len(even.apart):
        added.append(numpy_helper.from_array(np.ascontiguousarray(weights[even.apart]), f"{out}.fp32"))
        found.append(helper.make_node("MatMul", [f"{given}.apart", f"{out}.fp32"], [f"{out}.far"]))
        rest.append(f"{out}.far")
    if even is not None:
        weights = weights * even.factor[:, None]
        weights[even.apart] = 0.0
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-12).astype(np.float32) / np.float32(LARGEST)
    names = {part: f"{out}.{part}" for part in ("weight", "zero", "scale", "scales", "sum", "float")}
    added += [
        numpy_helper.from_array(np.clip(np.round(weights / scale), -LARGEST, LARGEST).astype(np.int8), names["weight"]),
        numpy_helper.from_array(np.zeros(len(scale), np.int8), names["zero"]),
        numpy_helper.from_array(scale, names["scale"]),
    ]
    steps = [f"{out}.near{i}" for i in range(len(rest))] + [out]
    rounded = [f"{given}.q", names["weight"], f"{given}.zero", names["zero"]]
    found += [
        helper.make_node("MatMulInteger", rounded, [names["sum"]]),
        helper.make_node("Cast", [names["sum"]], [names["float"]], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{given}.scale", names["scale"]], [names["scales"]]),
        helper.make_node("Mul", [names["float"], names["scales"]], [steps[0]]),
    ]
    sums = zip(steps[:-1], rest, steps[1:], strict=True)
    return [*found, *(helper.make_node("Add", [one, other], [last]) for one, other, last in sums)]


def _drop_unused(model: onnx.ModelProto) -> None:
    used = {name for node in model.graph.node for name in node.input}
    kept = [one for one in model.graph.initializer if one.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
