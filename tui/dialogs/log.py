"""The worker's log, newest lines last."""

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from core.i18n import _
from tui.dialogs.base import Dialog
from tui.widgets.row_list import Column, ListRows, RowList


class LogDialog(Dialog[None]):
    """No text of the data is ever logged; the lines are shown as data all the same."""

    DEFAULT_CSS = "LogDialog > #box { width: 96%; height: 86%; }"

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self._lines = lines

    def heading(self) -> str:
        return _("The worker's log")

    def body(self) -> Iterable[Widget]:
        yield RowList((Column(),), empty=_("The log is empty: no worker has run yet."))

    def on_mount(self) -> None:
        """Begin at the end."""
        rows = self.query_one(RowList)
        rows.show(ListRows([((line, "text"),) for line in self._lines]), cursor=len(self._lines) - 1)
        rows.focus()
