"""The text whose spans are marked: a bar below each span, the marked stretch reversed, letters to jump by.

Each line of the text has at least one line for bars below it, so that nothing moves when something is labelled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rich.segment import Segment
from rich.style import Style
from textual import events

from core.i18n import _
from core.spans import Guess, Span
from tui.show import segment
from tui.spans.drawing import Bar, bars, strokes
from tui.spans.editor import Editor
from tui.spans.layout import Glyph, Layout
from tui.theme import HUES
from tui.widgets.text_card import WIDEST, TextCard

_BOLD, _ITALIC, _REVERSE = Style(bold=True), Style(italic=True), Style(reverse=True)


class Hand(Protocol):
    """Whoever is told what the mouse does, in code points of the text."""

    def picked(self, offset: int, *, reach: bool) -> None:
        """A character was pressed; `reach`: what is marked shall extend to it."""
        ...

    def drawn(self, one: int, other: int) -> None:
        """The mouse was drawn from one character to another."""
        ...

    def turned(self, first: int, behind: int) -> None:
        """The window moved: it shows these code points now."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the card shows besides the text."""

    editor: Editor
    hues: Mapping[str, int] = field(default_factory=dict)
    """Class name → its colour, from 1."""
    hints: Mapping[int, str] = field(default_factory=dict)
    """Offset → the letters that lead there."""


