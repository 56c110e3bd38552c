"""One line of text, asked for."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Input, Static

from core.i18n import _
from tui.dialogs.base import Dialog
from tui.show import content


class PromptDialog(Dialog[str]):
    """Returns what was typed; None if it was left."""

    KEYS = _("↵ takes it · esc leaves")

    def __init__(self, title: str, value: str = "", *, about: str = "") -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._about = about

    def heading(self) -> str:
        return self._title

    def body(self) -> Iterable[Widget]:
        if self._about:
            yield Static(content(self._about, multiline=True), markup=False)
        yield Input(value=self._value, select_on_focus=False)

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter takes it."""
        event.stop()
        self.dismiss(event.value)
