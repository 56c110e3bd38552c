"""What the command palette offers: actions of the present screen and, when looked for, of others; screens; projects."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from core.i18n import _
from tui import keymap, preferences, screens
from tui.answering.matching import rank
from tui.screens.base import HandfulScreen
from tui.show import clip, fit, sentence

if TYPE_CHECKING:
    from tui.app import HandfulApp

WIDTH, FRAME = 96, 6
"""Cells of the palette where there is room for them (`HandfulApp.CSS`), and how many of them no row has."""
NAME, KEYS = 14, 8
"""Cells that the name and the keys take; what it does has the rest."""
BY_WORDS, ELSEWHERE = 4, 6
"""A hit in what it does stands behind one in the name, and an action of another screen behind those at hand."""
NEAR = 3
"""The furthest `rank` by which what an action does is found."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One row."""

    name: str
    about: str
    """What it does."""
    act: Callable[[], object]
    keys: str = ""
    behind: int = 0
    """How far it stands behind others that fit as well."""

    def row(self, columns: int) -> Content:
        """Name, keys and what it does, in a terminal of so many columns; names of projects are data."""
        room = min(WIDTH, columns * 24 // 25) - FRAME
        fixed = NAME + 1 + KEYS
        about = "  " + clip(self.about, room - fixed - 2) if room > fixed + NAME else ""
        if cell_len(self.name) > NAME:  # those that have no keys here, and names of projects
            return sentence(fit(self.name, min(fixed, room)), (about, "$muted"))
        return sentence(fit(self.name, NAME) + " ", (fit(self.keys, KEYS), "$key"), (about, "$muted"))

    def rank(self, query: str) -> int | None:
        """How well it fits what is typed, 0 the best; None if it does not."""
        near = rank(query, self.name)
        if near is None:
            near = rank(query, self.about)
            near = None if near is None or near > NEAR else near + BY_WORDS
        return None if near is None else near + self.behind


class HandfulCommands(Provider):
    """One row an offer."""

    def _offers(self) -> Iterator[Offer]:
        app = cast("HandfulApp", self.app)
        here = self.screen
        if isinstance(here, HandfulScreen):
            for key in (key for scope in here.scopes() if scope not in here.SHARED for key in keymap.of(scope)):
                yield Offer(key.name, key.about, partial(here.perform, key), self._keys(key))
        for entry in screens.SCREENS:
            if app.has_project or not entry.in_project:
                yield Offer(entry.title, entry.about, partial(app.go, entry.id))
        for root in preferences.recent():
            yield Offer(_("open {name}").format(name=root.name), str(root), partial(app.enter_project, root))
        for key in keymap.of(keymap.APP):
            yield Offer(key.name, key.about, partial(app.run_action, key.action), self._keys(key))
        if app.has_project:
            yield Offer(_("tour"), _("Five steps through the screen Label."), app.action_tour)

    def _elsewhere(self) -> Iterator[Offer]:
        """Actions of other screens, except where a key answers the text that is shown there: it must be seen first."""
        app, here = cast("HandfulApp", self.app), self.screen
        for entry in screens.SCREENS:
            if isinstance(here, HandfulScreen) and entry.id != here.ID and entry.from_afar and app.has_project:
                for key in keymap.of(entry.id):
                    name = _("{screen}: {action}").format(screen=entry.title, action=key.name)
                    yield Offer(name, key.about, partial(app.perform_on, entry.id, key), "", ELSEWHERE)

    def _keys(self, key: keymap.Key) -> str:
        """The first two that do it."""
        pressed = key.pressed(cast("HandfulApp", self.app).overrides)
        return " ".join(keymap.shown(k) for k in pressed[:2])

    async def discover(self) -> Hits:
        """What is at hand, before anything is typed."""
        for offer in self._offers():
            yield DiscoveryHit(offer.row(self.app.size.width), offer.act, text=offer.name)

    async def search(self, query: str) -> Hits:
        """What fits the letters, the nearest first."""
        for offer in (*self._offers(), *self._elsewhere()):
            near = offer.rank(query)
            if near is not None:
                yield Hit(1.0 / (1 + near), offer.row(self.app.size.width), offer.act, text=offer.name)
