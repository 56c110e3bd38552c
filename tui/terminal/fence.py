"""A key counts for the text that was on screen when it was pressed.

After each new text the terminal is asked where its cursor is. It answers in the order of what it gets: so a key that is
read before the answer was pressed before the text was drawn, and belongs to the text before. For the question the
cursor is put into a column that stands for the text, so that an answer tells which text it is about; and into the
second row, for answers from the first look like F3 with Shift or Ctrl.
"""

from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.timer import Timer

from core.i18n import counted

COLUMNS = 32
"""As many texts can be told apart by the column that the terminal answers."""
ANSWER_SECONDS = 1.0
"""A terminal that never answered and has not within so long is taken for one that does not; others are asked again."""
PATIENCE_SECONDS = 60.0
"""A terminal that has answered before will do so again: a stalled link is waited for, though not without end."""
DEAF_SECONDS = 0.15
"""The wait after each text on a terminal that does not answer."""


class Fence:
    """Up from the moment a text is replaced until the new one is certainly on screen."""

    def __init__(self, app: App[Any], *, always: bool = False) -> None:
        """`always`: also without a terminal, for tests."""
        self._app = app
        self._always = always
        self._up = False
        self._number = 0
        """How often it went up."""
        self.column = 0
        """Where, from 0, the cursor was at the last question."""
        self._deaf = self._has_answered = False
        self._painted: Callable[[], bool] | None = None
        """Asks whether the new text was shown; None once the question was written."""
        self._timer: Timer | None = None
        self.dropped = 0
        """Keys that were dropped since it went up last."""

    @property
    def is_up(self) -> bool:
        """Whether a key pressed now may belong to the text before."""
        return self._up

    def raise_(self, painted: Callable[[], bool]) -> None:
        """A new text was handed to its widget; `painted` says whether a frame has shown it."""
        self.dropped = 0
        if self._app.is_headless and not self._always:
            return
        self._up = True
        self._number += 1
        self._painted = painted

    def drop(self) -> str:
        """Count a key that is not meant for the text on screen; returns what is said of it."""
        self.dropped += 1
        return counted(
            "{n} key ignored: pressed before the text appeared",
            "{n} keys ignored: pressed before the text appeared",
            self.dropped,
        )

    def take_over(self, painted: Callable[[], bool]) -> None:
        """Another screen came up: if it is up, then from now on for the text of that one."""
        if self._up:
            self._painted = painted

    def after_frame(self) -> None:
        """A frame was written: if it showed the new text, ask behind it."""
        if self._painted is None or not self._painted():
            return
        self._painted = None
        self._ask(PATIENCE_SECONDS if self._has_answered else 0.0)

    def on_cursor_position(self, column: int) -> None:
        """The terminal answered; `column` counts from 0."""
        self._has_answered, self._deaf = True, False
        if self._up and self._painted is None and column == self.column:
            self._lower()

    def _ask(self, patience: float) -> None:
        """Ask, and wait for the answer; without one ask again until the patience, in seconds, is at its end."""
        self.column = self._number % max(1, min(COLUMNS, self._app.size.width))
        if self._app._driver is not None:  # noqa: SLF001 (Textual has no public way to write to the terminal)
            self._app._driver.write(f"\x1b7\x1b[2;{self.column + 1}H\x1b[6n\x1b8")  # noqa: SLF001
        if self._timer is not None:
            self._timer.stop()
        number, wait = self._number, DEAF_SECONDS if self._deaf else ANSWER_SECONDS
        self._timer = self._app.set_timer(wait, lambda: self._late(number, patience - wait))

    def _late(self, number: int, patience: float) -> None:
        """No answer came in time."""
        if number != self._number or not self._up:
            return
        if patience > 0:
            self._ask(patience)
        else:
            self._deaf, self._has_answered = True, False
            self._lower()

    def _lower(self) -> None:
        self._up = False
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
