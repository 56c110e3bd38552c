"""Every key of a screen, made from the key map."""

from collections.abc import Iterable, Sequence

from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from core.i18n import _
from tui import keymap, screens
from tui.dialogs.base import Dialog
from tui.show import content


class HelpDialog(Dialog[None]):
    """Keys and what they do; the words are ours, the keys perhaps the user's."""

    KEYS = _("↑↓ pgup pgdn scroll · esc closes")

    DEFAULT_CSS = """
    HelpDialog > #box { height: 92%; }
    HelpDialog VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    HelpDialog Static { width: 1fr; height: auto; }
    HelpDialog .about { color: $muted; margin-bottom: 1; }
    HelpDialog .key { color: $key; text-style: bold; width: 15; }
    HelpDialog Horizontal { height: auto; }
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
            for pressed, about in self._rows:
                with Horizontal():
                    yield Static(content(pressed), classes="key", markup=False)
                    yield Static(content(about), markup=False)
