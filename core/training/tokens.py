"""From tokens to the features a tagger works on: the encoder's lower layers, how words look, hashed unknown tokens.

The same module caches the words of the pool, is tuned in a round, and is exported, so that there is one definition of
the model. Shapes of words come as an input of their own, beside the token ids: an uncased vocabulary has lost them.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from core.reading import Reading, Window, merged
from core.shapes import SHAPES
from core.store import models
from core.training.device import Compute, out_of_memory
from core.training.embed import autocast, batches_by_length
from core.training.featurizer import load_encoder
from core.training.lexical import TokenSketch
from core.training.still import layers_of

DEPTH = 2 / 3
"""Share of its layers that an encoder keeps to tag words: what the last ones tell of words is less, frozen or tuned."""
LOOK = 0.5
"""What a shape counts for, where a layer's vector has the length 1."""


class TokenFeaturizer(nn.Module):
    """input_ids, attention_mask, shapes [B, T] → features [B, T, dim] float32."""

    def __init__(self, encoder: PreTrainedModel, sketch: TokenSketch | None) -> None:
        super().__init__()
        self.encoder = encoder
        self.sketch = sketch

    @property
    def config(self) -> Any:
        """The encoder's own configuration (the exporter asks for it)."""
        return self.encoder.config

    @property
    def dim(self) -> int:
        """Numbers a token."""
        return int(self.config.hidden_size) + 3 * SHAPES + (self.sketch.buckets if self.sketch is not None else 0)

    def embed(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """What the encoder's last layer says of each token, [B, T, hidden]."""
        ids = self.sketch.known(input_ids) if self.sketch is not None else input_ids
        return self.encoder(input_ids=ids, attention_mask=attention_mask).last_hidden_state  # type: ignore[no-any-return]

    def forward(self, input_ids: Tensor, attention_mask: Tensor, shapes: Tensor) -> Tensor:
        """Features as the tagger's head takes them."""
        told = self.embed(input_ids, attention_mask)
        parts = [functional.normalize(told.float(), dim=-1)]
        around = (shapes // (SHAPES * SHAPES), shapes // SHAPES % SHAPES, shapes % SHAPES)
        parts += [functional.one_hot(code, SHAPES).float() * LOOK for code in around]
        if self.sketch is not None:
            parts.append(self.sketch(input_ids, attention_mask))
        return torch.cat(parts, dim=-1)


def shorten_encoder(encoder: PreTrainedModel) -> None:
    """Take the last layers off, in place; saved, it is an encoder of so many layers."""
    layers = layers_of(encoder)
    kept = max(1, round(DEPTH * len(layers)))
    del layers[kept:]
    encoder.config.num_hidden_layers = kept
    if getattr(encoder.config, "layer_types", None):
        encoder.config.layer_types = encoder.config.layer_types[:kept]


def load_token_featurizer(
    encoder_dir: Path, space: Mapping[str, Any], *, dropout: float | None = None
) -> TokenFeaturizer:
    """The feature extractor of a space (the content of its space.json), fp32, eval mode, on the CPU."""
    said = space.get("lexical")
    sketch = TokenSketch(vocab_size=said["vocab_size"], unk_id=said["unk_id"]) if said else None
    encoder = load_encoder(encoder_dir, dropout=dropout)
    if space["encoder"] == models.BASE:  # a tuned one is short already
        shorten_encoder(encoder)
    return TokenFeaturizer(encoder, sketch).eval()


def padded(windows: Sequence[Window], pad_id: int) -> tuple[Tensor, Tensor, Tensor]:
    """input_ids, attention_mask and shapes [B, T] int64, padded to the longest."""
    longest = max(max((len(window.ids) for window in windows), default=1), 1)
    ids = np.full((len(windows), longest), pad_id, np.int64)
    mask, shapes = np.zeros_like(ids), np.zeros_like(ids)
    for row, window in enumerate(windows):
        ids[row, : len(window.ids)] = window.ids
        mask[row, : len(window.ids)] = 1
        shapes[row, : len(window.ids)] = window.shapes
    return torch.from_numpy(ids), torch.from_numpy(mask), torch.from_numpy(shapes)


def word_features(
    model: TokenFeaturizer, readings: Sequence[Reading], compute: Compute, *, batch: int, pad_id: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """(text, features of those of its words that are read [words, dim]), in an order of its own."""
    owners = [(text, part) for text, reading in enumerate(readings) for part in range(len(reading.windows))]
    windows = [readings[text].windows[part] for text, part in owners]
    waiting: dict[int, dict[int, NDArray[np.float32]]] = {}
    for indices in batches_by_length([window.ids for window in windows], batch, compute.tokens_a_text):
        rows = _encoded(model, [windows[i] for i in indices], compute, pad_id)
        for index, own in zip(indices, rows, strict=True):
            text, part = owners[index]
            parts = waiting.setdefault(text, {})
            parts[part] = own[: len(windows[index].ids)]
            if len(parts) == len(readings[text].windows):
                whole = waiting.pop(text)
                yield text, merged(readings[text], [whole[i] for i in range(len(whole))])


def _encoded(
    model: TokenFeaturizer, windows: Sequence[Window], compute: Compute, pad_id: int
) -> list[NDArray[np.float32]]:
    """Features of one batch, one [tokens, dim] for each window; halved for as long as memory does not suffice.

    Raises MemoryError if it does not suffice for a single window.
    """
    try:
        ids, mask, shapes = padded(windows, pad_id)
        with torch.inference_mode(), autocast(compute):
            out = model(ids.to(compute.device), mask.to(compute.device), shapes.to(compute.device))
        return list(np.asarray(out.float().cpu().numpy()))
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        if len(windows) == 1:
            raise MemoryError(str(error)) from error
    half = len(windows) // 2
    return _encoded(model, windows[:half], compute, pad_id) + _encoded(model, windows[half:], compute, pad_id)
