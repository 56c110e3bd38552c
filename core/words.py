"""Words of a text as stretches of code points: what people step by, spans snap to, models tag, CoNLL has lines of.

A word is a run of letters and digits; any other visible character is one of its own, with all that combines with it.
Scripts that put no blanks between words (Chinese, Japanese, Thai and their neighbours) go character by character. No
word ever ends within a grapheme cluster (UAX 29): where that is hard to tell, more is taken together. Standard library
only, for bundles read texts by it, too.
"""

from bisect import bisect_left, bisect_right
from functools import lru_cache
from unicodedata import category, combining

Stretch = tuple[int, int]
"""start and end, in code points; the end is exclusive"""

_BLANK, _LETTER, _ALONE, _EXTENDS, _JOINS, _LEADS, _FLAG, _CONTROL = range(8)
_VIRAMA = 9
"""Combining class of the marks that tie two consonants."""
_UNPARTED = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x19E0, 0x19FF), (0x2E80, 0x2FDF), (0x3005, 0x3007)),
    *((0x3021, 0x3029), (0x3038, 0x303B), (0x3040, 0x312F), (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF)),
    *((0x4E00, 0x9FFF), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F), (0xF900, 0xFAFF), (0xFF66, 0xFF9D), (0x1AFF0, 0x1B16F)),
    *((0x20000, 0x3FFFF),),
)
"""Blocks of scripts that are written without blanks between words."""
_EXTENDERS = frozenset({0x0E33, 0x0EB3, 0x200C, 0xFF9E, 0xFF9F, *range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080)})
"""What combines with the character before it, though its category does not tell."""
_LEADERS = frozenset(
    {
        *range(0x0600, 0x0606),
        0x06DD,
        0x070F,
        0x0890,
        0x0891,
        0x08E2,
        0x0D4E,
        0x110BD,
        0x110CD,
        0x111C2,
        0x111C3,
        0x113D1,
    }
    | {0x1193F, 0x11941, 0x11D46, 0x11F02, *range(0x11A84, 0x11A8A)}
)
"""What stands before the character it belongs to, whatever that is."""
_BREAKS = frozenset("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
"""Blanks that nothing combines with."""


@lru_cache(maxsize=65536)
def _kind(char: str) -> int:
    code, group = ord(char), category(char)
    letter = char == "_" or group[0] in "LN"
    found = (
        (_BLANK, char.isspace()),
        (_JOINS, code == 0x200D or combining(char) == _VIRAMA),
        (_LEADS, code in _LEADERS),
        (_EXTENDS, group[0] == "M" or code in _EXTENDERS),
        (_FLAG, 0x1F1E6 <= code <= 0x1F1FF),
        (_CONTROL, group in {"Cc", "Cf", "Zl", "Zp"}),
        (_LETTER, letter and not any(first <= code <= last for first, last in _UNPARTED)),
    )
    return next((kind for kind, fits in found if fits), _ALONE)


def words(text: str) -> list[Stretch]:
    """Every word in order; blanks belong to none."""
    found: list[Stretch] = []
    start, before = -1, _BLANK
    for place, char in enumerate(text):
        kind = _kind(char)
        if kind == _BLANK and (before != _LEADS or char in _BREAKS):
            if start >= 0:
                found.append((start, place))
            start = -1
        elif start < 0:
            combines = kind in {_EXTENDS, _JOINS} and place and text[place - 1] not in _BREAKS
            start = place - int(combines)
        elif not _one(before, kind):
            found.append((start, place))
            start = place
        if kind != _EXTENDS or before in {_BLANK, _CONTROL}:
            before = _ALONE if kind == _EXTENDS else kind
    if start >= 0:
        found.append((start, len(text)))
    return found


def _one(before: int, kind: int) -> bool:
    """Whether a character goes on with the word of the one before it."""
    if _CONTROL in {before, kind}:
        return False
    tied = before in {_JOINS, _LEADS} or kind in {_EXTENDS, _JOINS}
    return tied or (before == kind and kind in {_LETTER, _FLAG})


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
