"""One line with something on the left and something on the right, each piece coloured by what it means."""

from collections.abc import Sequence
from typing import Literal, get_args

from rich.segment import Segment

from tui.show import clip, segment
from tui.widgets.lines import LineWidget

Kind = Literal["text", "muted", "key", "guess", "given", "sure", "unsure", "wrong"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Piece = tuple[str, Kind]


class Line(LineWidget):
    """A line that changes often and sends little; the right part gives way where there is no room for both."""

    COMPONENT_CLASSES = {
        f"line--{kind}" for kind in ("text", "muted", "key", "guess", "given", "sure", "unsure", "wrong")
    }
    DEFAULT_CSS = """
    Line { height: 1; width: 100%; padding: 0 2; color: $muted; }
    Line > .line--text { color: $text; }
    Line > .line--muted { color: $muted; }
    Line > .line--key { color: $key; }
    Line > .line--guess { color: $guess; }
    Line > .line--given { color: $given; }
    Line > .line--sure { color: $sure; }
    Line > .line--unsure { color: $unsure; }
    Line > .line--wrong { color: $wrong; text-style: bold; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._left: Sequence[Piece] = ()
        self._right: Sequence[Piece] = ()

    def show(self, left: Sequence[Piece] = (), right: Sequence[Piece] = ()) -> None:
        """Replace what is shown."""
        self._left, self._right = left, right
        self.redraw()

    def build(self, width: int, height: int) -> list[list[Segment]]:
        left = self._segments(self._left, width)
        room = width - sum(piece.cell_length for piece in left) - 2
        right = self._segments(self._right, room) if room > 4 else []
        gap = width - sum(piece.cell_length for piece in [*left, *right])
        return [[*left, Segment(" " * gap, self.rich_style), *right]]

    def _segments(self, pieces: Sequence[Piece], width: int) -> list[Segment]:
        found: list[Segment] = []
        for text, kind in pieces:
            if width <= 0:
                break
            piece = segment(_clip(text, width), self.component(f"line--{kind}"))
            found.append(piece)
            width -= piece.cell_length
        return found


def _clip(text: str, width: int) -> str:
    """As `clip`, which folds blanks where it cuts; but those before the first word part this piece from the last."""
    blanks = text[: len(text) - len(text.lstrip(" "))]
    return blanks + clip(text[len(blanks) :], width - len(blanks)) if width > len(blanks) + 1 else ""
