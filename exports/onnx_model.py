"""The model in use as one ONNX graph: encoder, pooling, sketch and head (`input_ids`, `attention_mask` → `logits`).

Run as `python -P -m exports.onnx_model STAGE`, in a process of its own: it reads `plan.json` there, checks that what it
loads is what the features were made with, writes the graph, and what torch gives for the reference texts.
"""

import logging
import sys
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir
import torch
from numpy.typing import NDArray
from onnx_ir.passes.common import ClearMetadataAndDocStringPass
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers.exporters import OnnxConfig, OnnxExporter

from core import __version__, clock
from core.errors import RefusedError
from core.i18n import _
from core.records import JobEvent
from core.training import head
from core.training.embed import pad_id_of
from core.training.encoders.embedded import sha256_of
from core.training.featurizer import Featurizer, load_featurizer
from core.training.space import TOKENIZER
from core.vectors import VectorStore, rows_of
from core.windows import Windows, means
from exports import child, reference
from exports.plan import Plan, read_plan
from exports.runtime.sealed import MODEL

OPSET = 20
ONE_FILE = 1_900_000_000
"""Bytes of weights above which they go into a second file: one protobuf message holds less than 2 GB."""
STEP_TOKENS = 2048
"""Tokens per step when the references are computed, so that progress is told often enough."""
SAME_FEATURES = 0.98
"""Median cosine with the stored features below which something else was loaded (16-bit rounding costs about .001)."""
TICK = 0.3


class TextClassifier(nn.Module):
    """input_ids, attention_mask [B, T] int64 → {"logits": [B, classes] float32}."""

    def __init__(self, featurizer: Featurizer, fitted: head.Head) -> None:
        super().__init__()
        self.featurizer = featurizer
        classes, dim = fitted.weight.shape
        self.head = nn.Linear(dim, classes)
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(fitted.weight))
            self.head.bias.copy_(torch.from_numpy(fitted.bias))

    @property
    def config(self) -> Any:
        """The encoder's own configuration (the exporter asks for it)."""
        return self.featurizer.config

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> dict[str, Tensor]:
        """Logits under the name the graph's output gets."""
        return {"logits": self.head(self.featurizer(input_ids, attention_mask))}


def load(plan: Plan) -> TextClassifier:
    """The whole model in fp32, after its files were compared with those the features were made with.

    Raises RefusedError that names the file.
    """
    encoder = checked_encoder(plan)
    try:
        fitted = head.load(Path(plan.head_dir))
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise refusal(Path(plan.head_dir), str(error)) from error
    shape = (len(fitted.class_ids), int(plan.space["dim"]))
    if fitted.weight.shape != shape or fitted.bias.shape != shape[:1]:
        raise refusal(Path(plan.head_dir), _("its weights do not fit the features"))
    return TextClassifier(load_featurizer(encoder, plan.space), fitted).eval()


def checked_encoder(plan: Plan) -> Path:
    """The encoder's directory; raises RefusedError if it or the tokenizer is not what the features were made with."""
    encoder, space_dir = Path(plan.encoder_dir), Path(plan.space_dir)
    for path, key in (
        (encoder / "model.safetensors", "weights_sha256"),
        (space_dir / TOKENIZER, "tokenizer_sha256"),
    ):
        if not path.is_file() or sha256_of(path) != plan.space[key]:
            raise refusal(path, _("it is missing, or not the file the pool was embedded with"))
    return encoder


def refusal(path: Path, why: str) -> RefusedError:
    """The error for a file that does not fit the others."""
    return RefusedError(
        _("The model in use can't be loaded as it was."),
        f"{path}: {why}",
        _("Have it made again: set the encoder anew (handful config DIR encoder NAME), or label a text."),
    )


def trace(model: nn.Module, *, max_length: int, more: Sequence[str] = ()) -> onnx_ir.Model:
    """The model as an ONNX graph with free batch and sequence length (up to `max_length`).

    `more`: inputs it takes beside token ids and mask, of the same shape.
    """
    batch, sequence = torch.export.Dim("batch"), torch.export.Dim("sequence", max=max_length)
    ids = torch.full((2, 8), 5, dtype=torch.int64)
    sample = {"input_ids": ids, **{name: torch.ones_like(ids) for name in ("attention_mask", *more)}}
    shapes = {name: {0: batch, 1: sequence} for name in sample}
    with _quiet():
        exported = OnnxExporter().export(model, sample, OnnxConfig(dynamic_shapes=shapes, opset_version=OPSET))
    program: onnx_ir.Model = exported.program
    _tidy(program)
    return program


