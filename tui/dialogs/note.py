"""A note on one text."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import TextArea

from core.i18n import _
from tui.dialogs.base import Dialog
from tui.drafts import Draft


class NoteDialog(Dialog[str]):
    """Returns the note; None if it was left unchanged."""

    KEYS = _("^s saves · esc leaves it as it was")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", _("save"), priority=True)]
    DEFAULT_CSS = "NoteDialog TextArea { height: 8; border: none; background: $background; }"

    def __init__(self, text: str, draft: Draft) -> None:
        """`text`: the note as it is now."""
        super().__init__()
        self._text = text
        self._draft = draft
        self._left = draft.found()
        """What was typed and not saved when the connection was lost."""

    def heading(self) -> str:
        return _("Note on this text") + (_(" · as you left it, not saved yet") if self._left is not None else "")

    def body(self) -> Iterable[Widget]:
        yield TextArea(self._left or self._text, compact=True, show_line_numbers=False)

    def on_mount(self) -> None:
        """Write at its end."""
        area = self.query_one(TextArea)
        area.move_cursor(area.document.end)
        area.focus()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """What is typed outlives the connection."""
        self._draft.follow(event.text_area, self._text)

    def action_close(self) -> None:
        """Leave it as it was; a key that comes too late does nothing."""
        if self.app.screen is self:
            self._draft.drop()
            self.dismiss(None)

    def action_save(self) -> None:
        """Take what is written."""
        self._draft.drop()
        self.dismiss(self.query_one(TextArea).text)
