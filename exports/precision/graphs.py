"""What is done to graphs, whatever the format: finding products, opening the head, packing embeddings."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

HEAD = "head."
"""How the names of the head's weights begin."""
LEAST_VALUES = 100_000
"""A table with fewer values is no embedding worth packing."""


def load(path: Path) -> onnx.ModelProto:
    """The graph with all its weights."""
    return onnx.load(path)


def save(model: onnx.ModelProto, path: Path) -> None:
    """Write it as one file."""
    onnx.save(model, path)


def products(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes that multiply by weights, in order; the head, which is small, is none of them."""
    weights = {one.name for one in model.graph.initializer}
    return [
        node.name
        for node in model.graph.node
        if node.op_type in {"MatMul", "Gemm"} and node.input[1] in weights and not node.input[1].startswith(HEAD)
    ]


def columns(node: onnx.NodeProto, tensor: onnx.TensorProto) -> NDArray[np.float32]:
    """A product's weights as [K, N]."""
    values = numpy_helper.to_array(tensor)
    turned = any(one.name == "transB" and one.i for one in node.attribute)
    return np.asarray(values.T if turned else values, np.float32)


def opened(raw: bytes) -> Any:
    """A session on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(raw, options, providers=["CPUExecutionProvider"])


def head_products(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes that multiply by the head."""
    return [node.name for node in model.graph.node if any(name.startswith(HEAD) for name in node.input)]


def with_named_head(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph whose head's weights are called so: of a product over words the exporter turns them and names them."""
    (biased,) = (node for node in model.graph.node if f"{HEAD}bias" in node.input)
    (product,) = (node for node in model.graph.node if node.op_type == "MatMul" and node.output[0] in biased.input)
    old = product.input[1]
    for one in model.graph.initializer:
        if one.name == old:
            one.name = f"{HEAD}weight"
    product.input[1] = f"{HEAD}weight"
    return model


def with_open_head(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph whose head may be given as further inputs; its own is used where it is not."""
    for one in model.graph.initializer:
        if one.name.startswith(HEAD):
            value = helper.make_tensor_value_info(one.name, one.data_type, list(one.dims))
            model.graph.input.append(value)
    return model


def pack_embeddings(model: onnx.ModelProto) -> onnx.ModelProto:
    """Tables that rows are taken from become eight-bit rows, each with a scale of its own.

    One scale for a whole table costs answers; one a row costs almost nothing, for each row is looked up by itself. Only
    operators of the standard are used, which every runtime has.
    """
    weights = {one.name: one for one in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        table = weights.get(node.input[0]) if node.op_type == "Gather" else None
        if table is None or table.data_type != TensorProto.FLOAT or not _is_large(table):
            nodes.append(node)
            continue
        nodes += _packed(model, node, table)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def _is_large(table: onnx.TensorProto) -> bool:
    return len(table.dims) == 2 and table.dims[0] * table.dims[1] >= LEAST_VALUES


def _packed(model: onnx.ModelProto, node: onnx.NodeProto, table: onnx.TensorProto) -> list[onnx.NodeProto]:
    """The nodes in place of one look-up; the table is replaced in the model, once, however often it is used."""
    rows, scales, out = f"{table.name}.rows", f"{table.name}.scales", node.output[0]
    if table in model.graph.initializer:
        values = numpy_helper.to_array(table)
        scale = np.maximum(np.abs(values).max(axis=1, keepdims=True), 1e-12).astype(np.float32) / np.float32(127)
        model.graph.initializer.remove(table)
        packed = np.round(values / scale).astype(np.int8)
        model.graph.initializer.extend([numpy_helper.from_array(packed, rows), numpy_helper.from_array(scale, scales)])
    return [
        helper.make_node("Gather", [rows, node.input[1]], [f"{out}.row"], axis=0),
        helper.make_node("Cast", [f"{out}.row"], [f"{out}.float"], to=TensorProto.FLOAT),
        helper.make_node("Gather", [scales, node.input[1]], [f"{out}.scale"], axis=0),
        helper.make_node("Mul", [f"{out}.float", f"{out}.scale"], [out]),
    ]
