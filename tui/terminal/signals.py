"""Hang-up, termination and interruption end the app as quitting does: the terminal restored, the code telling why.

The handlers are Python's own, not the event loop's: they run also while the loop waits for a link that has stalled.
"""

import signal
from types import FrameType
from typing import Any

from textual.app import App

from tui.terminal.driver import end_anyway

AGAIN = 0.05
ENDING = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


def install(app: App[Any]) -> None:
    """Handle the signals from now on, from before the app is started until the process ends."""

    def end(number: int, _frame: FrameType | None) -> None:
        loop = app._loop  # noqa: SLF001 (Textual tells nobody else whether it runs)
        if loop is None:
            raise SystemExit(128 + number)
        if not app.is_running:  # in the middle of its start or its end: ask again in a moment
            signal.setitimer(signal.ITIMER_REAL, AGAIN)
            signal.signal(signal.SIGALRM, lambda _number, frame: end(number, frame))
            return
        end_anyway(app, 128 + number)
        loop.call_soon_threadsafe(lambda: app.exit(return_code=128 + number))

    for sign in ENDING:
        if sign == signal.SIGHUP and signal.getsignal(sign) == signal.SIG_IGN:
            continue  # somebody wants it ignored (nohup); that the terminal is gone is seen when it is read
        signal.signal(sign, end)
