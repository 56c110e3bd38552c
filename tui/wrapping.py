"""Long texts in lines, broken as late as they are needed: a line of a megabyte costs what is looked at.

Lines break after blanks and between wide characters, never inside a grapheme; a text is taken in pieces, so that the
first screenful of any text is ready at once.
"""

from collections.abc import Iterator

from rich.cells import cell_len, split_graphemes

from core.show import visible

PIECE = 2000
"""Characters that are looked at together."""
TAB = 4


class Wrapped:
    """The lines of one text at one width, made on demand."""

    def __init__(self, text: str, width: int) -> None:
        self.text = text
        self.width = max(width, 2)
        self.lines: list[str] = []
        """What was made so far."""
        self._more = self._wrap()
        self._done = False
        self._used = 0

    def upto(self, n: int) -> int:
        """Make lines until there are `n`; returns how many there are, fewer if the text ends before."""
        while len(self.lines) < n and not self._done:
            line = next(self._more, None)
            if line is None:
                self._done = True
            else:
                self.lines.append(line)
        return len(self.lines)

    @property
    def complete(self) -> bool:
        """Whether all lines were made."""
        return self._done

    @property
    def rest(self) -> int:
        """Characters of the text that no line was made of yet."""
        return len(self.text) - self._used

    def _wrap(self) -> Iterator[str]:
        carried = ""
        for piece, ends in _pieces(self.text):
            shown = visible(piece, multiline=True).expandtabs(TAB)
            *whole, last = _broken(carried + shown, self.width) or [""]
            self._used += len(piece) + ends
            yield from whole
            if ends or len(last) > PIECE:  # a line of so many characters is made of marks that take no room
                yield last
                carried = ""
            else:
                carried = last
        if carried:
            yield carried


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The text line by line, long lines in several pieces: (piece, whether a line of the text ends with it)."""
    start = 0
    while start < len(text):
        end = text.find("\n", start, start + PIECE)
        if end >= 0:
            yield text[start:end].removesuffix("\r"), True
            start = end + 1
        else:
            end = _good_end(text, start)
            yield text[start:end], False
            start = end


def _good_end(text: str, start: int) -> int:
    """Where a piece may end: behind a blank if there is one near, else where a grapheme ends."""
    end = start + PIECE
    if end >= len(text):
        return len(text)
    blank = text.rfind(" ", end - PIECE // 4, end)
    if blank > start:
        return blank + 1
    spans = graphemes(text[end - 64 : end + 64])
    return max((end - 64 + s for s, _e, _c in spans if s <= 64), default=end)


def _broken(line: str, width: int) -> list[str]:
    if line.isascii():
        return _broken_ascii(line, width)
    if cell_len(line) <= width:
        return [line]
    found: list[str] = []
    begin = taken = 0
    chance = before = 0  # where the line may be broken, and the cells up to there
    for start, end, cells in graphemes(line):
        while taken + cells > width and start > begin:
            cut, gone = (chance, before) if chance > begin else (start, taken)
            found.append(line[begin:cut].rstrip(" "))
            begin, taken = cut, taken - gone
        taken += cells
        if line[start] == " " or cells > 1:
            chance, before = end, taken
    found.append(line[begin:])
    return found


def graphemes(text: str) -> list[tuple[int, int, int]]:
    """(start, end, cells) of what a reader sees as one character; the two halves of a flag stay together."""
    found: list[tuple[int, int, int]] = []
    for start, end, cells in split_graphemes(text)[0]:
        half = found and found[-1][1] - found[-1][0] == 1 and _is_flag_half(text[found[-1][0]])
        if half and _is_flag_half(text[start]):
            found[-1] = (found[-1][0], end, found[-1][2] + cells)
        else:
            found.append((start, end, cells))
    return found


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _broken_ascii(line: str, width: int) -> list[str]:
    found: list[str] = []
    begin = 0
    while len(line) - begin > width:
        blank = line.rfind(" ", begin, begin + width + 1)
        cut = blank + 1 if blank > begin else begin + width
        found.append(line[begin:cut].rstrip(" "))
        begin = cut
    found.append(line[begin:])
    return found
