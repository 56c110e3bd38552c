"""Which of many names are meant by a few letters: pure functions, the nearest first."""

import unicodedata
from collections.abc import Sequence


def folded(text: str) -> str:
    """Letters as they are compared: without case and accents, underscores and hyphens as blanks."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(" " if c in "_-./" else c for c in plain if not unicodedata.combining(c))


def rank(query: str, name: str) -> int | None:
    """How well a name fits, 0 the best; None if it does not.

    0: the name itself, 1: it begins so, 2: a word begins so, 3: each typed word begins one, 4: it is somewhere within,
    5: the letters occur in this order.
    """
    wanted, found = folded(query).strip(), folded(name).strip()
    if not wanted or wanted == found:
        return 0
    if found.startswith(wanted):
        return 1
    if f" {wanted}" in f" {found}":
        return 2
    words = found.split()
    if all(any(word.startswith(part) for word in words) for part in wanted.split()):
        return 3
    if wanted in found:
        return 4
    return 5 if _in_order(wanted.replace(" ", ""), found) else None


def best(query: str, names: Sequence[str]) -> list[int]:
    """Positions of the names that fit, best first, equals in their order; `rank` 5 only if nothing fits better."""
    ranked = sorted((r, i) for i, name in enumerate(names) if (r := rank(query, name)) is not None)
    near = [i for r, i in ranked if r < 5]
    return near or [i for _r, i in ranked]


def _in_order(letters: str, name: str) -> bool:
    rest = iter(name)
    return all(letter in rest for letter in letters)
