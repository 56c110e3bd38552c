"""The features a bundle's head works on: its graph with one more output, found by walking back from the logits."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from exports.runtime.predictor import Predictor
from exports.runtime.sealed import MODEL

_PRODUCTS = frozenset(
    {"Gemm", "MatMul", "MatMulInteger", "QLinearMatMul", "DynamicQuantizeMatMul", "MatMulIntegerToFloat"}
)
_QUANTISING = frozenset({"DynamicQuantizeLinear", "QuantizeLinear", "Cast"})
_ON_THE_WAY = frozenset({"Add", "Mul", "Cast", "Identity", "DequantizeLinear"})
BATCH = 32


def features_name(graph: onnx.GraphProto) -> str:
    """The tensor that the last matrix product before the logits reads; the logits themselves if there is none."""
    made_by = {name: node for node in graph.node for name in node.output}
    todo = ["logits"]
    while todo:
        node = made_by.get(todo.pop())
        if node is None:
            continue
        if node.op_type in _PRODUCTS:
            name = node.input[0]
            while name in made_by and made_by[name].op_type in _QUANTISING:
                name = made_by[name].input[0]
            return str(name)
        if node.op_type in _ON_THE_WAY:
            todo += reversed(node.input)
    return "logits"


class Features:
    """What the head of a bundle sees of texts."""

    def __init__(self, bundle: Path, predictor: Predictor, threads: int) -> None:
        """`predictor`: the same bundle, which tokenizes."""
        model = onnx.load(bundle / MODEL)
        self.name = features_name(model.graph)
        if self.name != "logits":
            model.graph.output.append(onnx.ValueInfoProto(name=self.name))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = threads, 3
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._predictor = predictor

    def of(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Features [n, dim] of length 1 and logits [n, classes], both the mean over each text's windows."""
        windows = self._predictor.windows(texts)
        ids = [one for text in windows for one in text]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        parts = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        found = [self._run([ids[i] for i in part]) for part in parts]
        counts = np.array([len(text) for text in windows], np.int64)
        features, logits = (
            _means(np.concatenate(rows)[np.argsort(order)], counts) for rows in zip(*found, strict=True)
        )
        lengths = np.linalg.norm(features, axis=1, keepdims=True)
        return np.asarray(features / np.maximum(lengths, 1e-12), np.float32), logits

    def _run(self, ids: Sequence[Sequence[int]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        longest = max(1, *map(len, ids))
        input_ids, mask = (np.zeros((len(ids), longest), np.int64) for _ in range(2))
        for row, one in enumerate(ids):
            input_ids[row, : len(one)], mask[row, : len(one)] = one, 1
        feed = {"input_ids": input_ids, "attention_mask": mask}
        features, logits = self._session.run([self.name, "logits"], feed)
        return np.asarray(features, np.float32), np.asarray(logits, np.float32)


def _means(rows: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """The mean over each text's windows; `counts`: how many each has."""
    return np.asarray(np.add.reduceat(rows, np.cumsum(counts) - counts) / counts[:, None], np.float32)
