"""Every key of a screen, made from the key map."""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from core.i18n import _
from tui import keymap, screens
from tui.dialogs.base import Dialog
from tui.show import content

KEY_CELLS = 14


class HelpDialog(Dialog[None]):
    """Keys and what they do; the words are ours, the keys perhaps the user's."""

    COMPONENT_CLASSES = {"help--key"}
    KEYS = _("↑↓ pgup pgdn scroll · esc closes")

    DEFAULT_CSS = """
    HelpDialog > #box { height: 92%; }
    HelpDialog VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    HelpDialog Static { width: 1fr; height: auto; }
    HelpDialog .about { color: $muted; margin-bottom: 1; }
    HelpDialog > .help--key { color: $key; text-style: bold; }
    """

    def __init__(
        self, scopes: Sequence[str], overrides: keymap.Overrides, more: Sequence[tuple[str, str]] = ()
    ) -> None:
        """`more`: (keys, what they do) to stand first."""
        super().__init__()
        table = (key for scope in (*scopes, keymap.APP) for key in keymap.of(scope))
        rows = (("  ".join(keymap.shown(k) for k in key.pressed(overrides)), key.about) for key in table)
        self._rows = [*more, *rows]
        self._entry = next((screens.entry(scope) for scope in scopes if scope in {e.id for e in screens.SCREENS}), None)

    def heading(self) -> str:
        return self._entry.title if self._entry else _("Keys")

    def body(self) -> Iterable[Widget]:
        with VerticalScroll():
            if self._entry is not None:
                commands = self._entry.commands
                twin = _(" Without a screen: handful {commands}.").format(commands=commands) if commands else ""
                yield Static(content(self._entry.about + twin), classes="about", markup=False)
            yield Static(id="keys", markup=False)

    def on_mount(self) -> None:
        """One widget for all rows: a widget a cell takes a tenth of a second to be laid out."""
        key = self.get_component_rich_style("help--key", partial=True)
        table = Table.grid(padding=(0, 1))
        table.add_column(width=KEY_CELLS, style=key)
        table.add_column(ratio=1)
        for pressed, about in self._rows:
            table.add_row(Text(pressed), Text(about))
        self.query_one("#keys", Static).update(table)
