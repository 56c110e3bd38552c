"""Stretches that look like names or numbers: where a person hops who looks for what no model has found yet."""

from collections.abc import Sequence
from functools import lru_cache

from core.words import Stretch
from tui.spans.steps import KEPT, steps

_JOINED = 1
"""So many characters may lie between two words of one name."""


@lru_cache(KEPT)
def names(text: str) -> Sequence[Stretch]:
    """Runs of words with a capital letter or a digit.

    A lone letter, as `I`, counts in a run only; a sentence's first word counts only if more than its first letter is
    large, or such a word follows.
    """
    found: list[Stretch] = []
    alone: list[bool] = []
    first = set(steps(text).sentences)
    for start, end in steps(text).hops:
        word = text[start:end]
        if not any(c.isupper() or c.isdigit() for c in word):
            continue
        if found and start - found[-1][1] <= _JOINED and "\n" not in text[found[-1][1] : start]:
            found[-1], alone[-1] = (found[-1][0], end), False
        else:
            found.append((start, end))
            plain = not any(c.isupper() or c.isdigit() for c in word[1:])
            alone.append(plain and (start in first or (len(word) == 1 and word.isupper())))
    return [stretch for stretch, weak in zip(found, alone, strict=True) if not weak]
