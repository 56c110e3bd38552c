"""One of several things, from a list."""

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from core.i18n import _
from tui.dialogs.base import Dialog
from tui.widgets.row_list import Column, ListRows, RowList


class ChooseDialog(Dialog[int]):
    """Returns the position of what was chosen; None if it was left."""

    KEYS = _("↵ chooses · esc leaves")

    def __init__(self, title: str, names: Sequence[tuple[str, str]], *, cursor: int = 0) -> None:
        """`names`: each with something said about it."""
        super().__init__()
        self._title = title
        self._names = names
        self._cursor = cursor

    def heading(self) -> str:
        return self._title

    def body(self) -> Iterable[Widget]:
        rows = RowList((Column(), Column(width=24)), empty=_("There is nothing to choose from."))
        rows.styles.height = max(1, min(14, len(self._names)))
        yield rows

    def on_mount(self) -> None:
        """The list has the keys."""
        rows = self.query_one(RowList)
        rows.show(ListRows([((name, "text"), (said, "muted")) for name, said in self._names]), cursor=self._cursor)
        rows.focus()

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """This one."""
        message.stop()
        self.dismiss(message.index)
