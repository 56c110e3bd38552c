"""A bundle, loaded: texts in, logits and answers out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as state
from tokenizers import Tokenizer

from core.reading import Reading, merged, read
from core.tags import tag_count
from exports.runtime.answers import ANSWERING
from exports.runtime.errors import BundleError
from exports.runtime.sealed import BIO, MODEL, TOKENIZER, verified

REFUSALS = (
    state.Fail,
    state.InvalidArgument,
    state.InvalidGraph,
    state.InvalidProtobuf,
    state.NotImplemented,
    state.RuntimeException,
)
"""What onnxruntime raises for a graph that it can't load or run."""
PADDING = 128
"""Tokens of padding that one step may hold; beginning another costs about as much as reading a quarter of them."""
CPU = "CPUExecutionProvider"
SLOW_ON_CPU = "SkipLayerNormFusion"
"""A fusion that is left out on a CPU: the fused kernel goes value by value, where those it replaces use the whole
register, and took an eighth of the time of a graph in fp32 and a quarter in integers."""


class Predictor:
    """A bundle, verified and loaded; calls may come from several threads."""

    labels: tuple[str, ...]
    """Class names in the order of the logits."""

    def __init__(self, bundle_dir: str | Path, *, threads: int = 0, providers: Sequence[str] = (CPU,)) -> None:
        """Raises BundleError if a file is missing, changed or of a format this program does not know.

        `threads`: CPU threads of one call; 0 leaves it to onnxruntime.
        """
        bundle = Path(bundle_dir)
        self.manifest: Mapping[str, Any] = verified(bundle)
        """Content of handful.json."""
        self.labels = tuple(item["name"] for item in self.manifest["classes"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = _session(bundle / MODEL, options, providers)
        width = self._session.get_outputs()[0].shape[-1]
        wanted = tag_count(len(self.labels)) if self.manifest["activation"] == BIO else len(self.labels)
        if width != wanted:
            raise BundleError("the model has {width} classes, the bundle names {n}", width=width, n=len(self.labels))
        self._tokenizer = Tokenizer.from_file(str(bundle / TOKENIZER))
        self.cutting: Mapping[str, Any] = self._tokenizer.truncation or {}
        """How the bundle's tokenizer cuts: `max_length`, and the `stride` that windows share."""
        self.further: Mapping[str, NDArray[Any]] = {}
        """What the graph is given beside the texts, if it takes more inputs."""
        self._pad_id = int((self._tokenizer.padding or {}).get("pad_id", 0))
        self._tokenizer.no_padding()  # batches are padded here, once they are sorted by length

    def tensors(self) -> dict[str, dict[str, tuple[str, list[int | str | None]]]]:
        """{"inputs" and "outputs": {name: (type, shape)}} as the graph has them."""
        sides = {"inputs": self._session.get_inputs(), "outputs": self._session.get_outputs()}
        return {side: {value.name: (value.type, value.shape) for value in there} for side, there in sides.items()}

    def windows(self, texts: Sequence[str]) -> list[list[list[int]]]:
        """The ids the model reads of each text: one window, more if it is longer than the bundle's maximum length."""
        if isinstance(texts, str):
            raise TypeError("give a list of texts, not one text")
        more = int(self.manifest.get("windows", 1)) - 1
        encoded = self._tokenizer.encode_batch(list(texts))
        return [[one.ids, *(rest.ids for rest in one.overflowing[:more] if more)] for one in encoded]

    def logits(self, texts: Sequence[str], *, batch: int = 32) -> NDArray[np.float32]:
        """One row of logits a text, the mean over its windows, [texts, classes] float32.

        At most `batch` windows are computed at once.
        """
        windows = self.windows(texts)
        ids = [one for text in windows for one in text]
        out = np.empty((len(ids), len(self.labels)), np.float32)
        for rows in steps([len(one) for one in ids], batch):
            out[rows] = self._run([ids[i] for i in rows])
        counts = np.array([len(text) for text in windows], np.int64)
        return np.asarray(np.add.reduceat(out, np.cumsum(counts) - counts) / counts[:, None], np.float32)

    def feed(self, ids: Sequence[Sequence[int]], shapes: Sequence[Sequence[int]] = ()) -> dict[str, NDArray[np.int64]]:
        """Token ids of windows, padded, and which of them count: what the graph is run on."""
        longest = max(1, *map(len, ids))
        input_ids = np.full((len(ids), longest), self._pad_id, np.int64)
        mask = np.zeros((len(ids), longest), np.int64)
        for row, one in enumerate(ids):
            input_ids[row, : len(one)] = one
            mask[row, : len(one)] = 1
        feed = {"input_ids": input_ids, "attention_mask": mask}
        if shapes:
            feed["shapes"] = np.zeros_like(mask)
            for row, one in enumerate(shapes):
                feed["shapes"][row, : len(one)] = one
        return feed

    def _run(self, ids: Sequence[Sequence[int]], shapes: Sequence[Sequence[int]] = ()) -> NDArray[np.float32]:
        return np.asarray(self._session.run(["logits"], {**self.feed(ids, shapes), **self.further})[0], np.float32)

    def readings(self, texts: Sequence[str]) -> list[Reading]:
        """Each text as a model that tags words reads it."""
        if isinstance(texts, str):
            raise TypeError("give a list of texts, not one text")
        return read(self._tokenizer, texts, int(self.manifest.get("windows", 1)))

    def word_logits(self, readings: Sequence[Reading], *, batch: int = 32) -> list[NDArray[np.float32]]:
        """Logits of each text's words that are read, [words, tags]; at most `batch` windows are computed at once."""
        windows = [window for reading in readings for window in reading.windows]
        rows: list[NDArray[np.float32]] = [np.empty((0, 0), np.float32)] * len(windows)
        for part in steps([len(window.ids) for window in windows], batch):
            shapes = [windows[i].shapes for i in part]
            for i, own in zip(part, self._run([windows[i].ids for i in part], shapes), strict=True):
                rows[i] = own[: len(windows[i].ids)]
        found, at = [], 0
        for reading in readings:
            found.append(merged(reading, rows[at : at + len(reading.windows)]))
            at += len(reading.windows)
        return found

    def predict(self, texts: Sequence[str], *, batch: int = 32) -> list[dict[str, Any]]:
        """{"label": the most probable class, "scores": {class: probability}} for each text.

        Where classes don't exclude each other, {"labels": all that reach their threshold, "scores": as above}. Where
        spans are marked, {"spans": [{"start", "end", "label", "text", "score"}]}.
        """
        return ANSWERING[self.manifest["activation"]](self, texts, batch)


def steps(lengths: Sequence[int], batch: int) -> list[list[int]]:
    """Places of the windows that are computed at once: of like length, `batch` at most, with little padding."""
    found: list[list[int]] = []
    padding, last = 0, 0
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        padding += len(found[-1]) * (lengths[place] - last) if found else 0
        if not found or len(found[-1]) == batch or padding > PADDING:
            found.append([])
            padding = 0
        found[-1].append(place)
        last = lengths[place]
    return found


def _session(model: Path, options: Any, providers: Sequence[str]) -> Any:
    if providers[0] == CPU:
        options.add_session_config_entry("optimization.disable_specified_optimizers", SLOW_ON_CPU)
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=list(providers))
    except REFUSALS as error:
        version = onnxruntime.__version__
        raise BundleError("onnxruntime {version} can't load the model: {why}", version=version, why=error) from error
