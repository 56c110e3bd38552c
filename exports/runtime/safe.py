"""Texts from data, made safe to show on a terminal."""

import json
import unicodedata


def _shown(char: str) -> str:
    """The character, or its escape if it could act on a terminal or is never seen (controls, bidirectional marks …)."""
    acts = unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return json.dumps(char)[1:-1].replace("\x7f", "\\u007f") if acts else char


def visible(text: str) -> str:
    """The text with escapes instead of characters that act."""
    return text if text.isprintable() else "".join(map(_shown, text))


def json_line(value: object) -> str:
    """One line of JSON without a character that acts on a terminal."""
    return visible(json.dumps(value, ensure_ascii=False, allow_nan=False))
