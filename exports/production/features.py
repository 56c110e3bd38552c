"""The features a bundle's head works on: its graph with one more output, found by walking back from the logits."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from core.reading import merged
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


class Opened:
    """A bundle's graph, with what its head reads as one more output."""

    def __init__(self, bundle: Path, threads: int) -> None:
        model = onnx.load(bundle / MODEL)
        self.name = features_name(model.graph)
        if self.name != "logits":
            model.graph.output.append(onnx.ValueInfoProto(name=self.name))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = threads, 3
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def run(self, feed: Mapping[str, NDArray[Any]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Features and logits of a batch of windows."""
        features, logits = self._session.run([self.name, "logits"], dict(feed))
        return np.asarray(features, np.float32), np.asarray(logits, np.float32)


class Features:
    """What the head of a bundle that knows classes sees of texts."""

    def __init__(self, bundle: Path, predictor: Predictor, threads: int) -> None:
        """`predictor`: the same bundle, which tokenizes."""
        self._graph, self._predictor = Opened(bundle, threads), predictor

    @property
    def name(self) -> str:
        """What the graph calls the features."""
        return self._graph.name

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
        return unit(features), logits

    def _run(self, ids: Sequence[Sequence[int]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        longest = max(1, *map(len, ids))
        input_ids, mask = (np.zeros((len(ids), longest), np.int64) for _ in range(2))
        for row, one in enumerate(ids):
            input_ids[row, : len(one)], mask[row, : len(one)] = one, 1
        return self._graph.run({"input_ids": input_ids, "attention_mask": mask})


class WordFeatures:
    """What the head of a bundle that marks spans sees of words."""

    def __init__(self, bundle: Path, predictor: Predictor, threads: int) -> None:
        """`predictor`: the same bundle, which reads."""
        self._graph, self._predictor = Opened(bundle, threads), predictor

    def of(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """Features [n, dim] of length 1, each the mean over a text's words, and the logits of its words [words, tags].

        A text without words has zeros for features.
        """
        readings = self._predictor.readings(texts)
        windows = [window for reading in readings for window in reading.windows]
        rows: dict[int, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
        order = sorted(range(len(windows)), key=lambda i: len(windows[i].ids))
        for start in range(0, len(order), BATCH):
            part = [order[i] for i in range(start, min(start + BATCH, len(order)))]
            feed = self._predictor.feed([windows[i].ids for i in part], [windows[i].shapes for i in part])
            for i, *both in zip(part, *self._graph.run({**feed, **self._predictor.further}), strict=True):
                features, logits = (own[: len(windows[i].ids)] for own in both)
                rows[i] = features, logits
        found, logits_of, at = [], [], 0
        for reading in readings:
            own = [rows[i] for i in range(at, at + len(reading.windows))]
            words = merged(reading, [features for features, _logits in own])
            found.append(words.sum(axis=0) if len(words) else np.zeros(words.shape[1], np.float32))
            logits_of.append(merged(reading, [logits for _features, logits in own]))
            at += len(reading.windows)
        return unit(np.stack(found)), logits_of


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1; zeros stay zeros."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)


def _means(rows: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """The mean over each text's windows; `counts`: how many each has."""
    return np.asarray(np.add.reduceat(rows, np.cumsum(counts) - counts) / counts[:, None], np.float32)
