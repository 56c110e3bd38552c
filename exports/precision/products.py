"""Products by weights in eight-bit integers: weights a column, inputs a batch as it comes, or as was seen before.

Weights are rounded once, symmetric, with a scale for each column (`rounding`); inputs when they are known, with one
scale and zero point (Jacob et al. 2018, arXiv 1712.05877), after they were made even (`evening`). The nodes are those
of the standard that onnxruntime fuses into one. A few channels that reach far are multiplied in fp32 beside it
(Dettmers et al. 2022, arXiv 2208.07339).
"""

from collections.abc import Collection, Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from exports.precision import graphs, rounding
from exports.precision.evening import Even


def quantized(
    model: onnx.ModelProto,
    names: Collection[str],
    even: Mapping[str, Even] | None = None,
    seen: Mapping[str, NDArray[np.float32]] | None = None,
) -> onnx.ModelProto:
    """The model with the named products in integers; changed in place.

    `even`: input → how it is made even; `seen`: input → its values on texts, [tokens, K], to which weights are rounded.
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
        values = graphs.columns(node, weights[node.input[1]])
        how = (even or {}).get(given) or Even(np.ones(len(values), np.float32), np.zeros(0, np.int64))
        if given not in rounded:
            rounded.add(given)
            nodes += _rounding(given, how, added)
        nodes += _product(node, values, how, (seen or {}).get(given), added)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(added)
    _drop_unused(model)
    return model


def _rounding(given: str, even: Even, added: list[onnx.TensorProto]) -> list[onnx.NodeProto]:
    """What rounds an input, once for all products of it; channels that are multiplied apart count as zero."""
    found, source = [], given
    if len(even.apart):
        added.append(numpy_helper.from_array(even.apart, f"{given}.channels"))
        found.append(helper.make_node("Gather", [given, f"{given}.channels"], [f"{given}.apart"], axis=-1))
    if len(even.apart) or np.any(even.factor != 1.0):
        divided = (1.0 / even.factor).astype(np.float32)
        divided[even.apart] = 0.0
        added.append(numpy_helper.from_array(divided, f"{given}.smooth"))
        found.append(helper.make_node("Mul", [source, f"{given}.smooth"], [f"{given}.smoothed"]))
        source = f"{given}.smoothed"
    if even.tokens:
        found += _by_token(given, source, even, added)
        source = f"{given}.level"
    out = [f"{given}.{part}" for part in ("q", "scale", "zero")]
    if even.span is None:
        return [*found, helper.make_node("DynamicQuantizeLinear", [source], out)]
    low, high = even.span
    scale = np.float32((high - low) / 255)
    added += [
        numpy_helper.from_array(np.array(scale), out[1]),
        numpy_helper.from_array(np.array(np.clip(round(-low / float(scale)), 0, 255), np.uint8), out[2]),
    ]
    return [*found, helper.make_node("QuantizeLinear", [source, *out[1:]], out[:1])]


def _by_token(given: str, source: str, even: Even, added: list[onnx.TensorProto]) -> list[onnx.NodeProto]:
    """What divides each token by how far it reaches."""
    top = f"{given}.size" if even.signed else source
    added += [
        numpy_helper.from_array(np.array([-1], np.int64), f"{given}.last"),
        numpy_helper.from_array(np.array(even.floor, np.float32), f"{given}.floor"),
    ]
    return [
        *([helper.make_node("Abs", [source], [top])] if even.signed else []),
        helper.make_node("ReduceMax", [top, f"{given}.last"], [f"{given}.top"], keepdims=1),
        helper.make_node("Max", [f"{given}.top", f"{given}.floor"], [f"{given}.reach"]),
        helper.make_node("Div", [source, f"{given}.reach"], [f"{given}.level"]),
    ]


def _product(
    node: onnx.NodeProto,
    weights: NDArray[np.float32],
    even: Even,
    seen: NDArray[np.float32] | None,
    added: list[onnx.TensorProto],
) -> list[onnx.NodeProto]:
    given, out = node.input[0], node.output[0]
    rest: list[str] = list(node.input[2:])  # what is added to the product
    found: list[onnx.NodeProto] = []
    if len(even.apart):
        added.append(numpy_helper.from_array(np.ascontiguousarray(weights[even.apart]), f"{out}.fp32"))
        found.append(helper.make_node("MatMul", [f"{given}.apart", f"{out}.fp32"], [f"{out}.far"]))
        rest.append(f"{out}.far")
    names = {part: f"{out}.{part}" for part in ("weight", "zero", "scale", "scales", "sum", "float", "near")}
    whole, scale = _rounded(weights, even, seen)
    added += [
        numpy_helper.from_array(whole, names["weight"]),
        numpy_helper.from_array(np.zeros(len(scale), np.int8), names["zero"]),
        numpy_helper.from_array(scale, names["scale"]),
    ]
    rounded = [f"{given}.q", names["weight"], f"{given}.zero", names["zero"]]
    found += [
        helper.make_node("MatMulInteger", rounded, [names["sum"]]),
        helper.make_node("Cast", [names["sum"]], [names["float"]], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{given}.scale", names["scale"]], [names["scales"]]),
        helper.make_node("Mul", [names["float"], names["scales"]], [names["near"]]),
    ]
    if even.tokens:
        found.append(helper.make_node("Mul", [names["near"], f"{given}.reach"], [f"{out}.by_token"]))
    for number, other in enumerate(rest):
        found.append(helper.make_node("Add", [found[-1].output[0], other], [f"{out}.with{number}"]))
    found[-1].output[0] = out
    return found


def _rounded(
    weights: NDArray[np.float32], even: Even, seen: NDArray[np.float32] | None
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(integers, [K, N]; scale of each column, [N])."""
    weights = weights * even.factor[:, None]
    weights[even.apart] = 0.0
    scale = rounding.scales(weights)
    if seen is None:
        return rounding.nearest(weights, scale), scale
    near = np.setdiff1d(np.arange(len(weights)), even.apart)
    whole = np.zeros(weights.shape, np.int8)
    whole[near] = rounding.fitted(weights[near], scale, seen[:, near] / even.factor[near])
    return whole, scale


def _drop_unused(model: onnx.ModelProto) -> None:
    used = {name for node in model.graph.node for name in node.input}
    kept = [one for one in model.graph.initializer if one.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
