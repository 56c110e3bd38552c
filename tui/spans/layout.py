"""Where each character of a text stands: lines of cells, and the way from a cell to its code points and back.

Every grapheme cluster is a glyph of its own. What is drawn for it went through the one cleaning function; its offsets
are those of the stored text. Each glyph is drawn alone, so that the cells of a line are the sum of those of its glyphs.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from rich.cells import cell_len

from core.show import visible
from tui.show import clip
from tui.spans.steps import graphemes
from tui.wrapping import TAB

_BREAKS = {"\n", "\r\n"}
_DANGLING = {"\u200d": "⟨200D⟩", "\ufe0f": "⟨FE0F⟩"}
"""Where nothing is joined or varied, these change the width of a neighbour: a mark stands for them."""
_CIRCLE = "\u25cc"
"""What a mark without a letter is drawn on."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """What a reader sees as one character."""

    start: int
    end: int
    """Code points of the stored text."""
    shown: str
    cells: int
    """1 at least; what `shown` takes."""


class Layout:
    """The lines of one text at one width, made as they are needed.

    The last cell of a line is kept for a blank or line break, so that the cursor can stand on either.
    """

    def __init__(self, text: str, width: int) -> None:
        self.text = text
        self.width = max(width, 4)
        self.lines: list[Sequence[Glyph]] = []
        """What was made so far; none is empty."""
        self._starts: list[int] = []
        self._more = self._wrap()
        self._done = False

    @property
    def complete(self) -> bool:
        """Whether all lines were made."""
        return self._done

    def upto(self, n: int) -> int:
        """Make lines until there are `n`; returns how many there are, fewer if the text ends before."""
        while len(self.lines) < n and not self._done:
            line = next(self._more, None)
            if line is None:
                self._done = True
            else:
                self.lines.append(line)
                self._starts.append(line[0].start)
        return len(self.lines)

    def line_of(self, offset: int) -> int:
        """The line an offset stands in; the last one for what is behind the text."""
        while not self._done and (not self.lines or self.lines[-1][-1].end <= offset):
            self.upto(len(self.lines) + 1)
        return max(0, bisect_right(self._starts, offset) - 1)

    def columns(self, line: int) -> Sequence[int]:
        """The first cell of each glyph of a line, and the cell behind the last one."""
        return list(accumulate((glyph.cells for glyph in self.lines[line]), initial=0))

    def cells_of(self, line: int, start: int, end: int) -> tuple[int, int] | None:
        """The cells (first, behind the last) that a stretch takes in a line; None if it takes none."""
        edges = self.columns(line)
        found = [i for i, glyph in enumerate(self.lines[line]) if glyph.start < end and start < glyph.end]
        return (edges[found[0]], edges[found[-1] + 1]) if found else None

    def glyph_at(self, line: int, x: int) -> Glyph:
        """The glyph in a cell; beyond the line's end its last one."""
        glyphs = self.lines[line]
        return glyphs[min(len(glyphs), max(1, bisect_right(self.columns(line), x))) - 1]

    def _wrap(self) -> Iterator[Sequence[Glyph]]:
        room = self.width - 1
        line: list[Glyph] = []
        taken = chance = 0  # cells of the line; glyphs up to where it may be broken
        for start, end in graphemes(self.text):
            glyph = self._glyph(start, end, taken)
            blank = glyph.shown == " "
            while line and taken + glyph.cells > room + (blank and taken <= room):
                cut = chance or len(line)
                yield line[:cut]
                line = line[cut:]
                taken, chance = sum(g.cells for g in line), 0
                glyph = self._glyph(start, end, taken)
            line.append(glyph)
            taken += glyph.cells
            if self.text[start:end] in _BREAKS:
                yield line
                line, taken, chance = [], 0, 0
            elif blank or glyph.cells > 1:
                chance = len(line)
        if line:
            yield line

    def _glyph(self, start: int, end: int, column: int) -> Glyph:
        cluster = self.text[start:end]
        if cluster in _BREAKS:
            return Glyph(start, end, " ", 1)
        if cluster == "\t":
            cells = TAB - column % TAB
            return Glyph(start, end, " " * cells, cells)
        shown = drawn(cluster)
        if cell_len(shown) > self.width - 1:
            shown = clip(shown, self.width - 1)
        return Glyph(start, end, shown, cell_len(shown))


def drawn(cluster: str) -> str:
    """What stands for one cluster: visible, at least a cell wide, and as wide beside others as it is alone."""
    if cluster.isascii() and cluster.isprintable():
        return cluster
    if cluster[-1] == "\u200d":
        cluster = cluster[:-1] + _DANGLING["\u200d"]
    if cluster[0] in _DANGLING:
        cluster = _DANGLING[cluster[0]] + cluster[1:]
    shown = visible(cluster)
    return shown if cell_len(shown) and cell_len(shown[0]) else _CIRCLE + shown
