"""Which class was taken for which: a heat map one can walk through, and the worst pairs as a list.

For tasks whose cells are (gold class, answered class).
"""

from collections import Counter
from typing import ClassVar

from rich.color import Color, blend_rgb
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message

from core.i18n import _, counted
from core.judged import JudgedText
from core.show import visible
from core.tasks.base import Task
from tui.show import clip, fit, segment
from tui.views.base import Behind, Facts, ViewKind, Wanted
from tui.views.table import nothing
from tui.widgets.lines import LineWidget
from tui.widgets.row_list import Column, ListRows, RowList

NAME, CELL, WIDEST = 16, 5, 10
_SHADES = " ░▒▓█"
HEAT = 0.6
"""How much of its own colour the warmest ground takes, so that figures can be read on it."""
_STEPS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
_STEPS |= {"h": (0, -1), "l": (0, 1), "k": (-1, 0), "j": (1, 0)}


class Matrix(LineWidget, can_focus=True):
    """Rows are what people said, columns what the model answered; shades are shares of the row."""

    COMPONENT_CLASSES = {
        "matrix--name",
        "matrix--right",
        "matrix--wrong",
        "matrix--zero",
        "matrix--cursor",
        "matrix--said",
    }
    DEFAULT_CSS = """
    Matrix { height: 1fr; padding: 0 2; }
    Matrix > .matrix--name { color: $muted; }
    Matrix > .matrix--right { color: $sure; }
    Matrix > .matrix--wrong { color: $wrong; }
    Matrix > .matrix--zero { color: $rule; }
    Matrix > .matrix--cursor { color: $background; background: $key; text-style: bold; }
    Matrix > .matrix--said { color: $text; }
    """

    CORNER: ClassVar[str] = _("said ↓ model →")

    def __init__(self) -> None:
        super().__init__()
        self._facts: Facts | None = None
        self._ids: list[int] = []
        self._cells: Counter[tuple[int, ...]] = Counter()
        self.cursor = (0, 0)
        self._top = (0, 0)
        self._wide = CELL
        """Cells of one column, as they were drawn last."""

    def show_facts(self, facts: Facts) -> None:
        """Show other facts."""
        self._facts = facts
        self._cells = self.counted(facts)
        seen = {class_id for cell, n in self._cells.items() if n for class_id in cell}
        self._ids = [i for i in facts.names if i in seen]
        if facts.order == "f1":
            wrong = Counter[int]()
            for (gold, answered), n in self._cells.items():
                if gold != answered:
                    wrong[gold] += n
                    wrong[answered] += n
            self._ids.sort(key=lambda i: -wrong[i])
        last = max(0, len(self._ids) - 1)
        self.cursor = (min(self.cursor[0], last), min(self.cursor[1], last))
        self.redraw()

    def counted(self, facts: Facts) -> Counter[tuple[int, ...]]:
        """(row, column) → texts."""
        return Counter(facts.evaluation.counts.get("", {}) if facts.evaluation else {})

    def behind(self, facts: Facts, row: int, column: int) -> Message:
        """Asks for the texts of a cell."""
        return _behind(facts, row, column)

    def on_key(self, event: events.Key) -> None:
        """Arrows walk; enter shows the texts of the cell."""
        if event.key in _STEPS and self._ids:
            event.stop()
            last = len(self._ids) - 1
            down, right = _STEPS[event.key]
            self.cursor = (max(0, min(last, self.cursor[0] + down)), max(0, min(last, self.cursor[1] + right)))
            self.redraw()
        elif event.key in ("enter", "e") and self._ids and self._facts is not None:
            event.stop()
            gold, answered = (self._ids[i] for i in self.cursor)
            self.post_message(self.behind(self._facts, gold, answered))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor."""
        row = event.y - 1 + self._top[0]
        column = (event.x - self.styles.padding.left - NAME) // self._wide + self._top[1]
        if 0 <= row < len(self._ids) and 0 <= column < len(self._ids):
            self.cursor = (row, column)
            self.redraw()

    def build(self, width: int, height: int) -> list[list[Segment]]:
        facts = self._facts
        name = self.component("matrix--name")
        if facts is None or not self._ids or facts.report is None or not facts.report.enough:
            text = nothing(facts) if facts is not None else ""
            return [[segment(line, name)] for line in text.splitlines()]
        self._wide = max(CELL, min(WIDEST, (width - NAME) // len(self._ids)))
        rows, columns = max(1, height - 3), max(1, (width - NAME) // self._wide)
        (top, left), (row, column) = self._top, self.cursor
        self._top = (_window(top, row, rows, len(self._ids)), _window(left, column, columns, len(self._ids)))
        shown_rows = range(self._top[0], min(len(self._ids), self._top[0] + rows))
        shown_columns = range(self._top[1], min(len(self._ids), self._top[1] + columns))
        head = "".join(self._title(facts.names[self._ids[c]]) for c in shown_columns)
        lines = [[Segment(fit(self.CORNER, NAME) + head, name)]]
        lines += [self._line(row, shown_columns, facts) for row in shown_rows]
        return [*lines, [], [segment(clip(self._said(facts), width), self.component("matrix--said"))]]

    def _line(self, row: int, columns: range, facts: Facts) -> list[Segment]:
        gold = self._ids[row]
        total = sum(self._cells[gold, answered] for answered in self._ids)
        here = row == self.cursor[0]
        base = self.component("matrix--said" if here else "matrix--name")
        line = [segment(facts.names[gold], base, NAME - 1), Segment(" ", base)]
        for column in columns:
            answered = self._ids[column]
            n = self._cells[gold, answered]
            kind = "matrix--zero" if not n else "matrix--right" if gold == answered else "matrix--wrong"
            cold = self.component(kind)
            style = self._heat(cold, n / max(total, 1))
            share = 0.0 if style is not cold else n / max(total, 1)
            if (row, column) == self.cursor:
                style = self.component("matrix--cursor") + Style(reverse=self.app.no_color)
            line.append(Segment(_cell(n, share, self._wide, diagonal=gold == answered), style))
        return line

    def _title(self, name: str) -> str:
        """As many letters as there is room for; the line below says the name whole."""
        shown = fit(name, self._wide - 1, right=True)
        letters = visible(name)[: self._wide - 1]
        return (letters if shown.endswith("…") and letters.isascii() else shown) + " "

    def _heat(self, style: Style, share: float) -> Style:
        """The cell's colour as its ground, as strong as its share of the row; shades alone where colours are few."""
        colour, ground = style.color, self.rich_style.bgcolor
        few = self.app.no_color or self.app.console.color_system in (None, "standard")
        if few or not share or colour is None or ground is None or not (colour.triplet and ground.triplet):
            return style
        warm = blend_rgb(ground.triplet, colour.triplet, HEAT * (0.15 + 0.85 * share))
        return style + Style(color=self.component("matrix--said").color, bgcolor=Color.from_triplet(warm))

    def _said(self, facts: Facts) -> str:
        """The cell under the cursor in words."""
        row, column = (self._ids[i] for i in self.cursor)
        return self.words(facts, row, column, self._cells[row, column])

    def words(self, facts: Facts, gold: int, answered: int, n: int) -> str:
        """A cell and its number as a sentence."""
        said = _("right") if gold == answered else facts.names[answered]
        return counted(
            "{n} text of {gold} was answered {said} · ↵ shows it",
            "{n} texts of {gold} were answered {said} · ↵ shows them",
            n,
            gold=facts.names[gold],
            said=said,
        )


