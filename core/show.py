"""The one way for data to reach a screen or a log: nothing in it may act on the terminal.

Control characters, bidirectional overrides, zero-width characters and lone surrogates become visible marks; the stored
text is never changed. Widgets take the result as plain content, never as markup.
"""

import json
import unicodedata

_KEPT = {"\n", "\t"}
_HIDDEN = {0x00A0, 0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x3164, 0xFEFF, 0xFFA0}
_UNSEEN = ((0x2065, 0x2065), (0xFDD0, 0xFDEF), (0xFFF0, 0xFFF8), (0xE0000, 0xE00FF), (0xE01F0, 0xE0FFF))
"""Unassigned code points that are never drawn; others may be letters newer than this Python."""
_JOINERS = {0x200C, 0x200D}  # they shape emoji and scripts; invisible between ordinary letters, but meant


def _mark(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"\u27e8{code:04X}\u27e9"


def is_acting(char: str) -> bool:
    """Whether a character acts on a terminal or can't be seen, so that a mark must stand for it."""
    code = ord(char)
    if code in _JOINERS:
        return False
    category = unicodedata.category(char)
    if category == "Cn":
        return code & 0xFFFE == 0xFFFE or any(first <= code <= last for first, last in _UNSEEN)
    return code in _HIDDEN or category in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def visible(text: str, *, multiline: bool = False) -> str:
    """The text with every acting or invisible character replaced by a mark.

    `multiline` keeps line breaks and tabs; otherwise they too become marks, so that one value stays on one line.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = _KEPT if multiline else frozenset[str]()
    return "".join(c if c in kept or not is_acting(c) else _mark(c) for c in text)


def shorten(text: str, width: int) -> str:
    """One visible line of at most `width` characters, with an ellipsis where something was cut."""
    line = visible(" ".join(text[: width * 4].split()))
    return line if len(line) <= width and len(text) <= width * 4 else line[: width - 1] + "…"


def json_line(value: object) -> str:
    """One line of JSON, lossless, readable in any script, and without a character that acts on a terminal."""
    text = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    if text.isascii():  # json escapes everything below the blank itself; DEL is left
        return text.replace("\x7f", "\\u007f")
    return "".join(c if not is_acting(c) else _json_escape(c) for c in text)


def _json_escape(char: str) -> str:
    return json.dumps(char)[1:-1].replace("\x7f", "\\u007f")
