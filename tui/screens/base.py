"""What all screens share: the bar above, the keys below, and being told when the project moved."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from tui import keymap
from tui.widgets.bars import KeyBar, TopBar

if TYPE_CHECKING:
    from tui.app import HandfulApp
    from tui.session import Session


class HandfulScreen(Screen[None]):
    """A screen of the registry. Subclasses give `ID`, `body()` and, if they show what changes, `moved()`."""

    ID: ClassVar[str]
    SHARED: ClassVar[tuple[str, ...]] = ()
    """Scopes of keys besides its own and the app's, such as `list`."""
    AUTO_FOCUS = None

    DEFAULT_CSS = "HandfulScreen { background: $background; color: $text; layout: vertical; }"

    @property
    def handful(self) -> "HandfulApp":
        """The app, with its type."""
        return cast("HandfulApp", self.app)

    @property
    def session(self) -> "Session":
        """The open project; only screens that need one ask."""
        return self.handful.session

    def compose(self) -> ComposeResult:
        yield TopBar(self.ID, self.handful.project_name, self.handful.go)
        yield from self.body()
        yield KeyBar(self.footer_keys(), self.handful.overrides, self.handful.press)

    def body(self) -> Iterable[Widget]:
        """What lies between the bars."""
        raise NotImplementedError

    def footer_keys(self) -> tuple[keymap.Key, ...]:
        """The keys that are shown below, the most important first."""
        own = [key for scope in self.scopes() for key in keymap.of(scope)]
        return (*own, *keymap.of(keymap.APP))

    def scopes(self) -> tuple[str, ...]:
        """The scopes of its keys, besides the app's, the most important first."""
        return (self.ID, *self.SHARED)

    def more_help(self) -> tuple[tuple[str, str], ...]:
        """(keys, what they do) that the table does not know, for they follow from what is shown."""
        return ()

    def perform(self, key: keymap.Key) -> object:
        """Do what a key of its scopes stands for, as the palette wants it."""
        return self.call_later(self.run_action, key.action)

    def call_when_ready(self, act: Callable[[], object]) -> None:
        """Do something once the screen is mounted, at once if it is."""
        if self.is_mounted:
            act()
        else:
            self.call_later(act)

    def moved(self) -> None:
        """The database changed, here or elsewhere, or this screen came up again: show what is true now."""

    def worker_moved(self) -> None:
        """The worker's state changed (it started, ended, stalled, or does something else)."""

    def is_painted(self) -> bool:
        """Whether the texts that keys act upon were shown in a frame; screens that keep no keys back always are."""
        return True

    def on_screen_resume(self) -> None:
        """The screen came up again."""
        if self.is_mounted:
            self.handful.fence.take_over(self.is_painted)
            self.moved()
