"""All keys by screen, to be changed one by one."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from core.i18n import _
from tui import keymap
from tui.dialogs.base import Dialog
from tui.dialogs.press import PressDialog
from tui.widgets.row_list import Cell, Column, ListRows, RowList


class KeysDialog(Dialog[None]):
    """A new key goes before the ones an action has; a conflict is said and refused."""

    KEYS = _("↵ gives it another key · r its own keys back · esc closes")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("r", "reset", show=False)]
    DEFAULT_CSS = "KeysDialog > #box { width: 100; height: 86%; }"

    def heading(self) -> str:
        return _("Keys")

    def body(self) -> Iterable[Widget]:
        yield RowList((Column(_("screen"), 9), Column(_("keys"), 20), Column(_("what it does"))))

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(RowList).focus()
        self._list()

    def _list(self) -> None:
        rows: list[tuple[Cell, ...]] = []
        for key in keymap.KEYS:
            pressed = "  ".join(keymap.shown(k) for k in key.pressed(self.handful.overrides))
            own = key.id in self.handful.preferences.keys
            rows.append(((key.scope, "muted"), (pressed, "given" if own else "key"), (key.about, "text")))
        self.query_one(RowList).show(ListRows(rows))

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Ask for the key."""
        message.stop()
        key = keymap.KEYS[message.index]
        self.app.push_screen(PressDialog(key.about), lambda pressed: self._give(key, pressed))

    def _give(self, key: keymap.Key, pressed: str | None) -> None:
        if pressed is None:
            return
        app = self.handful
        keys = [pressed, *(k for k in key.pressed(app.overrides) if k != pressed)]
        wanted = {**app.preferences.keys, key.id: ",".join(keys)}
        _found, problems = keymap.resolve(app.preferences.preset, wanted)
        if problems:
            app.say(problems[-1], "warning")
            return
        app.prefer(replace(app.preferences, keys=wanted))
        self._list()

    def action_reset(self) -> None:
        """Give the action its own keys back."""
        key, app = keymap.KEYS[self.query_one(RowList).cursor], self.handful
        app.prefer(replace(app.preferences, keys={k: v for k, v in app.preferences.keys.items() if k != key.id}))
        self._list()
