"""The first and the last line of every screen: where one is, and which keys there are."""

from collections.abc import Callable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events

from tui import keymap, screens
from tui.show import clip, segment
from tui.widgets.lines import LineWidget

Press = Callable[[], object]
LEAST_NAME = 6
"""Cells that the project's name keeps, however many screens stand beside it."""


class _Bar(LineWidget):
    """One line of pieces, some of which can be clicked."""

    DEFAULT_CSS = "_Bar { height: 1; width: 100%; background: $panel; color: $muted; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._targets: list[tuple[int, int, Press]] = []

    def pieces(self, width: int) -> Sequence[tuple[Sequence[Segment], Press | None]]:
        """The line's pieces from the left, each with what a click on it does."""
        raise NotImplementedError

    def build(self, width: int, height: int) -> list[list[Segment]]:
        line: list[Segment] = []
        self._targets = []
        x = 0
        for piece, press in self.pieces(width):
            wide = _cells(piece)
            if x + wide > width:
                break
            if press is not None:
                self._targets.append((x, x + wide, press))
            line += piece
            x += wide
        return [line]

    def on_click(self, event: events.Click) -> None:
        """Do what the piece under the mouse stands for."""
        x = event.x - self.styles.padding.left
        for start, end, press in self._targets:
            if start <= x < end:
                press()


class TopBar(_Bar):
    """The project's name and the screens, the present one marked."""

    COMPONENT_CLASSES = {"topbar--project", "topbar--here", "topbar--tab"}
    DEFAULT_CSS = """
    TopBar > .topbar--project { color: $text; text-style: bold; }
    TopBar > .topbar--here { color: $key; text-style: bold underline; }
    TopBar > .topbar--tab { color: $muted; }
    """

    def __init__(self, here: str, project: str, go: Callable[[str], object]) -> None:
        super().__init__()
        self._here = here
        self._project = project
        self._go = go

    def pieces(self, width: int) -> list[tuple[Sequence[Segment], Press | None]]:
        plain, here = self.component("topbar--tab"), self.component("topbar--here")
        shown = [e for e in screens.SCREENS if (e.in_project and e.tab) or e.id == self._here]
        tabs = sum(len(e.title) + 2 for e in shown)
        name = clip(self._project, max(LEAST_NAME, width - tabs - 1))
        found: list[tuple[Sequence[Segment], Press | None]] = [
            ([segment(name, self.component("topbar--project")), Segment(" ", plain)], None)
        ]
        for e in shown:
            title = Segment(e.title, here if e.id == self._here else plain)
            found.append(([Segment(" ", plain), title, Segment(" ", plain)], self._goer(e.id)))
        return found

    def _goer(self, screen_id: str) -> Press:
        return lambda: self._go(screen_id)


class KeyBar(_Bar):
    """The keys of the present screen, as many as there is room for; those that work everywhere are never left out."""

    COMPONENT_CLASSES = {"keybar--key", "keybar--name"}
    DEFAULT_CSS = """
    KeyBar > .keybar--key { color: $key; text-style: bold; }
    KeyBar > .keybar--name { color: $muted; }
    """

    def __init__(self, keys: Sequence[keymap.Key], overrides: keymap.Overrides, press: Callable[[str], object]) -> None:
        """`press` is given the key whose piece was clicked."""
        super().__init__()
        self._keys = keys
        self._overrides = overrides
        self._press = press
        self._taken: dict[str, frozenset[str]] = {}

    def show(self, *, taken: Callable[[str], frozenset[str]]) -> None:
        """Show, for each action, the first key that is not `taken` by something else before its scope now."""
        found = {key.scope: taken(key.scope) for key in self._keys}
        if found != self._taken:
            self._taken = found
            self.redraw()

    def rename(self, overrides: keymap.Overrides) -> None:
        """Other keys are in force."""
        self._overrides = overrides
        self.redraw()

    def pieces(self, width: int) -> list[tuple[Sequence[Segment], Press | None]]:
        key_style, name_style = self.component("keybar--key"), self.component("keybar--name")
        own: list[tuple[Sequence[Segment], Press | None]] = []
        everywhere: list[tuple[Sequence[Segment], Press | None]] = []
        for key in self._keys:
            pressed = next((k for k in key.pressed(self._overrides) if k not in self._taken.get(key.scope, ())), "")
            if key.footer and pressed:
                piece = _piece(keymap.shown(pressed), key.name, key_style, name_style)
                (everywhere if key.scope == keymap.APP else own).append((piece, self._presser(pressed)))
        room = width - sum(_cells(piece) for piece, _press in everywhere)
        while own and sum(_cells(piece) for piece, _press in own) > room:
            own.pop()
        return [*own, *everywhere]

    def _presser(self, key: str) -> Press:
        return lambda: self._press(key)


def _cells(piece: Sequence[Segment]) -> int:
    return sum(part.cell_length for part in piece)


def _piece(key: str, name: str, key_style: Style, name_style: Style) -> list[Segment]:
    return [Segment(key, key_style), Segment(f" {name}  ", name_style)]
