"""A list or table of any length: only the rows in the window are asked for and drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message

from tui import keymap
from tui.show import fit
from tui.widgets.line import KINDS, Piece
from tui.widgets.lines import LineWidget


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table."""

    title: str = ""
    width: int = 0
    """Cells; 0: its share of what the others leave."""
    right: bool = False
    """Aligned to the right, as numbers are."""
    least: int = 0
    """Columns of the screen from which it is shown at all."""
    most: int = 0
    """Columns of the screen up to which it is shown, where a wider one takes its place; 0: always."""

    def fits(self, width: int) -> bool:
        """Whether it is shown on a screen of this width."""
        return self.least <= width and (not self.most or width <= self.most)


Cell = Piece
"""A text (data, perhaps) and what it means."""


class Rows(Protocol):
    """Where the rows come from."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def row(self, index: int) -> Sequence[Cell]:
        """The cells of one row, as many as there are columns; each a text (data, perhaps) and what it means."""
        ...


class ListRows:
    """Rows that are all there already."""

    def __init__(self, rows: Sequence[Sequence[Cell]]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Sequence[Cell]:
        """The cells of one row."""
        return self._rows[index]


class RowList(LineWidget, can_focus=True):
    """Rows with a cursor. `show` replaces the rows, `refresh_rows` draws the same ones anew."""

    BINDINGS = keymap.bindings(keymap.LIST)
    COMPONENT_CLASSES = {"rows--head", "rows--cursor", "rows--bar", *(f"rows--{kind}" for kind in KINDS)}
    DEFAULT_CSS = """
    RowList { height: 1fr; }
    RowList > .rows--head { color: $muted; text-style: underline; }
    RowList > .rows--cursor { background: $chosen; text-style: bold; }
    RowList > .rows--bar { color: $rule; }
    RowList > .rows--text { color: $text; }
    RowList > .rows--muted { color: $muted; }
    RowList > .rows--key { color: $key; }
    RowList > .rows--guess { color: $guess; }
    RowList > .rows--given { color: $given; }
    RowList > .rows--sure { color: $sure; }
    RowList > .rows--unsure { color: $unsure; }
    RowList > .rows--wrong { color: $wrong; }
    """

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, rows: "RowList", index: int) -> None:
            super().__init__()
            self.rows = rows
            self.index = index

        @property
        def control(self) -> "RowList":
            """The list it comes from."""
            return self.rows

    class Chosen(Message):
        """Enter was pressed on a row, or it was clicked."""

        def __init__(self, rows: "RowList", index: int) -> None:
            super().__init__()
            self.rows = rows
            self.index = index

        @property
        def control(self) -> "RowList":
            """The list it comes from."""
            return self.rows

    def __init__(
        self, columns: Sequence[Column], rows: Rows | None = None, *, empty: str = "", id: str | None = None
    ) -> None:
        """`empty`: what stands there while there are no rows, saying what to do next."""
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.rows: Rows = rows if rows is not None else ListRows(())
        self.cursor = 0
        self.top = 0
        self._empty = empty

    def show(self, rows: Rows, *, cursor: int | None = None) -> None:
        """Show other rows; the cursor stays where it was, as far as there are rows, unless it is given."""
        self.rows = rows
        self.cursor = max(0, min(self.cursor if cursor is None else cursor, len(rows) - 1))
        self.redraw()

    def say_empty(self, text: str) -> None:
        """Change what stands there while there are no rows."""
        self._empty = text
        self.redraw()

    def refresh_rows(self) -> None:
        """The rows may say something else now."""
        self.cursor = max(0, min(self.cursor, len(self.rows) - 1))
        self.redraw()

    def move_to(self, index: int) -> None:
        """Put the cursor on a row."""
        index = max(0, min(index, len(self.rows) - 1))
        if index != self.cursor and len(self.rows):
            self.cursor = index
            self.redraw()
            self.post_message(self.Moved(self, index))

    @property
    def room(self) -> int:
        """Rows that fit into the window."""
        return max(1, self.size.height - self._head_lines)

    @property
    def _head_lines(self) -> int:
        return 1 if any(column.title for column in self.columns) else 0

    def action_cursor_up(self) -> None:
        """One row up."""
        self.move_to(self.cursor - 1)

    def action_cursor_down(self) -> None:
        """One row down."""
        self.move_to(self.cursor + 1)

    def action_page_up(self) -> None:
        """A windowful up."""
        self.move_to(self.cursor - self.room)

    def action_page_down(self) -> None:
        """A windowful down."""
        self.move_to(self.cursor + self.room)

    def action_first(self) -> None:
        """The first row."""
        self.move_to(0)

    def action_last(self) -> None:
        """The last row."""
        self.move_to(len(self.rows) - 1)

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        if len(self.rows):
            self.post_message(self.Chosen(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a click on the cursor's row chooses it."""
        index = self.top + event.y - self.styles.padding.top - self._head_lines
        if not (0 <= index < len(self.rows) and event.y >= self._head_lines):
            return
        if index == self.cursor:
            self.action_choose()
        else:
            self.move_to(index)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self.move_to(self.cursor + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self.move_to(self.cursor - 3)

    def build(self, width: int, height: int) -> list[list[Segment]]:
        if not len(self.rows):
            return self._nothing(width)
        room = max(1, height - self._head_lines)
        self.top = max(0, min(self.top, self.cursor, len(self.rows) - room))
        self.top = max(self.top, self.cursor - room + 1)
        shown = [i for i, column in enumerate(self.columns) if column.fits(self.app.size.width)]
        widths = self._widths(width - 4, shown)
        lines = [self._line(i, width, shown, widths) for i in range(self.top, min(self.top + room, len(self.rows)))]
        self._draw_bar(lines, room)
        if self._head_lines:
            head = [
                fit(self.columns[c].title, w, right=self.columns[c].right) for c, w in zip(shown, widths, strict=True)
            ]
            lines.insert(
                0, [Segment(set_cell_size("  " + "  ".join(head), max(0, width - 1)), self.component("rows--head"))]
            )
        return lines

    def _nothing(self, width: int) -> list[list[Segment]]:
        style = self.component("rows--muted")
        return [[Segment(fit("  " + line, width), style)] for line in self._empty.splitlines()]

    def _widths(self, width: int, shown: Sequence[int]) -> list[int]:
        """Cells of each shown column; two blanks lie between them."""
        fixed = sum(self.columns[i].width for i in shown) + 2 * (len(shown) - 1)
        flexible = [i for i in shown if not self.columns[i].width]
        share, rest = divmod(max(0, width - fixed), len(flexible)) if flexible else (0, 0)
        extra = iter([1] * rest)
        return [self.columns[i].width or max(4, share + next(extra, 0)) for i in shown]

    def _line(self, index: int, width: int, shown: Sequence[int], widths: Sequence[int]) -> list[Segment]:
        here = index == self.cursor
        cells = self.rows.row(index)
        base = self.component("rows--cursor") if here else Style.null()
        line = [Segment("▸ " if here else "  ", self.component("rows--key") + base)]
        for position, (column, wide) in enumerate(zip(shown, widths, strict=True)):
            text, kind = cells[column]
            gap = "  " if position + 1 < len(shown) else ""
            style = self.component(f"rows--{kind}") + Style(bgcolor=base.bgcolor, bold=base.bold)
            line.append(Segment(fit(text, wide, right=self.columns[column].right) + gap, style))
        taken = sum(piece.cell_length for piece in line)
        line.append(Segment(" " * max(0, width - 1 - taken), self.rich_style + Style(bgcolor=base.bgcolor)))
        return line

    def _draw_bar(self, lines: list[list[Segment]], room: int) -> None:
        """At the right edge, where in the list the window is."""
        if len(self.rows) <= room:
            return
        size = max(1, room * room // len(self.rows))
        start = (room - size) * self.top // max(1, len(self.rows) - room)
        for y, line in enumerate(lines):
            line.append(Segment("┃" if start <= y < start + size else " ", self.component("rows--bar")))
