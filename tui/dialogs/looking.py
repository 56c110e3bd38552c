"""A first look at a source, in a process of its own: its columns and some rows. It can be stopped."""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from core.errors import HandfulError
from core.i18n import _
from core.importing import formats
from tui import child
from tui.child import Look
from tui.dialogs.base import Dialog
from tui.show import content


class LookDialog(Dialog[Look]):
    """Returns what was seen; an error is shown here."""

    KEYS = _("esc stops it")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "finish", show=False)]

    def __init__(self, source: Path, rows: int) -> None:
        super().__init__()
        self._source = source
        self._work = child.look(source, rows)
        self._failed = False

    def heading(self) -> str:
        return _("Looking at {name} …").format(
            name=str(self._source) if formats.is_address(self._source) else self._source.name
        )

    def body(self) -> Iterable[Widget]:
        yield Static(id="report", markup=False)

    def on_mount(self) -> None:
        """Begin."""
        self.run_worker(self._run, thread=True)

    def _run(self) -> None:
        try:
            seen = self._work.look()
        except HandfulError as error:
            self.app.call_from_thread(self._fail, error)
        else:
            self.app.call_from_thread(self.dismiss, seen)

    def _fail(self, error: HandfulError) -> None:
        self._failed = True
        if not self.is_mounted:
            return
        text = "\n".join(part for part in (error.title, error.what, error.hint) if part)
        self.query_one("#report", Static).update(content(text, multiline=True))
        self.query_one("#dialog-keys", Static).update(content(_("↵ closes")))

    def action_finish(self) -> None:
        """Close what has failed."""
        if self._failed:
            self.dismiss(None)

    def action_close(self) -> None:
        """Stop, and leave."""
        self._work.cancel()
        self.dismiss(None)
