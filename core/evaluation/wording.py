"""Words of texts as errors and near-copies are told by: what two texts do not share, and what a text is made of."""

from difflib import SequenceMatcher

from core import words as stretches

COMPARED = 600
"""Pieces of a text, from its beginning, that are compared; what follows counts as different."""
Piece = tuple[str, bool]
"""A stretch of a text, and whether the other text lacks it."""


def words(text: str) -> list[str]:
    """The text's words in order, letter case aside; what is neither letter nor digit belongs to none."""
    return [piece.casefold() for piece in _pieces(text) if any(char.isalnum() for char in piece)]


def differing(left: str, right: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces that are the text again if joined. Letter case and the kind of blank make no difference.

    The longest runs that both have are found first (Ratcliff and Obershelp 1988).
    """
    a, b = _pieces(left), _pieces(right)
    one, other = ([_plain(piece) for piece in pieces[:COMPARED]] for pieces in (a, b))
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    same = [(block.a, block.b, block.size) for block in blocks]
    return (
        _marked(a, [(start, size) for start, _other, size in same]),
        _marked(b, [(start, size) for _one, start, size in same]),
    )


def _pieces(text: str) -> list[str]:
    """Words and what lies between them, in order: joined, they are the text."""
    found, end = list[str](), 0
    for start, stop in stretches.words(text):
        found += [text[end:start], text[start:stop]] if start > end else [text[start:stop]]
        end = stop
    return [*found, text[end:]] if end < len(text) else found


def _plain(piece: str) -> str:
    return " " if piece.isspace() else piece.casefold()


def _marked(pieces: list[str], shared: list[tuple[int, int]]) -> list[Piece]:
    """Neighbours that are alike in being shared or not are joined."""
    there = {i for start, size in shared for i in range(start, start + size)}
    found: list[Piece] = []
    for i, piece in enumerate(pieces):
        differs = i not in there
        if found and found[-1][1] == differs:
            found[-1] = (found[-1][0] + piece, differs)
        else:
            found.append((piece, differs))
    return found
