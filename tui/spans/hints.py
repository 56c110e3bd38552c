"""Letters on words: one or two of them put the cursor on any word that is on screen."""

from collections.abc import Sequence

LETTERS = "fjdksaghlewivnorutycmxbpqz"
"""Those that lie best under the fingers first."""


def hints(places: Sequence[tuple[int, int, int]], first: frozenset[int] = frozenset()) -> dict[str, int]:
    """Letters → offset. `places`: (offset, line, cell) of each word in order; those in `first` get single letters.

    No hint begins another one, and none covers the beginning of the next word's.
    """
    doubles = max(0, -(-(len(places) - len(LETTERS)) // (len(LETTERS) - 1)))
    doubles = min(len(LETTERS), doubles)
    cut = len(LETTERS) - doubles
    pairs = iter([one + other for one in LETTERS[cut:] for other in LETTERS])
    singles = iter(LETTERS[:cut])
    ranked = sorted(places, key=lambda place: place[0] not in first)
    given: dict[int, str] = {}
    for place in ranked:
        letters = next(singles, None) or next(pairs, None)
        if letters is None:
            break
        given[place[0]] = letters
    found: dict[str, int] = {}
    behind = (-1, 0)  # line and cell up to which hints lie
    for offset, line, cell in places:
        letters = given.get(offset)
        if letters and (line, cell) >= behind:
            found[letters] = offset
            behind = (line, cell + len(letters))
    return found
