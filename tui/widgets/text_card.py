"""The text that is asked about, large and readable; a long one is windowed and says how much follows."""

from rich.segment import Segment
from textual import events

from core.i18n import _
from tui.show import segment
from tui.widgets.lines import LineWidget
from tui.wrapping import Wrapped

WIDEST = 96
"""Longer lines are hard to read."""
AHEAD = 200
"""Lines made beyond the window to tell how many follow; more are counted in characters."""


class TextCard(LineWidget):
    """Shows one text from its beginning; `scroll_by` moves the window."""

    COMPONENT_CLASSES = {"card--text", "card--more"}
    DEFAULT_CSS = """
    TextCard { width: 1fr; height: 1fr; padding: 0 2; color: $text; }
    TextCard > .card--text { color: $text; }
    TextCard > .card--more { color: $muted; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.text = ""
        self.top = 0
        """The first line that is shown."""
        self._wrapped = Wrapped("", 1)

    def show(self, text: str) -> None:
        """Show another text from its beginning."""
        self.text, self.top = text, 0
        self._wrapped = Wrapped("", 1)
        self.redraw()

    def scroll_by(self, lines: int) -> None:
        """Move the window, not beyond the text's ends."""
        room = self._room()
        there = self._wrapped.upto(self.top + max(lines, 0) + room)
        top = max(0, min(self.top + lines, there - room))
        if top != self.top:
            self.top = top
            self.redraw()

    def page(self, direction: int) -> None:
        """Move the window by its height, one line overlapping."""
        self.scroll_by(direction * max(1, self._room() - 1))

    def build(self, width: int, height: int) -> list[list[Segment]]:
        measure = min(width, WIDEST)
        if self._wrapped.text != self.text or self._wrapped.width != max(measure, 2):
            self._wrapped = Wrapped(self.text, measure)
        lines = self._wrapped
        lines.upto(self.top + height + AHEAD)
        style = self.component("card--text")
        if self.top == 0 and lines.complete and len(lines.lines) <= height:
            return [[segment(line, style)] for line in lines.lines]
        self.top = max(0, min(self.top, len(lines.lines) - max(1, height - 1)))
        shown = lines.lines[self.top : self.top + height - 1]
        return [
            *([segment(line, style)] for line in shown),
            [segment(self._where(len(shown)), self.component("card--more"))],
        ]

    def _room(self) -> int:
        return max(1, self.size.height - 1)

    def _where(self, shown: int) -> str:
        """How much lies above and below the window."""
        below = len(self._wrapped.lines) - self.top - shown
        rest = self._wrapped.rest
        if rest:
            after = _("↓ {lines}+ lines, {size} characters more").format(lines=below, size=f"{rest:,}")
        elif below:
            after = _("↓ {lines} more lines").format(lines=below)
        else:
            after = _("the end")
        return (_("↑ {lines} lines · ").format(lines=self.top) if self.top else "") + after

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the window."""
        event.stop()
        self.scroll_by(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the window."""
        event.stop()
        self.scroll_by(-3)
