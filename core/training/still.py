"""The lower layers that a tuning leaves as they are: each text goes through them once, not once an epoch.

What they said is put in their place, so that the encoder's own forward does all the rest (masks, positions, what is
above), whatever its kind.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from core.training.device import Compute
from core.training.embed import autocast, batches_by_length, pad

MOST_BYTES = 256 * 2**20
"""Room for what is remembered; with more the lower layers are gone through each time."""


class Embedding(Protocol):
    """A model whose encoder is tuned, for whole texts or for their tokens."""

    encoder: Any
    """A transformer with layers."""

    @property
    def training(self) -> bool:
        """Whether dropout is on."""
        ...

    @property
    def config(self) -> Any:
        """The encoder's own configuration."""
        ...

    def train(self, mode: bool = ...) -> Any:
        """Switch dropout."""
        ...

    def embed(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Send tokens [B, T] through the encoder."""
        ...


def layers_of(encoder: nn.Module) -> nn.ModuleList:
    """The encoder's layers, lowest first: its longest list of modules."""
    return max((m for m in encoder.modules() if isinstance(m, nn.ModuleList)), key=len, default=nn.ModuleList())


def freeze(encoder: nn.Module, share: float) -> int:
    """Let nothing below the lowest trainable layer move, so that no gradient need go there.

    `share` of the layers (rounded down) stay as they are, and with any of them all embeddings; with none only the
    matrix of the input embeddings does. Returns how many layers stay.
    """
    layers = layers_of(encoder)
    still = int(len(layers) * share)
    below: list[nn.Module] = list(layers)[:still]
    if still:
        below += [module for name, module in encoder.named_children() if "embed" in name]
    below.append(encoder.get_input_embeddings())  # type: ignore[operator]
    for module in below:
        for parameter in module.parameters():
            parameter.requires_grad_(False)
    return still


class Remembered:
    """What the topmost still layer said of each text, [tokens, hidden], without dropout."""

    def __init__(
        self,
        model: Embedding,
        still: int,
        token_ids: Sequence[Sequence[int]],
        compute: Compute,
        pad_id: int,
    ) -> None:
        self._layers = list(layers_of(model.encoder))[:still]
        self._states: list[Tensor] = [torch.empty(0)] * len(token_ids)
        self._in_tuple = False
        training = model.training
        model.train(False)
        with torch.no_grad(), autocast(compute):
            for rows in batches_by_length(token_ids, 64, compute.tokens_a_text):
                ids, mask = pad([token_ids[i] for i in rows], pad_id)
                self._ask(model, rows, ids.to(compute.device), mask.to(compute.device))
        model.train(training)

    def _ask(self, model: Embedding, rows: Sequence[int], ids: Tensor, mask: Tensor) -> None:
        """Note what the topmost still layer says of a batch."""

        def note(_layer: nn.Module, _given: Any, said: Any) -> None:
            self._in_tuple = isinstance(said, tuple)
            hidden = said[0] if self._in_tuple else said
            for place, (row, length) in enumerate(zip(rows, mask.sum(1).tolist(), strict=True)):
                self._states[row] = hidden[place, :length].clone()

        hook = self._layers[-1].register_forward_hook(note)
        try:
            model.embed(ids, mask)
        finally:
            hook.remove()

    @contextmanager
    def in_place_of_layers(self, rows: Sequence[int]) -> Iterator[None]:
        """While it lasts, the encoder takes what was remembered of these texts for what its still layers say."""
        hidden = nn.utils.rnn.pad_sequence([self._states[row] for row in rows], batch_first=True)
        said = (hidden,) if self._in_tuple else hidden

        def repeat(*_given: Any, **_named: Any) -> Any:
            return said

        for layer in self._layers:
            layer.forward = repeat
        try:
            yield
        finally:
            for layer in self._layers:
                del layer.forward


def fits(model: Embedding, token_ids: Sequence[Sequence[int]]) -> bool:
    """Whether what is to be remembered of these texts has room."""
    return sum(map(len, token_ids)) * int(model.config.hidden_size) * 4 <= MOST_BYTES
