"""In which writing a text is."""

import unicodedata
from collections import defaultdict


def script_of(text: str) -> str:
    """Unicode's name of the script most letters of the text belong to (LATIN, CJK …); COMMON if it has none."""
    seen: defaultdict[str, int] = defaultdict(int)
    for char in text[:400]:
        if char.isascii():
            seen["LATIN"] += char.isalpha()
        elif char.isalpha():
            seen[unicodedata.name(char, "COMMON").split(" ")[0].split("-")[0]] += 1
    best = max(seen, key=seen.__getitem__, default="COMMON")
    return best if seen[best] else "COMMON"