class SpanCard(TextCard):
    """Draws spans and tells its hand about the mouse; without spans to show it is a card of text like any other."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {
        "card--text", "card--more", "card--at", "card--hint", *(f"card--hue-{n}" for n in range(1, HUES + 1)),
    }  # fmt: skip
    DEFAULT_CSS = """
    SpanCard > .card--at { color: $text; }
    SpanCard > .card--hint { color: $background; background: $key; text-style: bold reverse; }
    """ + "\n".join(f"SpanCard > .card--hue-{n} {{ color: $hue-{n}; }}" for n in range(1, HUES + 1))

    def __init__(self, hand: Hand) -> None:
        super().__init__()
        self._hand = hand
        self._shown: Shown | None = None
        self._pending: Sequence[Guess] = ()
        self._layout = Layout("", 4)
        self._rows: list[int] = []
        """The line of the text that each row of the window belongs to."""
        self._anchor: int | None = None
        """Where the mouse was pressed, while it is."""

    def show(self, text: str) -> None:
        self._shown = None
        super().show(text)

    def mark(self, shown: Shown, *, follow: bool = True) -> None:
        """Show this; `follow`: the window goes where the marked stretch is."""
        self._shown, self._pending = shown, shown.editor.pending
        if follow:
            self._follow()
        self.redraw()

    # Where things stand

    def offset_below(self, offset: int, by: int) -> int:
        """The code point a line lower (or higher, by < 0), in the same column or as near as there is one."""
        layout = self._fitting()
        line = layout.line_of(offset)
        there = layout.upto(line + by + 1) - 1
        cells = layout.cells_of(line, offset, offset + 1)
        return layout.glyph_at(max(0, min(line + by, there)), cells[0] if cells else 0).start if layout.lines else 0

    def places(self) -> Sequence[tuple[int, int, int]]:
        """(offset, line, cell) of each word in the window."""
        if self._shown is None or not self._rows:
            return ()
        layout = self._layout
        found = []
        for line in dict.fromkeys(self._rows):
            glyphs, edges = layout.lines[line], layout.columns(line)
            starts = {glyph.start: edge for glyph, edge in zip(glyphs, edges, strict=False)}
            for start, _end in self._shown.editor.steps.hops_within(glyphs[0].start, glyphs[-1].end):
                if start in starts:
                    found.append((start, line, starts[start]))
        return found

    def _fitting(self) -> Layout:
        """The layout at the present width."""
        width = min(self.size.width, WIDEST)
        if self._layout.text != self.text or self._layout.width != max(width, 4):
            self._layout = Layout(self.text, width)
        return self._layout

    def _follow(self) -> None:
        """Move the window so that the marked stretch is in it, its beginning if it is longer."""
        if self._shown is None or not self.size.height or not self.text:
            return
        layout, (start, end) = self._fitting(), self._shown.editor.at
        first, last = layout.line_of(start), layout.line_of(max(start, end - 1))
        while self.top < last and sum(self._height(line) for line in range(self.top, last + 1)) > self._room():
            self.top += 1
        self.top = max(0, min(self.top, first))

    def _height(self, line: int) -> int:
        """Rows of a line of the text with its bars."""
        return 1 + max(1, *(bar.level + 1 for bar in self._bars(line)), 1)

    def _bars(self, line: int) -> Sequence[Bar]:
        assert self._shown is not None  # noqa: S101
        return bars(self._layout, line, self._shown.editor.spans, self._pending)

    # Drawing

    def scroll_by(self, lines: int) -> None:
        if self._shown is None:
            super().scroll_by(lines)
            return
        layout = self._fitting()
        there = layout.upto(self.top + max(lines, 0) + self._room())
        top = max(0, min(self.top + lines, there - 1))
        if lines > 0 and layout.complete:
            top = min(top, max(self.top, self._last_top(there)))
        if top != self.top:
            self.top = top
            self.redraw()
            if self._rows:
                self._hand.turned(layout.lines[self._rows[0]][0].start, layout.lines[self._rows[-1]][-1].end)

    def page(self, direction: int) -> None:
        if self._shown is None:
            super().page(direction)
        else:
            self.scroll_by(direction * max(1, len(set(self._rows)) - 1))

    def _last_top(self, there: int) -> int:
        """The line the window begins with when it shows the end."""
        room, top = self._room(), there
        while top > 0 and room >= self._height(top - 1):
            top -= 1
            room -= self._height(top)
        return top

    def build(self, width: int, height: int) -> list[list[Segment]]:
        if self._shown is None or not self.text:
            return super().build(width, height)
        layout = self._fitting()
        rows: list[list[Segment]] = []
        self._rows = []
        line = self.top
        while len(rows) < height and line < layout.upto(line + 1):
            drawn = self._line(line)
            rows += drawn
            self._rows += [line] * len(drawn)
            line += 1
        if self.top == 0 and len(rows) <= height and layout.upto(line + 1) == line:
            return rows
        del rows[height - 1 :], self._rows[height - 1 :]
        return [*rows, [segment(self._where_now(), self.component("card--more"))]]

    def _where_now(self) -> str:
        last = self._rows[-1] if self._rows else self.top
        rest = self._layout.lines[last][-1].end
        after = _("↓ {size} characters more").format(size=f"{len(self.text) - rest:,}")
        if rest >= len(self.text):
            after = _("the end")
        return (_("↑ {lines} lines · ").format(lines=self.top) if self.top else "") + after

    def _line(self, line: int) -> list[list[Segment]]:
        """A line of the text and the rows of its bars."""
        below = self._bars(line)
        return [self._text_row(line), *self._bar_rows(below)]

    def _text_row(self, line: int) -> list[Segment]:
        assert self._shown is not None  # noqa: S101
        found: list[Segment] = []
        hint, glyphs = "", self._layout.lines[line]
        begin, end = glyphs[0].start, glyphs[-1].end
        given = [s for s in self._shown.editor.spans if s.start < end and begin < s.end]
        guessed = [g.span for g in self._pending if g.span.start < end and begin < g.span.end]
        for glyph in glyphs:
            hint = self._shown.hints.get(glyph.start, "") or hint
            if hint:
                taken, hint = hint[: glyph.cells], hint[glyph.cells :]
                found.append(Segment(taken.ljust(glyph.cells), self.component("card--hint")))
            else:
                _join(found, glyph, self._style(glyph, given, guessed))
        return found

    def _style(self, glyph: Glyph, given: Sequence[Span[str]], guessed: Sequence[Span[str]]) -> Style:
        """How it is drawn, these spans being in its line."""
        assert self._shown is not None  # noqa: S101
        style = self.component("card--more" if self._shown.hints else "card--text")
        given = [s for s in given if s.start < glyph.end and glyph.start < s.end]
        guessed = [s for s in guessed if s.start < glyph.end and glyph.start < s.end]
        if given or guessed:
            least = min(given or guessed, key=lambda s: s.end - s.start)
            style = self._hue(least.label) + (_BOLD if given else _ITALIC)
        start, end = self._shown.editor.at
        if start < glyph.end and glyph.start < end:
            style = (style if given or guessed else self.component("card--at")) + _REVERSE
        return style

    def _bar_rows(self, below: Sequence[Bar]) -> list[list[Segment]]:
        levels = 1 + max((bar.level for bar in below), default=0)
        rows: list[list[Segment]] = [[] for _level in range(levels)]
        cells = [0] * levels
        for index, bar in enumerate(below):
            beside = below[index + 1] if index + 1 < len(below) and below[index + 1].level == bar.level else None
            room = (beside.first - 1 if beside else self._layout.width) - bar.first
            drawn = segment(strokes(bar, room), self._hue(bar.label) + (_ITALIC if bar.guessed else _BOLD))
            row = rows[bar.level]
            row += [Segment(" " * (bar.first - cells[bar.level]), self.component("card--text")), drawn]
            cells[bar.level] = bar.first + drawn.cell_length
        return rows

    def _hue(self, label: str) -> Style:
        assert self._shown is not None  # noqa: S101
        return self.component(f"card--hue-{self._shown.hues.get(label, 1)}")

    # The mouse

    def _offset_at(self, event: events.MouseEvent) -> int | None:
        x, y = event.x - self.styles.padding.left, event.y - self.styles.padding.top
        if self._shown is None or not 0 <= y < len(self._rows):
            return None
        return self._layout.glyph_at(self._rows[y], max(0, x)).start

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A press marks what is there, and what is drawn over while it is held."""
        offset = self._offset_at(event)
        if offset is not None and event.button == 1:
            self._anchor = offset
            self.capture_mouse()
            self._hand.picked(offset, reach=event.shift)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The marked stretch follows the mouse while it is held."""
        offset = self._offset_at(event)
        if self._anchor is not None and offset is not None and not event.shift:
            self._hand.drawn(self._anchor, offset)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """It was let go."""
        if self._anchor is not None:
            self._anchor = None
            self.release_mouse()


def _join(found: list[Segment], glyph: Glyph, style: Style) -> None:
    """Add a glyph; plain letters of one style are one piece, all others stay alone, so that their widths add up."""
    if found and found[-1].style == style and glyph.shown.isascii() and found[-1].text.isascii():
        found[-1] = Segment(found[-1].text + glyph.shown, style)
    else:
        found.append(Segment(glyph.shown, style))
