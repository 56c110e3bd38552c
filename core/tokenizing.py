"""Texts to token ids by the tokenizer's own file, the same in training and in serving. Needs only `tokenizers`.

A packaged tokenizer.json may pad or cut by itself (MiniLM's does both at 128); that is switched off here, and length is
the project's business.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from core.errors import InputError
from core.i18n import _
from core.script import script_of
from core.show import shorten

UNKNOWN_LIMIT = 0.1
"""Share of unknown tokens above which an encoder can't be said to read a script."""


@dataclass(frozen=True, slots=True)
class Readability:
    """How well an encoder's vocabulary covers the texts of one script."""

    script: str
    """Unicode name of the writing most letters of a text belong to: LATIN, CJK, CYRILLIC …"""
    texts: int
    tokens: int
    unknown: int

    @property
    def unknown_share(self) -> float:
        """Unknown tokens by all tokens, 0..1."""
        return self.unknown / self.tokens if self.tokens else 0.0


def load(tokenizer_json: Path, max_length: int | None, *, overlap: int = 0) -> Tokenizer:
    """The tokenizer without padding, cutting at `max_length` tokens (None: never).

    `overlap`: how many tokens what was cut off (an encoding's `overflowing`) repeats. Raises InputError if the file is
    no tokenizer.
    """
    try:
        tokenizer = Tokenizer.from_file(str(tokenizer_json))
    except Exception as error:  # the library raises nothing narrower
        raise InputError(
            _("This encoder's tokenizer can't be used."),
            _("{path} is no tokenizer file: {error}").format(path=tokenizer_json, error=shorten(str(error), 200)),
            _("Save the model's fast tokenizer anew with save_pretrained, or choose another encoder."),
        ) from error
    tokenizer.no_padding()
    if max_length is None:
        tokenizer.no_truncation()
    else:
        tokenizer.enable_truncation(max_length, stride=overlap)
    return tokenizer


def unknown_id(tokenizer: Tokenizer) -> int | None:
    """The id of the unknown token; None for tokenizers that have none."""
    for name in ("[UNK]", "<unk>"):
        found = tokenizer.token_to_id(name)
        if found is not None:
            return int(found)
    return None


def readability(tokenizer: Tokenizer, texts: Iterable[str], vocab_size: int | None = None) -> list[Readability]:
    """Unknown tokens per script, the script with most texts first. The tokenizer must not cut.

    `vocab_size`: how many ids the encoder knows, if the tokenizer was extended beyond it; None if it was not.
    """
    unknown = unknown_id(tokenizer)
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for text in texts:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        cell = sums[script_of(text)]
        cell[0] += 1
        cell[1] += len(ids)
        cell[2] += sum(i == unknown or (vocab_size is not None and i >= vocab_size) for i in ids)
    found = [Readability(script, *cell) for script, cell in sums.items()]
    return sorted(found, key=lambda r: -r.texts)


def cut_share(tokenizer: Tokenizer, texts: Sequence[str], *limits: int) -> list[float]:
    """Share of the texts that are longer than each of the limits, in tokens; the tokenizer must not cut."""
    lengths = [len(encoding.ids) for encoding in tokenizer.encode_batch(list(texts))]
    return [sum(n > limit for n in lengths) / max(len(lengths), 1) for limit in limits]
