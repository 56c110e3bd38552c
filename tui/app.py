"""The app: it holds the open project, moves between screens, and watches the database. Screens do everything else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from rich.console import RenderableType
from textual import events
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.binding import BindingType
from textual.screen import Screen

from core.errors import HandfulError
from core.i18n import _
from core.show import visible
from tui import keymap, preferences, screens, theme
from tui.preferences import Preferences
from tui.screens.base import HandfulScreen
from tui.session import Session
from tui.terminal.colourless import install_colourless
from tui.terminal.crash import SafeCrash
from tui.terminal.driver import HandfulDriver
from tui.terminal.fence import Fence
from tui.terminal.frames import Frames
from tui.terminal.guard import install_guard
from tui.watch import Watch
from tui.widgets.bars import KeyBar


def palette_provider() -> Any:
    """What the palette searches in; imported when it is opened first."""
    from tui.palette import HandfulCommands

    return HandfulCommands


LOOK_SECONDS = 0.1
"""How often it is asked whether the database moved."""
SMALLEST = (40, 10)
DEMO = "handful-demo"
"""The directory of the demo, where the tour is offered."""


class HandfulApp(SafeCrash, App[None]):
    """One terminal, at most one open project."""

    TITLE = "Handful"
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.APP)
    COMMANDS = {palette_provider}
    CSS = """
    Toast { padding: 0 1; }
    ToastRack { margin: 0 0 8 0; }
    Input.-textual-compact { padding: 0 2; background: $background; }
    Input.-textual-compact:focus { background: $chosen; }
    CommandPalette > Vertical { margin-top: 1; width: 96; max-width: 96%; background: $surface; }
    CommandPalette > Vertical:dark { background: $surface; }
    CommandPalette #--input, CommandPalette #--input.--list-visible { border: none; background: $surface; }
    CommandPalette #--input { padding: 0; height: 2; }
    CommandPalette SearchIcon { display: none; }
    CommandPalette CommandInput, CommandPalette CommandInput:focus { border: none; padding: 0 2; }
    CommandPalette CommandList, CommandPalette CommandList:focus { border: none; background: $surface; }
    CommandPalette CommandList > .option-list--option { text-style: none; color: $text; }
    CommandPalette CommandList > .option-list--option-highlighted { color: $text; background: $chosen; }
    """

    def __init__(
        self,
        root: Path | None,
        annotator: str,
        *,
        screen: str = "",
        chosen: Preferences | None = None,
        headless: bool = False,
    ) -> None:
        """`root`: the project to open, None for the home screen. Raises HandfulError if it can't be opened."""
        super().__init__(driver_class=None if headless else HandfulDriver)
        self.annotator = annotator
        self.preferences = chosen if chosen is not None else preferences.load()
        self.overrides, self._problems = preferences.overrides(self.preferences)
        self.fence = Fence(self)
        self.frames = Frames()
        self._first = screen or ("label" if root is not None else "home")
        self._session: Session | None = None
        self._watch: Watch | None = None
        self._screens_open: dict[str, HandfulScreen] = {}
        for known in theme.THEMES:
            self.register_theme(known)
        self.theme = self.preferences.theme
        install_colourless(self)
        install_guard(self)
        if root is not None:
            self.open_project(root)

    # The project

    @property
    def session(self) -> Session:
        """The open project; screens that need one are not shown without."""
        assert self._session is not None, "no project is open"  # noqa: S101
        return self._session

    @property
    def has_project(self) -> bool:
        """Whether a project is open."""
        return self._session is not None

    @property
    def log_directory(self) -> Path | None:
        """Where a crash is written down; None: nowhere in a project."""
        return self._session.project.logs if self._session else None

    @property
    def project_name(self) -> str:
        """What the bar above shows."""
        return self._session.project.root.absolute().name if self._session else "Handful"

    def open_project(self, root: Path) -> None:
        """Open a project in place of the one that is open. Raises HandfulError if it can't be opened."""
        session = Session.at(root, self.annotator)
        if self._session is not None:
            self._session.close()
        self._session, self._watch = session, Watch(session)
        preferences.remember(session.project.root)

    def enter_project(self, root: Path, screen: str = "label") -> None:
        """Open a project and show one of its screens; an error is shown, and nothing has changed then."""
        try:
            self.open_project(root)
        except HandfulError as error:
            self.show_error(error)
            return
        old, self._screens_open = self._screens_open, {}
        self.go(screen)
        self._offer_tour()
        for name in old:
            self.uninstall_screen(name)

    # Screens

    def on_mount(self) -> None:
        """Start with the first screen."""
        self.app_resume_signal.subscribe(self, lambda _app: self.action_redraw())
        self.set_keymap(dict(self.overrides))
        for problem in (*self.preferences.problems, *self._problems):
            self.say(problem, "warning")
        self.go(self._first)
        self._offer_tour()
        self.set_interval(LOOK_SECONDS, self._look)

    def go(self, screen_id: str) -> None:
        """Show a screen; without a project only those that need none."""
        entry = screens.entry(screen_id)
        if entry.in_project and not self.has_project:
            self.say(_("Open a project first."), "warning")
            return
        while len(self.screen_stack) > 1 and self.screen.is_modal:
            self.pop_screen()
        found = self._screens_open.get(screen_id)
        if found is None:
            found = self._screens_open[screen_id] = screens.load(screen_id)()
            self.install_screen(found, screen_id)
        if len(self.screen_stack) > 1:
            if self.screen is not found:
                self.switch_screen(found)
        else:
            self.push_screen(found)

    def open_screen(self, screen_id: str) -> HandfulScreen:
        """Show a screen and return it."""
        self.go(screen_id)
        return self._screens_open[screen_id]

    def perform_on(self, screen_id: str, key: keymap.Key) -> None:
        """Show a screen and do what a key of it stands for."""
        screen = self.open_screen(screen_id)
        screen.call_when_ready(lambda: screen.perform(key))

    def open_text(self, example_id: int) -> None:
        """Show a certain text on the label screen."""
        from tui.screens.label import LabelScreen

        screen = self.open_screen("label")
        assert isinstance(screen, LabelScreen)  # noqa: S101
        screen.call_when_ready(lambda: screen.open_text(example_id))

    def open_batch(self, example_id: int) -> None:
        """Show the texts nearest to one."""
        from tui.screens.batch import BatchScreen

        screen = self.open_screen("batch")
        assert isinstance(screen, BatchScreen)  # noqa: S101
        screen.call_when_ready(lambda: screen.near(example_id))

    def open_batch_of(self, ids: Sequence[int], title: str) -> None:
        """Show certain texts on the batch screen."""
        from tui.screens.batch import BatchScreen

        screen = self.open_screen("batch")
        assert isinstance(screen, BatchScreen)  # noqa: S101
        screen.call_when_ready(lambda: screen.show_ids(ids, title))

    def open_texts(self, ids: Sequence[int], title: str, said: Mapping[int, str] | None = None) -> None:
        """Show certain texts on the data screen, under a title that says which they are.

        `said`: example id → what a model answered that had not seen the text, in stored form.
        """
        from tui.screens.data import DataScreen

        screen = self.open_screen("data")
        assert isinstance(screen, DataScreen)  # noqa: S101
        screen.call_when_ready(lambda: screen.show_ids(ids, title, said))

    def action_redraw(self) -> None:
        """Paint everything anew, after something else wrote to the terminal."""
        self.frames.forget()
        self.refresh(layout=True)

    def action_go(self) -> None:
        """The list of screens."""
        from tui.dialogs.go import GoDialog

        if isinstance(self.screen, GoDialog):
            return
        self.push_screen(GoDialog(self.has_project), lambda chosen: self.go(chosen) if chosen else None)

    def action_help(self) -> None:
        """Every key of this screen."""
        from tui.dialogs.help import HelpDialog

        here = self.screen
        scopes, more = (here.scopes(), here.more_help()) if isinstance(here, HandfulScreen) else ((), ())
        self.push_screen(HelpDialog(scopes, self.overrides, more))

    def prefer(self, chosen: Preferences) -> None:
        """Put preferences in force and keep them."""
        self.preferences = chosen
        self.theme = chosen.theme
        self.overrides, problems = preferences.overrides(chosen)
        self.set_keymap(dict(self.overrides))
        for bar in (bar for screen in self.screen_stack for bar in screen.query(KeyBar)):
            bar.rename(self.overrides)
        for problem in problems:
            self.say(problem, "warning")
        try:
            preferences.save(chosen)
        except OSError as error:
            self.say(_("The preferences could not be written: {why}").format(why=error.strerror or error), "warning")

    def _offer_tour(self) -> None:
        """On the demo, the first time."""
        if self.has_project and self.session.project.root.name == DEMO and not self.preferences.tour_done:
            self.call_later(self.action_tour)

    def action_tour(self) -> None:
        """The tour in five steps."""
        from tui.dialogs.tour import TourDialog

        self.push_screen(TourDialog(), lambda _left: self.prefer(replace(self.preferences, tour_done=True)))

    def press(self, key: str) -> None:
        """Do what a key does, for clicks on the bar below."""
        self.simulate_key(key)

    # What is said

    def say(self, message: str, severity: Any = "information") -> None:
        """A toast; the message may hold data."""
        self.notify(visible(message), severity=severity, markup=False)

    def show_error(self, error: HandfulError) -> None:
        """An error as title, what was found and what to do."""
        what = "\n".join(visible(part, multiline=True) for part in (error.what, error.hint) if part)
        self.notify(what or " ", title=visible(error.title), severity="error", timeout=12, markup=False)

    # What changes

    def _look(self) -> None:
        """Ask the database and the worker's lock whether anything moved, and tell the screen that is shown."""
        if self._watch is None or not self.is_running:  # while it ends, screens lose their widgets one by one
            return
        news = self._watch.look()
        for message in news.said:
            self.say(message.text, message.severity)
        shown = next((s for s in reversed(self.screen_stack) if isinstance(s, HandfulScreen)), None)
        if shown is None or not shown.is_mounted:
            return
        if news.moved:
            shown.moved()
        elif news.worker:
            shown.worker_moved()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Every frame passes here on its way to the terminal; the fence's question goes behind it."""
        shown = not (self._batch_count or self.is_headless or self._closed or self._driver is None)
        if shown and self._running and isinstance(renderable, CompositorUpdate):
            renderable = self.frames.compact(renderable, (self.size.width, self.size.height), self.console)
        super()._display(screen, renderable)
        self.fence.after_frame()

    async def on_event(self, event: events.Event) -> None:
        """The terminal's answer about its cursor lowers the fence; keys and clicks need room."""
        if isinstance(event, events.CursorPosition):
            self.fence.on_cursor_position(event.x)
            return
        if isinstance(event, events.InputEvent | events.Paste) and isinstance(self._driver, HandfulDriver):
            self._look_at_room(*self._driver.size_now())  # the signal that it changed may still be on its way
        await super().on_event(event)

    def on_key(self, event: events.Key) -> None:
        """A letter typed right behind the key that opened a field belongs to the field, and is no command.

        It was sent to what had the focus before, which had no use for it.
        """
        here = self.focused
        if here is not None and here.check_consume_key(event.key, event.character):
            event.stop()
            event.prevent_default()
            again = events.Key(event.key, event.character)  # the old one is marked as done with
            here._forward_event(again)  # noqa: SLF001 (as App does with keys that it reads)

    def on_resize(self, event: events.Resize) -> None:
        """Another size may be too small a one."""
        self._look_at_room(*event.size)

    def _look_at_room(self, width: int, height: int) -> None:
        """Too small a terminal gets a notice in place of everything, and no key labels."""
        from tui.dialogs.too_small import TooSmall

        small = width < SMALLEST[0] or height < SMALLEST[1]
        if small and not isinstance(self.screen, TooSmall):
            self.push_screen(TooSmall(SMALLEST))
        elif not small and isinstance(self.screen, TooSmall):
            self.pop_screen()

    def on_unmount(self) -> None:
        """Close the project."""
        if self._session is not None:
            self._session.close()
