"""Products by weights in eight-bit integers: weights a column, activations a batch as it comes (dynamic quantization).

Weights are rounded once, symmetric, with a scale for each column; activations when they are known, with one scale and
zero point for the tensor (Jacob et al. 2018, arXiv 1712.05877). The nodes are those that onnxruntime fuses into one.
"""

from collections.abc import Collection, Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

LARGEST = 127


def quantized(
    model: onnx.ModelProto, names: Collection[str], smooth: Mapping[str, NDArray[np.float32]] | None = None
) -> onnx.ModelProto:
    """The model with the named products in integers; changed in place.

    `smooth`: input's name → how much each of its channels is divided by before it is rounded, [K] (`smoothing`); the
    weights are multiplied by it.
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
        factor = (smooth or {}).get(given)
        if given not in rounded:
            rounded.add(given)
            nodes += _rounding(given, factor, added)
        nodes += _product(node, columns(node, weights[node.input[1]]), factor, added)
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


def _rounding(given: str, factor: NDArray[np.float32] | None, added: list[onnx.TensorProto]) -> list[onnx.NodeProto]:
    found, source = [], given
    if factor is not None:
        added.append(numpy_helper.from_array((1.0 / factor).astype(np.float32), f"{given}.smooth"))
        source = f"{given}.smoothed"
        found.append(helper.make_node("Mul", [given, f"{given}.smooth"], [source]))
    out = [f"{given}.{part}" for part in ("q", "scale", "zero")]
    return [*found, helper.make_node("DynamicQuantizeLinear", [source], out)]


def _product(
    node: onnx.NodeProto,
    columns: NDArray[np.float32],
    factor: NDArray[np.float32] | None,
    added: list[onnx.TensorProto],
) -> list[onnx.NodeProto]:
    given, out = node.input[0], node.output[0]
    if factor is not None:
        columns = columns * factor[:, None]
    scale = np.maximum(np.abs(columns).max(axis=0), 1e-12).astype(np.float32) / np.float32(LARGEST)
    names = {part: f"{out}.{part}" for part in ("weight", "zero", "scale", "scales", "sum", "float", "plain")}
    added += [
        numpy_helper.from_array(np.clip(np.round(columns / scale), -LARGEST, LARGEST).astype(np.int8), names["weight"]),
        numpy_helper.from_array(np.zeros(len(scale), np.int8), names["zero"]),
        numpy_helper.from_array(scale, names["scale"]),
    ]
    bias = node.input[2] if len(node.input) > 2 else ""
    last = names["plain"] if bias else out
    found = [
        helper.make_node(
            "MatMulInteger", [f"{given}.q", names["weight"], f"{given}.zero", names["zero"]], [names["sum"]]
        ),
        helper.make_node("Cast", [names["sum"]], [names["float"]], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{given}.scale", names["scale"]], [names["scales"]]),
        helper.make_node("Mul", [names["float"], names["scales"]], [last]),
    ]
    return [*found, helper.make_node("Add", [last, bias], [out])] if bias else found


def _drop_unused(model: onnx.ModelProto) -> None:
    used = {name for node in model.graph.node for name in node.input}
    kept = [one for one in model.graph.initializer if one.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
