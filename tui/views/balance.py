"""How many labels each class has."""

from collections.abc import Sequence
from typing import ClassVar

from core.i18n import _, counted
from core.records import LabelClass
from tui.views.barred import BarredList
from tui.views.base import Facts, Labelled
from tui.widgets.line import Piece
from tui.widgets.row_list import Cell, Column, RowList


class Balance(BarredList):
    """A bar for each class; short ones want more labels. Enter shows the labelled texts."""

    BAR_COLUMN: ClassVar[int] = 4

    def __init__(self) -> None:
        super().__init__(
            (
                Column(_("class"), 16, most=99),
                Column(_("class"), 26, least=100),
                Column(_("labels"), 6, right=True),
                Column(_("share"), 5, right=True),
                Column(),
            ),
            empty=_("There are no classes yet: the first answer makes one."),
        )
        self._counts: list[tuple[LabelClass, int]] = []

    def show_facts(self, facts: Facts) -> None:
        """Show other facts."""
        self._counts = [(item, facts.counts.get(item.id, 0)) for item in facts.classes]
        if facts.order == "texts":
            self._counts.sort(key=lambda pair: -pair[1])
        self.show(_Rows(self, self._counts))

    def explain(self) -> tuple[list[Piece], list[Piece]]:
        """The row under the cursor in words, and what can be done with it."""
        if not self._counts:
            return [], []
        item, n = self._counts[self.cursor]
        return [(item.name, "text"), (counted(" · {n} label", " · {n} labels", n), "muted")], [
            ("↵", "key"),
            (_(" the texts labelled so"), "muted"),
        ]

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """The texts of this class."""
        message.stop()
        if self._counts:
            item = self._counts[message.index][0]
            self.post_message(Labelled(item.id, _("labelled {name}").format(name=item.name)))


class _Rows:
    """Bars as long as there is room for."""

    def __init__(self, view: Balance, counts: Sequence[tuple[LabelClass, int]]) -> None:
        self._view = view
        self._counts = counts
        self._most = max([n for _item, n in counts] + [1])
        self._all = max(1, sum(n for _item, n in counts))

    def __len__(self) -> int:
        return len(self._counts)

    def row(self, index: int) -> Sequence[Cell]:
        """Name (for a narrow and a wide screen), number, share, bar."""
        item, n = self._counts[index]
        name: Cell = (item.name, "text")
        bar = "█" * max(n > 0, n * self._view.bar_width // self._most)
        return (name, name, (str(n), "muted"), (f"{100 * n / self._all:.0f} %", "muted"), (bar, "given"))
