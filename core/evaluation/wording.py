"""Words of texts as errors and near-copies are told by: what two texts do not share, and what a text is made of."""

import re
from difflib import SequenceMatcher

COMPARED = 600
"""Pieces of a text, from its beginning, that are compared; what follows counts as different."""
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u30ff\u3400-\u9fff\uac00-\ud7ff\uf900-\ufaff"
"""Thai to Khmer, Chinese, kana, Hangul: scripts in which each letter is taken for a word."""
_PIECE = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|\s+|.")
Piece = tuple[str, bool]
"""A stretch of a text, and whether the other text lacks it."""


def words(text: str) -> list[str]:
    """The text's words in order, letter case aside; what is neither letter nor digit belongs to none."""
    return [piece.casefold() for piece in _PIECE.findall(text) if piece[0].isalnum() or piece[0] == "_"]


def differing(left: str, right: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces that are the text again if joined. Letter case and the kind of blank make no difference.

    The longest runs that both have are found first (Ratcliff and Obershelp 1988).
    """
    a, b = _PIECE.findall(left), _PIECE.findall(right)
    one, other = ([_plain(piece) for piece in pieces[:COMPARED]] for pieces in (a, b))
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    same = [(block.a, block.b, block.size) for block in blocks]
    return (
        _marked(a, [(start, size) for start, _other, size in same]),
        _marked(b, [(start, size) for _one, start, size in same]),
    )


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
