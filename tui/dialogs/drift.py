"""Whether texts have changed since the pool was taken: what `handful drift` says, as a table to look at."""

from collections.abc import Iterable, Mapping
from typing import Any

from textual.widget import Widget
from textual.widgets import Static

from core.i18n import _
from tui import production
from tui.dialogs.base import Dialog
from tui.show import content
from tui.widgets.row_list import Cell, Column, ListRows, RowList

_WIDTHS = (0, 7, 7, 7, 15, 8)
"""Cells of each column; the first takes what is left."""


class DriftDialog(Dialog[None]):
    """Shares of classes then and now, and how far off the texts lie."""

    KEYS = _("esc leaves")
    DEFAULT_CSS = """
    DriftDialog RowList { height: 10; margin-top: 1; }
    """

    def __init__(self, source: str, said: Mapping[str, Any]) -> None:
        """`source`: the file's name; `said`: as `production.drift` gives it."""
        super().__init__()
        self._source = source
        self._said = said

    def heading(self) -> str:
        return _("{file} against the pool; intervals are at 90 %").format(file=self._source)

    def body(self) -> Iterable[Widget]:
        yield Static(content("\n".join(production.sentences(self._said)), multiline=True), id="said", markup=False)
        named = zip(production.HEAD[1:], _WIDTHS[1:], strict=True)
        columns = (Column(production.HEAD[0]), *(Column(name, width, right=True) for name, width in named))
        yield RowList(columns, empty=_("Shares of classes are told from 20 texts on."))

    def on_mount(self) -> None:
        """The list has the keys; what has changed comes first."""
        found = self.query_one(RowList)
        shown = sorted(production.rows(self._said), key=lambda row: not row[-1])
        found.show(ListRows([_cells(row) for row in shown]))
        found.focus()


def _cells(row: tuple[str, ...]) -> tuple[Cell, ...]:
    numbers: list[Cell] = [(one, "muted") for one in row[1:-1]]
    return ((row[0], "text"), *numbers, (row[-1], "unsure"))
