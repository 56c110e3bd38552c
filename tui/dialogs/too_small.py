"""Shown in place of everything while the terminal is too small; no key labels meanwhile."""

from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

from core.i18n import _
from tui.show import content


class TooSmall(ModalScreen[None]):
    """A notice that goes away by itself when there is room again."""

    DEFAULT_CSS = """
    TooSmall { align: center middle; background: $background; }
    TooSmall Static { width: auto; height: auto; color: $unsure; }
    """

    def __init__(self, smallest: tuple[int, int] = (40, 10)) -> None:
        super().__init__()
        self._smallest = smallest

    def compose(self) -> ComposeResult:
        columns, lines = self._smallest
        said = _("Too small: {columns}x{lines} needed.").format(columns=columns, lines=lines)
        yield Static(content(said), markup=False)
