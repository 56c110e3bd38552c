"""A widget drawn line by line that sends only what changed to the terminal: what makes a slow link feel fast."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

GAP = 20
"""Equal cells that cost about as much to repaint as to jump over."""


class LineWidget(Widget):
    """Subclasses build all their lines; `redraw` compares them with those on screen and repaints the difference."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._drawn: list[Strip] = []
        self._drawn_for = (0, 0)
        self._painted: list[Strip] | None = None

    @property
    def is_painted(self) -> bool:
        """Whether the last frame showed what `redraw` built last."""
        return self._painted is self._drawn

    def build(self, width: int, height: int) -> Sequence[Sequence[Segment]]:
        """At most `height` lines of at most `width` cells; what is missing is blank."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Build the lines anew, and repaint the cells that differ."""
        width, height = self.size
        if not width or not height:
            return
        old, new = self._drawn, self._strips(width, height)
        self._drawn = new
        if self._drawn_for != (width, height) or len(old) != len(new):
            self._drawn_for = (width, height)
            self.refresh()
            return
        if self._painted is old and new == old:
            self._painted = new
        changed = [(y, span) for y, pair in enumerate(zip(old, new, strict=True)) for span in differences(*pair)]
        if changed:
            self.refresh(*(Region(x, y, end - x, 1) for y, (x, end) in changed))

    def render_line(self, y: int) -> Strip:
        """Line `y` as it was last built."""
        width, height = self.size
        if self._drawn_for != (width, height):
            self._drawn, self._drawn_for = self._strips(width, height), (width, height)
        self._painted = self._drawn
        return self._drawn[y] if y < len(self._drawn) else Strip.blank(width, self.rich_style)

    def notify_style_update(self) -> None:
        """Colours changed: nothing that was drawn counts any more."""
        super().notify_style_update()
        self._drawn_for = (0, 0)

    def component(self, name: str) -> Style:
        """The style of one of the widget's component classes."""
        return self.get_component_rich_style(name)

    def _strips(self, width: int, height: int) -> list[Strip]:
        base = self.rich_style
        lines = [Strip(line).adjust_cell_length(width, base) for line in self.build(width, height)[:height]]
        return lines + [Strip.blank(width, base)] * (height - len(lines))


def differences(old: Strip, new: Strip) -> list[tuple[int, int]]:
    """The stretches of cells (first, behind the last) in which two strips differ, near ones joined."""
    if old == new:
        return []
    before, after = _cells(old), _cells(new)
    if len(before) != len(after):
        return [(0, new.cell_length)]
    found: list[tuple[int, int]] = []
    for x, (a, b) in enumerate(zip(before, after, strict=True)):
        if a == b:
            continue
        if found and x - found[-1][1] < GAP:
            found[-1] = (found[-1][0], x + 1)
        else:
            found.append((x, x + 1))
    return found


def _cells(strip: Strip) -> list[tuple[str, Style | None]]:
    """What stands in each cell; a wide character and what is joined to it make one unit over all its cells."""
    found: list[tuple[str, Style | None]] = []
    for text, style, _control in strip:
        if text.isascii():
            found += [(char, style) for char in text]
        else:
            found += [(text, style)] * Segment(text).cell_length
    return found
