"""Where a cursor can stop in one text: at words, grapheme clusters and sentences, found once and kept.

Offsets are code points. A step goes from word to word; punctuation is passed over where one hops, but an end can be
put behind it, so that both `Jean-Luc` and `Inc.` are a few keys. Where a text has no words, characters stand in.
"""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any

from core.words import Stretch, words

KEPT = 64
"""Texts whose steps are remembered."""


@cache
def _graphemes() -> Any:
    import regex  # as in core.words

    return regex.compile(r"\X")


def graphemes(text: str) -> Iterator[Stretch]:
    """Grapheme clusters one by one, as far as somebody asks for them."""
    return (match.span() for match in _graphemes().finditer(text))


@cache
def _sentence_ends() -> Any:
    """A line break; a full stop of a script without blanks; else a full stop, closing marks, blanks, no small letter.

    After rules SB4 to SB11 of Unicode Standard Annex 29, without its exceptions for abbreviations within a sentence.
    """
    import regex

    closing, stops = r"[\p{Pe}\p{Pf}\p{Pi}\"']*+", r"[.!?…।؟۔]"
    return regex.compile(rf"[\n\u2028\u2029]\s*+|[。！？｡]{closing}\s*+|(?<!{stops}){stops}++{closing}\s++(?!\p{{Ll}})")


@dataclass(frozen=True)
class Steps:
    """All stops of one text."""

    text: str

    @cached_property
    def graphemes(self) -> Sequence[Stretch]:
        """What a reader sees as one character, by Unicode Standard Annex 29."""
        return list(graphemes(self.text))

    @cached_property
    def words(self) -> Sequence[Stretch]:
        """Words and single marks; blanks belong to none. Characters, if there is nothing else."""
        return words(self.text) or self.graphemes

    @cached_property
    def hops(self) -> Sequence[Stretch]:
        """Words without punctuation, unless there is nothing else."""
        return [word for word in self.words if self._is_said(word)] or self.words

    def hops_within(self, start: int, end: int) -> Sequence[Stretch]:
        """Those of them that begin in a stretch."""
        first, behind = (bisect_left(self.hops, offset, key=lambda word: word[0]) for offset in (start, end))
        return self.hops[first:behind]

    @cached_property
    def starts(self) -> Sequence[int]:
        """Where a span of whole words may begin: not within what is written together, such as `Jean-Luc`."""
        ends = {word[1] for word in self.words if self._is_said(word)}
        return [word[0] for word in self.words if self._is_said(word) or word[0] not in ends]

    @cached_property
    def ends(self) -> Sequence[int]:
        """Where a span of whole words may end, in the same way."""
        starts = {word[0] for word in self.words if self._is_said(word)}
        return [word[1] for word in self.words if self._is_said(word) or word[1] not in starts]

    @cached_property
    def sentences(self) -> Sequence[int]:
        """Where sentences begin, each at its first word."""
        edges = [0, *(match.end() for match in _sentence_ends().finditer(self.text))]
        first = [word[0] for word in self.hops]
        found = [first[i] for edge in edges if (i := bisect_left(first, edge)) < len(first)]
        return list(dict.fromkeys(found))

    def _is_said(self, word: Stretch) -> bool:
        return not unicodedata.category(self.text[word[0]]).startswith("P")


@lru_cache(KEPT)
def steps(text: str) -> Steps:
    """The stops of a text."""
    return Steps(text)


def around(stops: Sequence[Stretch], offset: int) -> Stretch:
    """The stretch that an offset lies in, else the next one, else the last one; there is one at least."""
    index = bisect_right(stops, offset, key=lambda stretch: stretch[1])
    return stops[min(index, len(stops) - 1)]


def after(stops: Sequence[Stretch], offset: int) -> Stretch | None:
    """The first stretch that begins behind an offset."""
    index = bisect_right(stops, offset, key=lambda stretch: stretch[0])
    return stops[index] if index < len(stops) else None


def before(stops: Sequence[Stretch], offset: int) -> Stretch | None:
    """The last stretch that begins before an offset."""
    index = bisect_left(stops, offset, key=lambda stretch: stretch[0]) - 1
    return stops[index] if index >= 0 else None
