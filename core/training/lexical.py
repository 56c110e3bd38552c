"""Hashed token n-grams: a second, simple view of a text for writing that the encoder's vocabulary does not know.

An English vocabulary turns most Chinese characters into one unknown token, and the encoder sees nothing. The tokenizer
is therefore extended by every letter and digit it lacks; ids beyond the encoder's vocabulary reach the encoder as the
unknown token, while unigrams and bigrams of ids are hashed into a signed sketch (feature hashing, Weinberger et al.
2009, arXiv 0902.2206). Only texts with a notable share of unknown tokens have a sketch; all others have zeros there.
It is plain tensor arithmetic on `input_ids`, so that it ships inside the same ONNX graph.
"""

import json
import sys
import unicodedata
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

BUCKETS = 512
THRESHOLD = 0.1
_PRIME_A, _PRIME_B, _MODULUS = 7919, 104729, 1048573


def extended_tokenizer(tokenizer_json: str, first_id: int = 0) -> str:
    """The tokenizer with an entry for each letter, mark and digit of the BMP that its WordPiece vocabulary lacks.

    `first_id`: where the new ids begin at the earliest, which is the encoder's vocabulary size. That may be larger than
    the tokenizer's own (embedding matrices are often padded), and a new id below it would pass for a known one.

    Raises ValueError if the tokenizer is no WordPiece (others have no whole unknown words).
    """
    data: dict[str, Any] = json.loads(tokenizer_json)
    model = data["model"]
    if model.get("type") != "WordPiece":
        raise ValueError(model.get("type"))
    vocab: dict[str, int] = model["vocab"]
    prefix = model.get("continuing_subword_prefix", "##")
    following = max(first_id, *(i + 1 for i in vocab.values()), *(t["id"] + 1 for t in data.get("added_tokens", [])))
    for code in range(0x80, min(0x10000, sys.maxunicode)):
        char = chr(code)
        if unicodedata.category(char)[0] not in "LMN":
            continue
        for entry in (char, prefix + char):
            if entry not in vocab:
                vocab[entry] = following
                following += 1
    return json.dumps(data, ensure_ascii=False)


class LexicalSketch(nn.Module):
    """Token ids to a unit-length sketch of `buckets` numbers, or zeros for texts the encoder can read."""

    def __init__(self, *, vocab_size: int, unk_id: int, buckets: int = BUCKETS, threshold: float = THRESHOLD) -> None:
        super().__init__()
        self.vocab_size, self.unk_id, self.buckets, self.threshold = vocab_size, unk_id, buckets, threshold

    def known(self, input_ids: Tensor) -> Tensor:
        """The ids with everything the encoder does not know replaced by its unknown token."""
        return torch.where(input_ids >= self.vocab_size, torch.full_like(input_ids, self.unk_id), input_ids)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """input_ids, attention_mask [B, T] int64 → [B, buckets] float32."""
        mask = attention_mask.to(torch.float32)
        unknown = ((input_ids >= self.vocab_size) | (input_ids == self.unk_id)).to(torch.float32) * mask
        words = (mask.sum(1) - 2.0).clamp(min=1.0)  # without the two tokens at the ends
        gate = (unknown.sum(1) / words > self.threshold).to(torch.float32)
        # padded before it is sliced: a slice of length T - 1 would forbid the exported graph texts of two tokens
        after = functional.pad(input_ids, (0, 1))[:, 1:]
        after_mask = functional.pad(mask, (0, 1))[:, 1:]
        unigrams = (input_ids * _PRIME_A + 17) % _MODULUS
        bigrams = (input_ids * _PRIME_A + after * _PRIME_B + 31) % _MODULUS
        sketch = self._spread(unigrams, mask) + self._spread(bigrams, mask * after_mask)
        length = torch.sqrt((sketch * sketch).sum(1, keepdim=True)).clamp(min=1e-6)
        return sketch / length * gate.unsqueeze(1)

    def _spread(self, hashed: Tensor, weight: Tensor) -> Tensor:
        sign = ((hashed // self.buckets) % 2).to(torch.float32) * 2.0 - 1.0
        zeros = torch.zeros(hashed.shape[0], self.buckets, dtype=torch.float32, device=hashed.device)
        return zeros.scatter_add(1, hashed % self.buckets, sign * weight)


class TokenSketch(nn.Module):
    """The same idea for taggers: a signed sketch of each token the encoder does not know, and of its neighbourhood.

    It holds the token's id, those of the two before and behind it by their distance, and the pairs it makes with the
    one before and behind; zeros for tokens that the encoder knows and whose neighbours it knows.
    """

    def __init__(self, *, vocab_size: int, unk_id: int, buckets: int = BUCKETS) -> None:
        super().__init__()
        self.vocab_size, self.unk_id, self.buckets = vocab_size, unk_id, buckets

    def known(self, input_ids: Tensor) -> Tensor:
        """The ids with everything the encoder does not know replaced by its unknown token."""
        return torch.where(input_ids >= self.vocab_size, torch.full_like(input_ids, self.unk_id), input_ids)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """input_ids, attention_mask [B, T] int64 → [B, T, buckets] float32."""
        length = input_ids.shape[1]
        ids = functional.pad(input_ids * attention_mask, (2, 2))  # padded before it is sliced, whatever the length
        around = [ids[:, at : at + length] for at in range(5)]
        unknown = (ids >= self.vocab_size) | (ids == self.unk_id)
        near = unknown[:, 1 : 1 + length] | unknown[:, 2 : 2 + length] | unknown[:, 3 : 3 + length]
        gate = near.to(torch.float32) * attention_mask.to(torch.float32)
        found = [_hashed(one, 31 * at) for at, one in enumerate(around)]
        found += [_hashed(around[1] * 31 + around[2], 211), _hashed(around[2] * 31 + around[3], 223)]
        hashed = torch.stack(found, dim=-1)
        sign = ((hashed // self.buckets) % 2).to(torch.float32) * 2.0 - 1.0
        zeros = torch.zeros(*input_ids.shape, self.buckets, dtype=torch.float32, device=input_ids.device)
        return zeros.scatter_add(2, hashed % self.buckets, sign * (gate / len(found) ** 0.5).unsqueeze(-1))


def _hashed(ids: Tensor, salt: int) -> Tensor:
    return (ids * _PRIME_A + salt * _PRIME_B + 17) % _MODULUS
