"""Waits for one key, to give it to an action."""

from collections.abc import Iterable

from textual import events
from textual.widget import Widget
from textual.widgets import Static

from core.i18n import _
from tui.dialogs.base import Dialog
from tui.show import content


class PressDialog(Dialog[str]):
    """Returns Textual's name of the key; escape leaves."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def heading(self) -> str:
        return self._title

    def body(self) -> Iterable[Widget]:
        yield Static(content(_("Press the key it should have.")), markup=False)

    def on_key(self, event: events.Key) -> None:
        """This one."""
        if event.key != "escape":
            event.stop()
            event.prevent_default()
            self.dismiss(event.key)
