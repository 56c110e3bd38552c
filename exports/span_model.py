"""The tagger in use as one ONNX graph: `input_ids`, `attention_mask`, `shapes` → `logits` of every token.

Run as `python -P -m exports.span_model STAGE`; the counterpart of `exports.onnx_model` where words are tagged.
"""

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import Tensor, nn

from core import clock
from core.i18n import _
from core.reading import Reading, Window, merged, read
from core.records import JobEvent
from core.tags import tag_count
from core.training import tagger
from core.training.space import TOKENIZER, Space
from core.training.tagger import Tagger
from core.training.tokens import TokenFeaturizer, load_token_featurizer
from core.training.words import store_of
from core.vectors import rows_of
from core.windows import Windows
from exports import child, reference, span_reference
from exports.onnx_model import SAME_FEATURES, STEP_TOKENS, TICK, checked_encoder, refusal, save, trace
from exports.plan import Plan, read_plan
from exports.precision import graphs
from exports.runtime.sealed import MODEL

SHAPES = "shapes"
"""The graph's third input."""


class TokenTagger(nn.Module):
    """input_ids, attention_mask, shapes [B, T] int64 → {"logits": [B, T, tags] float32}."""

    def __init__(self, featurizer: TokenFeaturizer, fitted: Tagger) -> None:
        super().__init__()
        self.featurizer = featurizer
        tags, dim = fitted.weight.shape
        self.head = nn.Linear(dim, tags)
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(fitted.weight))
            self.head.bias.copy_(torch.from_numpy(fitted.bias))

    @property
    def config(self) -> Any:
        """The encoder's own configuration (the exporter asks for it)."""
        return self.featurizer.config

    def forward(self, input_ids: Tensor, attention_mask: Tensor, shapes: Tensor) -> dict[str, Tensor]:
        """Logits under the name the graph's output gets."""
        return {"logits": self.head(self.featurizer(input_ids, attention_mask, shapes))}


def load(plan: Plan) -> TokenTagger:
    """The whole model in fp32; raises RefusedError that names a file which does not fit."""
    encoder = checked_encoder(plan)
    try:
        fitted = tagger.load(Path(plan.head_dir))
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise refusal(Path(plan.head_dir), str(error)) from error
    model = load_token_featurizer(encoder, plan.space)
    shape = (tag_count(len(fitted.class_ids)), model.dim)
    if fitted.weight.shape != shape or fitted.bias.shape != shape[:1]:
        raise refusal(Path(plan.head_dir), _("its weights do not fit the features"))
    return TokenTagger(model, fitted).eval()


def features_of(model: TokenFeaturizer, readings: Sequence[Reading]) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """(text, features of its words [words, dim]); only windows of one length share a step: nothing is padded."""
    windows = [window for reading in readings for window in reading.windows]
    rows: list[NDArray[np.float32]] = [np.empty((0, model.dim), np.float32)] * len(windows)
    order = sorted(range(len(windows)), key=lambda i: len(windows[i].ids))
    for length, same in groupby(order, key=lambda i: len(windows[i].ids)):
        chosen, step = list(same), max(1, STEP_TOKENS // max(length, 1))
        for start in range(0, len(chosen), step):
            part = chosen[start : start + step]
            for i, own in zip(part, _encoded(model, [windows[i] for i in part]), strict=True):
                rows[i] = own
    at = 0
    for text, reading in enumerate(readings):
        yield text, merged(reading, rows[at : at + len(reading.windows)])
        at += len(reading.windows)


def _encoded(model: TokenFeaturizer, windows: Sequence[Window]) -> NDArray[np.float32]:
    ids = torch.tensor([window.ids or [0] for window in windows], dtype=torch.int64)
    shapes = torch.tensor([window.shapes or [0] for window in windows], dtype=torch.int64)
    mask = torch.full_like(ids, int(bool(windows[0].ids)))
    with torch.inference_mode():
        return np.asarray(model(ids, mask, shapes).numpy())


def write_reference(stage: Path, plan: Plan, model: TokenTagger) -> Iterator[JobEvent]:
    """Compute what training's tokenizer and torch give for the reference texts, and write it for the parity check.

    Raises RefusedError if the features are not those the tagger was fitted on.
    """
    texts = reference.read_texts(stage)["texts"]
    cut = Windows.of(plan.space)
    readings = read(cut.tokenizer(Path(plan.space_dir) / TOKENIZER), texts, cut.most)
    features: list[NDArray[np.float32]] = []
    ticked = clock.monotonic()
    for text, own in features_of(model.featurizer, readings):
        features.append(own)
        if clock.monotonic() - ticked > TICK:
            ticked = clock.monotonic()
            yield JobEvent("progress", {"what": "reference", "done": text + 1, "total": len(texts)})
    compared, cosine = stored_cosine(plan, features)
    if cosine < SAME_FEATURES:
        why = _("its features have a cosine of {cosine:.3f} with the stored ones").format(cosine=cosine)
        raise refusal(Path(plan.encoder_dir), why)
    with torch.inference_mode():
        logits = [model.head(torch.from_numpy(own)).numpy() for own in features]
    span_reference.write(stage, logits, [span_reference.fingerprint(reading) for reading in readings])
    facts = {"features_compared": compared, "features_cosine": round(cosine, 5)}
    yield JobEvent("result", facts | {"pad_id": int(model.config.pad_token_id or 0)})


def stored_cosine(plan: Plan, features: Sequence[NDArray[np.float32]]) -> tuple[int, float]:
    """(texts, median cosine) of words' features with those the tagger was fitted on; (0, 1.0) if there are none."""
    there = store_of(Space(Path(plan.space_dir), plan.space)).load()
    rows = rows_of(there.ids, np.asarray(plan.example_ids, np.int64))
    found = []
    for text in np.flatnonzero(rows >= 0).tolist():
        stored, own = np.asarray(there.features[there.rows(rows[text])], np.float64), features[text].astype(np.float64)
        if len(own) and stored.shape == own.shape:  # a text whose end was cut off has other words
            lengths = np.linalg.norm(stored, axis=1) * np.linalg.norm(own, axis=1)
            found.append(float(np.median((stored * own).sum(axis=1) / np.maximum(lengths, 1e-12))))
    return len(found), float(np.median(found)) if found else 1.0


def work(stage: Path) -> Iterator[JobEvent]:
    """Graph first, then references; the last event says how well the features agree with the stored ones."""
    plan = read_plan(stage)
    torch.set_num_threads(plan.threads)
    model = load(plan)
    yield JobEvent("phase", {"name": "graph"})
    save(trace(model, max_length=int(plan.space["max_length"]), more=(SHAPES,)), stage / MODEL)
    graphs.save(graphs.with_named_head(graphs.load(stage / MODEL)), stage / MODEL)
    yield JobEvent("phase", {"name": "parity"})
    yield from write_reference(stage, plan, model)


if __name__ == "__main__":
    sys.exit(child.main(work, sys.argv[1:]))
