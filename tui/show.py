"""Text on its way to a widget: the one door by which data comes onto the screen.

Whatever comes from data passes `core.show.visible` here and becomes plain `Content`: nothing in it is markup, a link,
an action or a control sequence.
"""

from rich.cells import cell_len, split_graphemes
from rich.segment import Segment
from rich.style import Style
from textual.content import Content

from core.show import shorten, visible


def content(text: str, style: str = "", *, multiline: bool = False) -> Content:
    """The text letter for letter, with visible escapes; `style` is ours, never data."""
    shown = visible(text, multiline=multiline)
    return Content.styled(shown, style) if style else Content(shown)


def sentence(*parts: str | tuple[str, str]) -> Content:
    """Pieces of text, each plain or with a style of ours, on one line."""
    return Content.assemble(*(_piece(part) for part in parts))


def _piece(part: str | tuple[str, str]) -> Content:
    return content(part) if isinstance(part, str) else content(part[0], part[1])


def clip(text: str, width: int) -> str:
    """One visible line of at most `width` cells, with an ellipsis where something was cut; no grapheme is split."""
    line = shorten(text, max(width, 1)) if len(text) > width or "\n" in text else visible(text)
    if cell_len(line) <= width:
        return line
    taken = 0
    for start, _end, cells in split_graphemes(line)[0]:
        if taken + cells > width - 1:
            return line[:start] + "…"
        taken += cells
    return line


def clip_middle(text: str, width: int) -> str:
    """As `clip`, but what is cut is the middle: for names that begin alike."""
    line = visible(" ".join(text.split()))
    if cell_len(line) <= width:
        return line
    head, tail, room = "", "", width - 1
    pieces = [(line[start:end], cells) for start, end, cells in split_graphemes(line)[0]]
    while pieces and pieces[-1][1] <= room // 2 - cell_len(tail):
        tail = pieces.pop()[0] + tail
    for piece, cells in pieces:
        if cell_len(head) + cells > room - cell_len(tail):
            break
        head += piece
    return f"{head}…{tail}"


def fit(text: str, width: int, *, right: bool = False) -> str:
    """As `clip`, filled with blanks to exactly `width` cells."""
    line = clip(text, width)
    blanks = " " * (width - cell_len(line))
    return blanks + line if right else line + blanks


def segment(text: str, style: Style, width: int | None = None, *, right: bool = False) -> Segment:
    """A piece of a line for widgets that draw line by line; exactly `width` cells if that is given."""
    return Segment(visible(text) if width is None else fit(text, width, right=right), style)
