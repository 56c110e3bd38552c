"""A file on its way into a project: how far it is, and what became of its lines."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from core.errors import HandfulError
from core.i18n import _
from core.records import ImportReport
from tui import child
from tui.child import Child
from tui.dialogs.base import Dialog
from tui.output import import_lines
from tui.show import content
from tui.widgets.progress import ProgressLine


class ImportDialog(Dialog[bool]):
    """Returns True when something was taken in."""

    KEYS = _("esc stops it; then nothing is changed")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "finish", show=False)]

    def __init__(self, root: Path, path: Path | None, *, work: Child | None = None, title: str = "") -> None:
        """`work`: another task than adding the file at `path`."""
        super().__init__()
        self._title = title or _("Adding {name}").format(name=path.name if path else "")
        self._work = work or child.import_file(root, path or root)
        self._over = False
        self._ok = False

    def heading(self) -> str:
        return self._title

    def body(self) -> Iterable[Widget]:
        yield ProgressLine()
        yield Static(id="report", markup=False)

    def on_mount(self) -> None:
        """Begin."""
        self.run_worker(self._run, thread=True)

    def _run(self) -> None:
        try:
            reports = self._work.run(lambda done, total: self.app.call_from_thread(self._progress, done, total))
        except HandfulError as error:
            self.app.call_from_thread(self._failed, error)
        else:
            self.app.call_from_thread(self._done, reports)

    def _progress(self, done: int, total: int) -> None:
        self.query_one(ProgressLine).show(done / max(total, 1), _("reading"))

    def _failed(self, error: HandfulError) -> None:
        self._over = True
        if self._title and error.title == _("Cancelled."):
            self.dismiss(None)
            return
        text = "\n".join(part for part in (error.title, error.what, error.hint) if part)
        self._tell(text)

    def _done(self, reports: list[ImportReport]) -> None:
        self._over = self._ok = True
        reports = [replace(report, source=Path(report.source).name) for report in reports]
        self.query_one(ProgressLine).show(1.0, _("done"))
        refused = any(report.refused or report.conflicts for report in reports)
        if not refused:
            for report in reports:
                self.app.notify(import_lines(report)[0], markup=False)
            self.dismiss(True)
            return
        self._tell("\n".join(line for report in reports for line in import_lines(report)))

    def _tell(self, text: str) -> None:
        self.query_one("#report", Static).update(content(text, multiline=True))
        self.query_one("#dialog-keys", Static).update(content(_("↵ closes")))

    def action_finish(self) -> None:
        """Close it when it is over."""
        if self._over:
            self.dismiss(self._ok or None)

    def action_close(self) -> None:
        """Stop it, or close it when it is over."""
        if self._over:
            self.dismiss(self._ok or None)
        else:
            self._work.cancel()
