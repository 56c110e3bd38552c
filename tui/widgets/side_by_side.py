"""Two texts beside each other under what is said about them, the words marked that the other one lacks."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style

from core.evaluation.wording import Piece
from core.show import visible
from tui.show import fit
from tui.widgets.lines import LineWidget
from tui.wrapping import graphemes

GAP = 3
LOOKED_AT = 4000
"""Characters of a text that are laid out; the dialog that answers it shows it whole."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two."""

    head: str
    """What is said about the text; data, perhaps."""
    pieces: Sequence[Piece] = ()
    """The text, in pieces that are marked or not."""


_Styled = list[tuple[str, bool]]
"""One line: stretches and whether they are marked."""


class SideBySide(LineWidget):
    """`show` replaces both sides; on a narrow screen they still stand beside each other."""

    COMPONENT_CLASSES = {"beside--head", "beside--text", "beside--marked", "beside--rule"}
    DEFAULT_CSS = """
    SideBySide { height: 40%; padding: 0 2; }
    SideBySide > .beside--head { color: $key; text-style: bold; }
    SideBySide > .beside--text { color: $text; }
    SideBySide > .beside--marked { color: $wrong; text-style: bold underline; }
    SideBySide > .beside--rule { color: $rule; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._sides: tuple[Side, Side] | None = None

    def show(self, sides: tuple[Side, Side] | None) -> None:
        """Show two sides, or nothing."""
        self._sides = sides
        self.redraw()

    def build(self, width: int, height: int) -> list[list[Segment]]:
        if self._sides is None or height < 2:
            return []
        wide = max(4, (width - GAP) // 2)
        rule, head = self.component("beside--rule"), self.component("beside--head")
        left, right = (self._lines(side.pieces, wide, height - 1) for side in self._sides)
        lines = [[Segment(fit(self._sides[0].head, wide), head), Segment(" │ ", rule)]]
        lines[0].append(Segment(fit(self._sides[1].head, wide), head))
        for one, other in zip(left, right, strict=True):
            lines.append([*one, Segment(" │ ", rule), *other])
        return lines

    def _lines(self, pieces: Sequence[Piece], width: int, height: int) -> list[list[Segment]]:
        """Exactly `height` lines of `width` cells; they begin where the first mark is in sight."""
        plain, marked = self.component("beside--text"), self.component("beside--marked")
        lines = _wrapped(pieces, width)
        first = next((i for i, line in enumerate(lines) if any(mark for _text, mark in line)), 0)
        top = 0 if first < height else min(first - 1, max(0, len(lines) - height))
        shown = [_segments(line, width, plain, marked) for line in lines[top : top + height]]
        if len(lines) > top + height and shown:
            shown[-1] = [Segment(fit("…", width), plain)]
        return shown + [[Segment(" " * width, plain)]] * (height - len(shown))


def _segments(line: _Styled, width: int, plain: Style, marked: Style) -> list[Segment]:
    found = [Segment(text, marked if mark else plain) for text, mark in line]
    taken = sum(piece.cell_length for piece in found)
    return [*found, Segment(" " * max(0, width - taken), plain)]


def _wrapped(pieces: Sequence[Piece], width: int) -> list[_Styled]:
    """The text in lines, broken behind blanks where there are any; no grapheme is split."""
    lines: list[_Styled] = [[]]
    room, left = width, LOOKED_AT
    for text, mark in pieces:
        shown = visible(" ".join(text[:left].split("\n")), multiline=False)
        left -= len(text)
        for word in _words(shown):
            cells = sum(c for _text, c in word)
            if cells > room and room < width:
                lines.append([])
                room = width
            for grapheme, c in word:
                if c > room:
                    lines.append([])
                    room = width
                _add(lines[-1], grapheme, mark)
                room -= c
        if left <= 0:
            break
    return lines


def _words(text: str) -> list[list[tuple[str, int]]]:
    """Runs of (grapheme, cells) that stay on one line where it can hold them; each ends behind a blank."""
    found: list[list[tuple[str, int]]] = [[]]
    for start, end, cells in graphemes(text):
        found[-1].append((text[start:end], cells))
        if text[start] == " " or cells > 1:
            found.append([])
    return found


def _add(line: _Styled, text: str, mark: bool) -> None:
    if line and line[-1][1] == mark:
        line[-1] = (line[-1][0] + text, mark)
    else:
        line.append((text, mark))
