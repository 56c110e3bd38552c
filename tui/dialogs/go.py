"""The list of screens, each under one letter."""

from collections.abc import Iterable

from rich.segment import Segment
from textual import events
from textual.widget import Widget

from core.i18n import _
from tui import screens
from tui.dialogs.base import Dialog
from tui.show import fit
from tui.widgets.lines import LineWidget


class _Choices(LineWidget):
    COMPONENT_CLASSES = {"go--key", "go--name", "go--about"}
    DEFAULT_CSS = """
    _Choices { height: auto; }
    _Choices > .go--key { color: $key; text-style: bold; }
    _Choices > .go--name { color: $text; }
    _Choices > .go--about { color: $muted; }
    """

    def __init__(self, entries: list[screens.Entry]) -> None:
        super().__init__()
        self.entries = entries
        self.styles.height = len(entries) + 1

    def build(self, width: int, height: int) -> list[list[Segment]]:
        key, name, about = (self.component(f"go--{part}") for part in ("key", "name", "about"))
        rows = [(e.key, e.title, e.about) for e in self.entries] + [("q", _("Quit"), _("All is saved."))]
        return [
            [Segment(fit(letter, 3), key), Segment(fit(title, 10), name), Segment(fit(said, max(0, width - 13)), about)]
            for letter, title, said in rows
        ]


class GoDialog(Dialog[str]):
    """Returns the id of a screen."""

    def __init__(self, has_project: bool) -> None:
        super().__init__()
        self._entries = [e for e in screens.SCREENS if has_project or not e.in_project]

    def heading(self) -> str:
        return _("Go to")

    def body(self) -> Iterable[Widget]:
        yield _Choices(self._entries)

    def on_key(self, event: events.Key) -> None:
        """A letter chooses."""
        chosen = next((e for e in self._entries if e.key == event.character), None)
        if chosen is not None:
            event.stop()
            self.dismiss(chosen.id)
        elif event.character == "q":
            event.stop()
            self.app.exit()

    def on_click(self, event: events.Click) -> None:
        """A click on a row chooses it."""
        rows = self.query_one(_Choices)
        y = event.screen_y - rows.region.y
        if event.widget is rows and 0 <= y < len(self._entries):
            self.dismiss(self._entries[y].id)
