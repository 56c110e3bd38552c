"""The options of the project, and what one likes on every project: theme and keys."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.getters import query_one
from textual.widget import Widget
from textual.widgets import Input, Static

from core import settings
from core.errors import HandfulError
from core.i18n import _
from core.intake import encoder_name
from core.settings import Settings
from tui import keymap, theme
from tui.answering.matching import best
from tui.dialogs.choose import ChooseDialog
from tui.dialogs.keys import KeysDialog
from tui.dialogs.prompt import PromptDialog
from tui.screens.base import HandfulScreen
from tui.show import content
from tui.widgets.row_list import Cell, Column, ListRows, RowList


@dataclass(frozen=True, slots=True)
class _Option:
    """One row: an option of the project, or one of the person's preferences."""

    name: str
    value: str
    default: str
    sentence: str
    edit: Callable[[], None]
    reset: Callable[[], None]


class SettingsScreen(HandfulScreen):
    """A list of options; the sentence of the one under the cursor stands below."""

    ID = "settings"
    SHARED = (keymap.LIST,)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("settings")
    DEFAULT_CSS = """
    SettingsScreen Input { border: none; height: 1; padding: 0 2; background: $background; }
    SettingsScreen RowList { padding: 0 1; margin-top: 1; }
    SettingsScreen #sentence { padding: 0 3; height: 4; color: $muted; margin-top: 1; }
    """

    rows = query_one(RowList)
    search = query_one(Input)

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[_Option] = []

    def body(self) -> Iterable[Widget]:
        columns = (Column(_("option"), 16), Column(_("value"), 22), Column(_("meaning")))
        yield Input(placeholder=_("find: press /"), compact=True)
        yield RowList(columns, empty=_("No option is called so.\nesc shows all."))
        yield Static(id="sentence", markup=False)

    def on_mount(self) -> None:
        """The list has the keys."""
        self.set_focus(self.rows)
        self.moved()

    def moved(self) -> None:
        found = [*self._preferences(), *self._options()]
        names = [f"{option.name} {option.sentence}" for option in found]
        typed = self.search.value
        self._shown = [found[i] for i in best(typed, names)] if typed else found
        self.rows.show(ListRows([_row(option) for option in self._shown]))
        self._say()

    def _say(self) -> None:
        here = self._here()
        self.query_one("#sentence", Static).update(content(here.sentence if here else ""))

    def _here(self) -> _Option | None:
        return self._shown[self.rows.cursor] if self._shown else None

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """Another sentence."""
        message.stop()
        self._say()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Find as one types."""
        self.moved()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes to what was found."""
        event.stop()
        self.set_focus(self.rows)

    def action_search(self) -> None:
        """Type into the field."""
        self.set_focus(self.search)

    def action_leave(self) -> None:
        """Show all options again."""
        self.search.value = ""
        self.set_focus(self.rows)

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Enter changes."""
        message.stop()
        self.action_edit()

    def action_edit(self) -> None:
        """Change the option under the cursor."""
        here = self._here()
        if here is not None:
            here.edit()

    def action_reset(self) -> None:
        """Give it its default back."""
        here = self._here()
        if here is not None:
            here.reset()

    # What one likes on every project

    def _preferences(self) -> list[_Option]:
        app, chosen = self.handful, self.handful.preferences
        themes = [known.name for known in theme.THEMES]

        def prefer(**changes: Any) -> None:
            app.prefer(replace(app.preferences, **changes))
            self.moved()

        own = len(chosen.keys)
        return [
            _Option(
                "theme",
                chosen.theme,
                theme.DARK,
                _("Colours, on every project."),
                lambda: self._choose(_("Which theme?"), themes, chosen.theme, lambda name: prefer(theme=name)),
                lambda: prefer(theme=theme.DARK),
            ),
            _Option(
                "key set",
                chosen.preset,
                "default",
                _("Keys as they come, as in vim, or for the left hand alone."),
                lambda: self._choose(
                    _("Which keys?"), list(keymap.PRESETS), chosen.preset, lambda name: prefer(preset=name)
                ),
                lambda: prefer(preset="default"),
            ),
            _Option(
                "keys",
                _("{n} of your own").format(n=own) if own else "",
                "",
                _("Every key, to be changed one by one; they are kept in config.toml."),
                self._keys,
                lambda: prefer(keys={}),
            ),
        ]

    def _keys(self) -> None:
        self.app.push_screen(KeysDialog(), lambda _left: self.moved())

    def _choose(self, title: str, names: list[str], value: str, then: Callable[[str], None]) -> None:
        cursor = names.index(value) if value in names else 0

        def chosen(position: int | None) -> None:
            if position is not None:
                then(names[position])

        self.app.push_screen(ChooseDialog(title, [(name, "") for name in names], cursor=cursor), chosen)

    # The options of the project

    def _options(self) -> list[_Option]:
        if not self.handful.has_project:
            return []
        there = self.session.settings
        return [
            _Option(
                option.name,
                settings.plain(getattr(there, option.name)),
                settings.plain(option.default),
                f"{option.metadata['sentence']} {settings.allowed(option.name)}".strip(),
                lambda key=option.name: self._edit(key),  # type: ignore[misc]
                lambda key=option.name, value=option.default: self._set(key, value),  # type: ignore[misc]
            )
            for option in fields(Settings)
        ]

    def _edit(self, key: str) -> None:
        value = settings.plain(getattr(self.session.settings, key))
        names = list(settings.choices(key))
        if names:
            self._choose(key, names, value, lambda name: self._set(key, name))
            return
        about = f"{settings.spec(key).metadata['sentence']} {settings.allowed(key)}".strip()

        def typed(text: str | None) -> None:
            if text is not None:
                self._set(key, text)

        self.app.push_screen(PromptDialog(key, value, about=about), typed)

    def _set(self, key: str, value: Any) -> None:
        session = self.session
        try:
            value = encoder_name(value) if key == "encoder" else value
            settings.save(session.project.root, settings.changed(session.settings, key, value))
            session.reload_settings()
        except HandfulError as error:
            self.handful.show_error(error)
            return
        if key in settings.SHAPES_FEATURES:
            self.handful.say(_("The texts are embedded anew before the next ranking."))
        session.touched()
        self.moved()


def _row(option: _Option) -> tuple[Cell, ...]:
    changed = option.value != option.default
    return (
        (option.name, "text"),
        (option.value + (" *" if changed else ""), "given" if changed else "muted"),
        (option.sentence, "muted"),
    )
