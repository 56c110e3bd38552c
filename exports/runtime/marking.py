"""From the logits of tokens to the spans of a text: what the activation `bio` means."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.reading import Reading
from core.tags import best_tags, log_softmax, spans_of, steps_in

MARKED = "spans"
"""The field of an answer that holds what was marked."""


class Tagging(Protocol):
    """What marking may ask of a loaded bundle."""

    manifest: Mapping[str, Any]
    labels: tuple[str, ...]

    def readings(self, texts: Sequence[str]) -> list[Reading]:
        """Each text as the model reads it."""
        ...

    def word_logits(self, readings: Sequence[Reading], *, batch: int = 32) -> list[NDArray[np.float32]]:
        """Logits of each text's words, [words, tags]."""
        ...


def marked(model: Tagging, texts: Sequence[str], batch: int) -> list[dict[str, Any]]:
    """{"spans": [{"start", "end", "label", "text", "score"}]} for each text, its offsets code points."""
    readings, steps = model.readings(texts), steps_in(model.manifest)
    logp = [log_softmax(logits) for logits in model.word_logits(readings, batch=batch)]
    found = []
    for text, reading, tags, own in zip(texts, readings, best_tags(logp, steps), logp, strict=True):
        spans = []
        for first, last, number, p in spans_of(tags, own):
            start, end = reading.words[first][0], reading.words[last][1]
            said = {"start": start, "end": end, "label": model.labels[number], "text": text[start:end]}
            spans.append(said | {"score": round(p, 6)})
        found.append({MARKED: spans})
    return found
