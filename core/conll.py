"""CoNLL columns: a word and its tag a line, a blank line between texts. What both the reader and the writer go by.

The format knows neither blanks nor offsets. So a text of ours comes with a comment, `# text = "…"` (a JSON string), by
which its words find their places to the code point; characters that would break a column are written `\\uXXXX` there.
"""

import itertools
import re
import unicodedata
from collections.abc import Sequence

from core.spans import Span
from core.words import Stretch, words

DOCSTART = "-DOCSTART-"
TEXT = "# text = "
_ESCAPED = re.compile(r"\\u([0-9a-f]{4})")


def escaped(piece: str) -> str:
    """The piece without blanks and invisible characters, each of them as `\\uXXXX`."""
    kept = _ESCAPED.sub(lambda found: f"\\u005cu{found[1]}", piece)
    return "".join(
        f"\\u{ord(c):04x}" if ord(c) < 0x10000 and (c.isspace() or unicodedata.category(c)[0] in "CZ") else c
        for c in kept
    )


def unescaped(piece: str) -> str:
    """What `escaped` was given."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), piece)


def tokens_of(text: str, spans: Sequence[Span[str]]) -> list[Stretch]:
    """The words of a text, parted where a span begins or ends, and blanks that a span begins or ends with."""
    edges = {edge for span in spans for edge in (span.start, span.end)}
    found = [piece for word in words(text) for piece in _parted(word, edges)]
    covered = {place for start, end in found for place in range(start, end)}
    for span in spans:
        inside = [place for place in range(span.start, span.end) if place in covered]
        first, last = (inside[0], inside[-1] + 1) if inside else (span.end, span.end)
        found += [piece for piece in ((span.start, first), (last, span.end)) if piece[0] < piece[1]]
    return sorted(set(found))


def _parted(word: Stretch, edges: set[int]) -> list[Stretch]:
    cuts = [word[0], *(edge for edge in sorted(edges) if word[0] < edge < word[1]), word[1]]
    return list(itertools.pairwise(cuts))


def tagged(tokens: Sequence[Stretch], spans: Sequence[Span[str]]) -> list[str]:
    """One tag a token, BIO as in CoNLL's later form: B- at each beginning. The spans share no characters."""
    tags = []
    for start, end in tokens:
        span = next((s for s in spans if s.start <= start and end <= s.end), None)
        tags.append("O" if span is None else f"{'B' if span.start == start else 'I'}-{escaped(span.label)}")
    return tags


def found_spans(tokens: Sequence[Stretch], tags: Sequence[str]) -> list[Span[str]]:
    """The spans of tags in any of IOB1, IOB2, IOBES, BILOU; raises ValueError with a tag that is none."""
    spans: list[Span[str]] = []
    label, start, end = "", 0, 0
    for (first, last), tag in zip(tokens, tags, strict=True):
        mark, _dash, name = tag.partition("-")
        if tag != "O" and (mark not in {*"BILUES"} or not name):
            raise ValueError(tag)
        goes_on = bool(label) and mark in {*"ILE"} and name == label
        if label and not goes_on:
            spans.append(Span(start, end, unescaped(label)))
        if tag == "O":
            label = ""
            continue
        start = start if goes_on else first
        label, end = name, last
        if mark in {*"LUES"}:
            spans.append(Span(start, end, unescaped(label)))
            label = ""
    if label:
        spans.append(Span(start, end, unescaped(label)))
    return spans
