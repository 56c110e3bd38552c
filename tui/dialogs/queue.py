"""The texts that come next, and why each was picked."""

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from core.i18n import _
from core.querying.reasons import words
from core.records import Example, QueueItem
from tui.dialogs.base import Dialog
from tui.widgets.row_list import Cell, Column, ListRows, RowList


class QueueDialog(Dialog[int]):
    """Returns the id of the text to show now."""

    KEYS = _("↵ shows a text now · esc closes")
    DEFAULT_CSS = """
    QueueDialog > #box { width: 110; height: 80%; }
    """

    def __init__(self, upcoming: Sequence[tuple[QueueItem, Example]]) -> None:
        super().__init__()
        self._upcoming = upcoming

    def heading(self) -> str:
        return _("What comes next")

    def body(self) -> Iterable[Widget]:
        rows: list[tuple[Cell, ...]] = [
            ((example.text, "text"), (words(item.reason), "muted")) for item, example in self._upcoming
        ]
        columns = (Column(_("text")), Column(_("why"), 34))
        yield RowList(columns, ListRows(rows), empty=_("Nothing is left to ask."))

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(RowList).focus()

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Show this one now."""
        message.stop()
        self.dismiss(self._upcoming[message.index][1].id)
