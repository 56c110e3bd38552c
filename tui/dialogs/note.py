"""A note on one text."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import TextArea

from core.i18n import _
from tui.dialogs.base import Dialog


class NoteDialog(Dialog[str]):
    """Returns the note; None if it was left unchanged."""

    KEYS = _("^s saves · esc leaves it as it was")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", _("save"), priority=True)]
    DEFAULT_CSS = "NoteDialog TextArea { height: 8; border: none; background: $background; }"

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._text = text

    def heading(self) -> str:
        return _("Note on this text")

    def body(self) -> Iterable[Widget]:
        yield TextArea(self._text, compact=True, show_line_numbers=False)

    def on_mount(self) -> None:
        """Write at its end."""
        area = self.query_one(TextArea)
        area.move_cursor(area.document.end)
        area.focus()

    def action_save(self) -> None:
        """Take what is written."""
        self.dismiss(self.query_one(TextArea).text)
