"""A key counts for the text that was on screen when it was pressed.

After each new text the terminal is asked where its cursor is. It answers in the order of what it gets: so a key that is
read before the answer was pressed before the text was drawn, and belongs to the text before.
"""

from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.timer import Timer

ASK = "\x1b[6n"
ANSWER_SECONDS = 1.0
"""A terminal that has not answered for so long is taken for one that does not."""
DEAF_SECONDS = 0.15
"""The wait after each text on such a terminal."""
LAG_SECONDS = 60.0
"""A terminal that has answered before will do so again, however slow the link: a stalled one is waited for."""


class Fence:
    """Up from the moment a text is replaced until the new one is certainly on screen."""

    def __init__(self, app: App[Any], *, always: bool = False) -> None:
        """`always`: also without a terminal, for tests."""
        self._app = app
        self._always = always
        self._up = False
        self._asked = self._answered = 0
        self._raised = 0
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
        self._raised += 1
        self._painted = painted

    def after_frame(self) -> None:
        """A frame was written: if it showed the new text, ask behind it."""
        if self._painted is None or not self._painted():
            return
        self._painted = None
        self._asked += 1
        if self._app._driver is not None:  # noqa: SLF001 (Textual has no public way to write to the terminal)
            self._app._driver.write(ASK)  # noqa: SLF001
        if self._timer is not None:
            self._timer.stop()
        wait = LAG_SECONDS if self._has_answered else DEAF_SECONDS if self._deaf else ANSWER_SECONDS
        number = self._raised
        self._timer = self._app.set_timer(wait, lambda: self._late(number))

    def on_cursor_position(self) -> None:
        """The terminal answered."""
        self._answered += 1
        self._deaf, self._has_answered = False, True
        if self._answered >= self._asked and self._painted is None:
            self._answered = self._asked
            self._lower(self._raised)

    def _late(self, number: int) -> None:
        """No answer came in time."""
        if number == self._raised and self._up:
            self._deaf = True
            self._answered = self._asked
            self._lower(number)

    def _lower(self, number: int) -> None:
        if number == self._raised:
            self._up = False
            if self._timer is not None:
                self._timer.stop()
                self._timer = None
