"""How a word looks: what an uncased vocabulary has lost, told to the model beside its tokens. Standard library only."""

from collections.abc import Sequence

from core.words import Stretch

LOWER, TITLE, UPPER, INITIAL, MIXED, DIGITS, CODE, SIGN, UNCASED = range(1, 10)
"""`word`, `Word`, `WORD`, `W`, `wOrD`, `42`, `B52`, `!`, `字`; 0 stands for no word."""
SHAPES = 10
CODES = SHAPES**3


def shape_of(word: str) -> int:
    """Which of the nine it is."""
    letters = [char for char in word if char.isalpha()]
    if any(char.isdigit() for char in word):
        return CODE if letters else DIGITS
    if not letters:
        return SIGN
    if not any(char.isupper() or char.islower() for char in letters):
        return UNCASED
    if not any(char.isupper() for char in letters):
        return LOWER
    if all(char.isupper() for char in letters):
        return UPPER if len(letters) > 1 else INITIAL
    return TITLE if letters[0].isupper() and not any(char.isupper() for char in letters[1:]) else MIXED


def codes_of(text: str, words: Sequence[Stretch]) -> list[int]:
    """For each word its own shape with those of its neighbours, as one number below `CODES`."""
    shapes = [0, *(shape_of(text[start:end]) for start, end in words), 0]
    return [
        (before * SHAPES + own) * SHAPES + after
        for before, own, after in zip(shapes, shapes[1:], shapes[2:], strict=False)
    ]
