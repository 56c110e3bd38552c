"""From token ids to the features everything else works on: encoder, mean pooling, unit length, optional lexical sketch.

The same module embeds the pool, is tuned in a round, and is exported, so that there is one definition of the model.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers import logging as transformers_logging

from core.errors import InputError
from core.i18n import _
from core.show import shorten
from core.training.lexical import LexicalSketch

transformers_logging.disable_progress_bar()
_UNUSED = ("pooler.",)
"""Parts that mean pooling leaves alone; many published encoders come without them."""


class Featurizer(nn.Module):
    """input_ids, attention_mask [B, T] → features [B, dim] float32."""

    def __init__(self, encoder: PreTrainedModel, lexical: LexicalSketch | None) -> None:
        super().__init__()
        self.encoder = encoder
        self.lexical = lexical

    @property
    def config(self) -> Any:
        """The encoder's own configuration (the exporter asks for it)."""
        return self.encoder.config

    def embed(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Mean-pooled encoder output of unit length, [B, hidden] float32."""
        ids = self.lexical.known(input_ids) if self.lexical is not None else input_ids
        hidden = self.encoder(input_ids=ids, attention_mask=attention_mask).last_hidden_state
        weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weight).sum(1).float() / weight.sum(1).float().clamp(min=1.0)
        return functional.normalize(mean, dim=-1)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Features as the head takes them."""
        vectors = self.embed(input_ids, attention_mask)
        if self.lexical is None:
            return vectors
        return torch.cat([vectors, self.lexical(input_ids, attention_mask)], dim=-1)


def load_encoder(directory: Path, *, dropout: float | None = None) -> PreTrainedModel:
    """The encoder in fp32 on the CPU; only safetensors, never code from the directory.

    `dropout` replaces every dropout probability the configuration names. Raises InputError if the directory holds no
    encoder that can be loaded whole: weights that are missing would otherwise be made up at random.
    """
    try:
        config = AutoConfig.from_pretrained(directory, trust_remote_code=False, local_files_only=True)
        if dropout is not None:
            named = {k: v for k, v in config.to_dict().items() if "dropout" in k}
            config.update({k: dropout for k, v in named.items() if type(v) in {int, float}})
        model, told = AutoModel.from_pretrained(
            directory,
            config=config,
            trust_remote_code=False,
            use_safetensors=True,
            local_files_only=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise _unusable(directory, shorten(str(error), 300)) from error
    missing = sorted(key for key in told["missing_keys"] if not key.startswith(_UNUSED))
    if missing:
        raise _unusable(directory, _("model.safetensors lacks {names}").format(names=shorten(", ".join(missing), 300)))
    return model.eval()


def _unusable(directory: Path, what: str) -> InputError:
    return InputError(
        _("This encoder can't be loaded."),
        f"{directory}: {what}",
        _("Save the model anew with save_pretrained (safetensors), or choose another: handful config DIR encoder NAME"),
    )


def load_featurizer(encoder_dir: Path, space: Mapping[str, Any]) -> Featurizer:
    """The feature extractor of a space (the content of its space.json), fp32, eval mode, on the CPU."""
    return Featurizer(load_encoder(encoder_dir), lexical_of(space)).eval()


def lexical_of(space: Mapping[str, Any]) -> LexicalSketch | None:
    """The sketch a space asks for; None if its encoder reads all the project's writing."""
    return LexicalSketch(**space["lexical"]) if space.get("lexical") else None