def save(program: onnx_ir.Model, target: Path, *, one_file: int = ONE_FILE) -> None:
    """Write the graph; weights above `one_file` bytes go into `<target>.data` beside it."""
    weights = sum(value.const_value.nbytes for value in program.graph.initializers.values() if value.const_value)
    onnx_ir.save(program, target, external_data=f"{target.name}.data" if weights > one_file else None)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporters' remarks on versions and operators that nothing here uses."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "transformers.exporters", "onnxscript")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _tidy(program: onnx_ir.Model) -> None:
    """Name the free dimensions, and remove the traces of where and how the graph was made (paths of this machine)."""
    ClearMetadataAndDocStringPass()(program)
    program.producer_name, program.producer_version = "handful", __version__
    program.metadata_props.clear()
    graph = program.graph
    names = {str(d.value): name for d, name in zip(graph.inputs[0].shape, ("batch", "sequence"), strict=True)}
    values = [*graph.inputs, *graph.initializers.values(), *(out for node in graph.all_nodes() for out in node.outputs)]
    for value in values:
        value.metadata_props.clear()
        if value.shape is not None:
            value.shape = onnx_ir.Shape([_renamed(dim, names) for dim in value.shape])


def _renamed(dim: Any, names: Mapping[str, str]) -> int | str | None:
    if isinstance(dim, int) or dim.value is None:
        return dim if isinstance(dim, int) else None
    said = str(dim.value)
    for old, new in names.items():
        said = said.replace(old, new)
    return said


def reference_features(
    model: Featurizer, token_ids: Sequence[Sequence[int]]
) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    """(indices, features) step by step. Only texts of one length share a step, so that no padding is ever involved."""
    order = sorted(range(len(token_ids)), key=lambda i: len(token_ids[i]))
    for length, same in groupby(order, key=lambda i: len(token_ids[i])):
        rows, step = list(same), max(1, STEP_TOKENS // max(length, 1))
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            ids = torch.tensor([list(token_ids[i]) or [0] for i in part], dtype=torch.int64)
            mask = torch.full_like(ids, int(length > 0))
            with torch.inference_mode():
                yield part, model(ids, mask).numpy()


def write_reference(stage: Path, plan: Plan, model: TextClassifier) -> Iterator[JobEvent]:
    """Compute what training's tokenizer and torch give for the reference texts, and write it for the parity check.

    Raises RefusedError if the features are not those the head was fitted on.
    """
    features = yield from references(stage, model, Windows.of(plan.space), Path(plan.space_dir) / TOKENIZER)
    compared, cosine = stored_cosine(plan, features)
    if cosine < SAME_FEATURES:
        why = _("its features have a cosine of {cosine:.3f} with the stored ones").format(cosine=cosine)
        raise refusal(Path(plan.encoder_dir), why)
    facts = {"features_compared": compared, "features_cosine": round(cosine, 5)}
    yield JobEvent("result", facts | {"pad_id": pad_id_of(model.featurizer)})


def references(
    stage: Path, model: TextClassifier, cut: Windows, tokenizer: Path
) -> Generator[JobEvent, None, NDArray[np.float32]]:
    """Write logits and tokens of the reference texts that lie in `stage`; returns their features [texts, dim]."""
    texts = reference.read_texts(stage)["texts"]
    windows = cut.cut(cut.tokenizer(tokenizer), texts)
    token_ids = [ids for text in windows for ids in text]
    rows_of_windows = np.empty((len(token_ids), model.head.in_features), np.float32)
    done, ticked = 0, clock.monotonic()
    for rows, part in reference_features(model.featurizer, token_ids):
        rows_of_windows[rows] = part
        done += len(rows)
        if clock.monotonic() - ticked > TICK:
            ticked = clock.monotonic()
            yield JobEvent("progress", {"what": "reference", "done": done, "total": len(token_ids)})
    features = means(rows_of_windows, windows)
    with torch.inference_mode():
        logits = model.head(torch.from_numpy(features)).numpy()
    reference.write_logits(stage, logits, np.stack([reference.fingerprint(text) for text in windows]))
    return features


def stored_cosine(plan: Plan, features: NDArray[np.float32]) -> tuple[int, float]:
    """(texts, median cosine) of features [n, dim] with those the head was fitted on; (0, 1.0) if there are none."""
    store = VectorStore(Path(plan.space_dir), int(plan.space["dim"]))
    rows = rows_of(store.ids(), np.asarray(plan.example_ids, np.int64))
    known = np.flatnonzero(rows >= 0)
    if not len(known):
        return 0, 1.0
    stored, found = store.vectors()[rows[known]].astype(np.float64), features[known].astype(np.float64)
    lengths = np.linalg.norm(stored, axis=1) * np.linalg.norm(found, axis=1)
    return len(known), float(np.median((stored * found).sum(axis=1) / np.maximum(lengths, 1e-12)))


def work(stage: Path) -> Iterator[JobEvent]:
    """Graph first, then references; the last event says how well the features agree with the stored ones."""
    plan = read_plan(stage)
    torch.set_num_threads(plan.threads)
    model = load(plan)
    yield JobEvent("phase", {"name": "graph"})
    save(trace(model, max_length=int(plan.space["max_length"])), stage / MODEL)
    yield JobEvent("phase", {"name": "parity"})
    yield from write_reference(stage, plan, model)


if __name__ == "__main__":
    sys.exit(child.main(work, sys.argv[1:]))
