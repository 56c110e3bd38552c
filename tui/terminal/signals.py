"""Hang-up, termination and interruption end the app as quitting does: the terminal restored, the code telling why."""

import asyncio
import signal
from contextlib import suppress
from typing import Any

from textual.app import App

from tui.terminal.driver import end_anyway

ENDING = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


def install(app: App[Any]) -> None:
    """Handle the signals from now on; call it when the app's loop runs."""
    if app.is_headless:
        return
    loop = asyncio.get_running_loop()
    for sign in ENDING:
        if sign == signal.SIGHUP and signal.getsignal(sign) == signal.SIG_IGN:
            continue  # somebody wants it ignored (nohup); that the terminal is gone is seen when it is read
        with suppress(ValueError, RuntimeError):
            loop.add_signal_handler(sign, _end, app, 128 + sign)


def _end(app: App[Any], code: int) -> None:
    end_anyway(code)
    app.exit(return_code=code)
