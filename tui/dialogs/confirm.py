"""A question before something that costs time or takes something away."""

from collections.abc import Iterable

from textual import events
from textual.widget import Widget
from textual.widgets import Static

from core.i18n import _
from tui.dialogs.base import Dialog
from tui.show import content


class ConfirmDialog(Dialog[bool]):
    """Returns True for yes; None if it was left."""

    KEYS = _("y does it · esc leaves")

    def __init__(self, title: str, about: str = "") -> None:
        super().__init__()
        self._title = title
        self._about = about

    def heading(self) -> str:
        return self._title

    def body(self) -> Iterable[Widget]:
        if self._about:
            yield Static(content(self._about, multiline=True), markup=False)

    def on_key(self, event: events.Key) -> None:
        """y is yes, n is no."""
        if event.character == "y":
            event.stop()
            self.dismiss(True)
        elif event.character == "n":
            event.stop()
            self.dismiss(None)
