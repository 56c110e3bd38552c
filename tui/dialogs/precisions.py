"""The model in other formats of numbers, side by side; choosing one exports it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from core.i18n import _
from exports.precision.table import HEAD, cells, remarks
from tui.dialogs.base import Dialog
from tui.show import content
from tui.widgets.row_list import Cell, Column, ListRows, RowList

MEASURE = ""
"""What is returned where everything is to be measured anew."""
_WIDTHS = (0, 5, 9, 9, 7, 6, 6, 6)
"""Cells of each column; the first takes what is left."""


class PrecisionsDialog(Dialog[str]):
    """Returns the name of the precision to export in, MEASURE, or None if it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("r", "measure", _("measure anew"), show=False)]
    KEYS = _("↵ exports · r measures anew · esc leaves")
    DEFAULT_CSS = """
    PrecisionsDialog RowList { height: 6; }
    PrecisionsDialog #remark { height: 6; margin-top: 1; color: $muted; overflow-y: auto; }
    """

    def __init__(self, rows: Sequence[Mapping[str, Any]], *, stale: bool) -> None:
        """`rows` as the job `precisions` gives them; `stale`: whether decisions were made since."""
        super().__init__()
        self._rows = rows
        self._stale = stale

    def heading(self) -> str:
        old = _(" · measured before the last decisions") if self._stale else ""
        return _("Precisions; times are p50/p99 of one run") + old

    def body(self) -> Iterable[Widget]:
        named = zip(HEAD[1:], _WIDTHS[1:], strict=True)
        columns = [Column(), *(Column(name, width, right=True) for name, width in named)]
        yield RowList(tuple(columns), empty=_("Nothing was measured."))
        yield Static(id="remark", markup=False)

    def on_mount(self) -> None:
        """The list has the keys."""
        rows = self.query_one(RowList)
        rows.show(ListRows([_row(row) for row in self._rows]))
        rows.focus()
        self._remark(0)

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """Say how the graph under the cursor was made, or why it is refused."""
        message.stop()
        self._remark(self.query_one(RowList).cursor)

    def _remark(self, place: int) -> None:
        row = self._rows[place] if place < len(self._rows) else None
        said = (remarks([row]) or [str(row["method"])])[0] if row else ""
        kind = "$wrong" if row and not row["passed"] else "$muted"
        self.query_one("#remark", Static).update(content(said, kind, multiline=True))

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Export in this precision, if it passes."""
        message.stop()
        row = self._rows[message.index]
        if row["passed"]:
            self.dismiss(str(row["name"]))
        else:
            self.handful.say(_("{name} is refused: its answers differ too much.").format(name=row["name"]), "warning")

    def action_measure(self) -> None:
        """Run the comparison again."""
        self.dismiss(MEASURE)


def _row(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    said = cells(row)
    verdict: Cell = (said[-1], "sure") if row["passed"] else (said[-1], "wrong")
    numbers: list[Cell] = [(one, "muted") for one in said[1:-1]]
    return ((said[0], "text"), *numbers, verdict)
