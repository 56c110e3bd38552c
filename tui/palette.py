"""What the command palette offers: the actions of the present screen, the screens, recent projects, the tour."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from core.i18n import _
from tui import keymap, preferences, screens
from tui.answering.matching import rank
from tui.screens.base import HandfulScreen
from tui.show import content

if TYPE_CHECKING:
    from tui.app import HandfulApp

Offer = tuple[str, str, Callable[[], object]]
"""(name, what it does, doing it)"""


class HandfulCommands(Provider):
    """Names of projects are data, so hits are plain content."""

    def _offers(self) -> Iterator[Offer]:
        app = cast("HandfulApp", self.app)
        here = self.screen
        if isinstance(here, HandfulScreen):
            for key in (key for scope in here.scopes() if scope not in here.SHARED for key in keymap.of(scope)):
                pressed = "  ".join(keymap.shown(k) for k in key.pressed(app.overrides))
                yield f"{key.name}  ({pressed})", key.about, partial(here.perform, key)
        for entry in screens.SCREENS:
            if app.has_project or not entry.in_project:
                yield entry.title, entry.about, partial(app.go, entry.id)
        for root in preferences.recent():
            yield _("open {name}").format(name=root.name), str(root), partial(self._enter, root)
        for key in keymap.of(keymap.APP):
            yield key.name, key.about, partial(app.run_action, key.action)
        if app.has_project:
            yield _("tour"), _("Five steps through the screen Label."), app.action_tour

    def _enter(self, root: Path) -> None:
        cast("HandfulApp", self.app).enter_project(root)

    async def discover(self) -> Hits:
        """All there is, before anything is typed."""
        for name, about, act in self._offers():
            yield DiscoveryHit(content(name), act, text=name, help=content(about))  # type: ignore[arg-type]

    async def search(self, query: str) -> Hits:
        """What fits the letters, the nearest first."""
        for name, about, act in self._offers():
            near = rank(query, name)
            if near is None:
                near = rank(query, about)
                near = None if near is None or near > 3 else near + 4
            if near is not None:
                yield Hit(1.0 / (1 + near), content(name), act, text=name, help=content(about))  # type: ignore[arg-type]