def _window(first: int, cursor: int, room: int, n: int) -> int:
    """The first row or column that is shown, so that the cursor's is, too."""
    return max(0, min(first, cursor, n - room), cursor - room + 1)


def _cell(n: int, share: float, width: int, *, diagonal: bool) -> str:
    """The count, and a shade for its share of the row (0: the ground says it); the diagonal stands in brackets."""
    if not n:
        return fit("·" if not diagonal else "[·]", width - 1, right=True) + " "
    shade = _SHADES[max(1, min(4, round(4 * share)))] if share else " "
    number = str(n) if n < 1000 else "999+"
    return fit(f"[{number}]" if diagonal else number, width - 1, right=True) + shade


class Pairs(RowList):
    """Pairs of classes, the most confused first."""

    def __init__(self) -> None:
        super().__init__((Column(_("people said")), Column(_("the model answered")), Column(_("texts"), 6, right=True)))
        self._facts: Facts | None = None
        self._pairs: list[tuple[int, int, int]] = []

    def show_facts(self, facts: Facts) -> None:
        """Show other facts."""
        self._facts = facts
        cells = facts.evaluation.counts.get("", {}) if facts.evaluation else {}
        enough = facts.report is not None and facts.report.enough
        found = (
            [(n, gold, answered) for (gold, answered), n in cells.items() if gold != answered and n] if enough else []
        )
        self._pairs = [(gold, answered, n) for n, gold, answered in sorted(found, key=lambda f: (-f[0], f[1], f[2]))]
        self.say_empty(_("No text was answered wrongly.") if enough else nothing(facts))
        names = facts.names
        self.show(ListRows([((names[g], "text"), (names[a], "wrong"), (str(n), "muted")) for g, a, n in self._pairs]))

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """The texts of this pair."""
        message.stop()
        if self._facts is not None and self._pairs:
            gold, answered, _n = self._pairs[message.index]
            self.post_message(_behind(self._facts, gold, answered))


def _behind(facts: Facts, gold: int, answered: int) -> Message:
    title = _("{gold} taken for {answered}") if gold != answered else _("{gold} answered right")
    return Behind(
        _cell_of(facts.task, gold, answered), title.format(gold=facts.names[gold], answered=facts.names[answered])
    )


def _cell_of(task: Task[object], gold: int, answered: int) -> Wanted:
    def wanted(text: JudgedText) -> bool:
        return (gold, answered) in task.compare(task.decode(text.gold), task.decode(text.predicted))

    return wanted


VIEWS = (ViewKind(_("matrix"), Matrix), ViewKind(_("pairs"), Pairs))
