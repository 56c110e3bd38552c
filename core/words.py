"""Words of a text as stretches of code points: what a person steps by, a span snaps to, and CoNLL has a line for.

A word is a run of letters and digits; any other visible character is one of its own, with all that combines with it.
Scripts that put no blanks between words (Chinese, Japanese, Thai and their neighbours) go character by character. No
word ever ends within a grapheme cluster.
"""

from bisect import bisect_left, bisect_right
from functools import cache
from typing import Any

Stretch = tuple[int, int]
"""start and end, in code points; the end is exclusive"""

_UNPARTED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"


@cache
def _pattern() -> Any:
    import regex  # known only where words are asked for: the terminal starts without it

    extends = r"\p{GCB=Extend}\p{GCB=SpacingMark}\p{GCB=ZWJ}"
    return regex.compile(rf"(?:[[\p{{L}}\p{{N}}_]--[{_UNPARTED}]][{extends}]*+)++|\X", regex.V1)


def words(text: str) -> list[Stretch]:
    """Every word in order; blanks belong to none."""
    return [match.span() for match in _pattern().finditer(text) if not match[0].isspace()]


def snapped(text: str, start: int, end: int) -> Stretch:
    """The least run of whole words that holds all that is visible in `text[start:end]`.

    A stretch without anything visible comes back as it is.
    """
    found = words(text)
    first = bisect_right([word[1] for word in found], start)
    last = bisect_left([word[0] for word in found], end) - 1
    if first > last:
        return start, end
    return found[first][0], found[last][1]
