"""Textual's driver for Linux and macOS, made to survive any byte, a slow link and a terminal that goes away."""

import os
import selectors
import termios
import threading
from codecs import getincrementaldecoder
from contextlib import suppress
from typing import Any, TextIO, cast

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from core import clock
from tui.terminal.sieve import Sieve

HUNG_UP = 129
"""Exit code after a hang-up: 128 and the signal's number."""
PATIENCE = 3.0
"""Seconds after which a process whose terminal is gone ends in any case."""
_RESTORE = b"\x1b[?1000l\x1b[?1002l\x1b[?1006l\x1b[?2004l\x1b[?1049l\x1b[?25h\x1b[<u"
_SILENCE = 0.1
_PASTE_SILENCE = 1.0


class HandfulDriver(LinuxDriver):
    """Reads tolerantly, asks for clicks but not for every motion of the mouse, and ends when the terminal is gone."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._file = cast("Any", _Forgiving(cast("TextIO", self._file)))

    def size_now(self) -> tuple[int, int]:
        """Columns and lines of the terminal as it is at this moment."""
        return self._get_terminal_size()

    def _sigtstp_application(self, *_args: Any) -> None:
        """Sleep, but not in the midst of a write: a handler that writes then would wait for itself."""
        self._loop.call_soon_threadsafe(super()._sigtstp_application)

    def _sigcont_application(self, *_args: Any) -> None:
        self._loop.call_soon_threadsafe(super()._sigcont_application)

    def _enable_mouse_support(self) -> None:
        if self._mouse:
            self.write("\x1b[?1000h\x1b[?1002h\x1b[?1006h")

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write("\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l")

    def run_input_thread(self) -> None:
        """Read keys until the app ends or the terminal is gone."""
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            stream = _Stream(self)
            while not self.exit_event.is_set():
                if not selector.select(_SILENCE):
                    stream.silence()
                    continue
                data = _read(self.fileno)
                if data is None:
                    self._gone()
                    return
                stream.feed(data)

    def _gone(self) -> None:
        """The terminal hung up."""
        end_anyway(self._app, HUNG_UP)
        self._loop.call_soon_threadsafe(lambda: self._app.exit(return_code=HUNG_UP))


class _Stream:
    """From bytes to messages."""

    def __init__(self, driver: HandfulDriver) -> None:
        self._driver = driver
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._sieve = Sieve()
        self._parser = XTermParser()
        self._last = clock.monotonic()

    def feed(self, data: bytes) -> None:
        self._last = clock.monotonic()
        self._on(self._sieve.feed(self._decode(data)))

    def silence(self) -> None:
        quiet = clock.monotonic() - self._last
        if self._sieve.holds and quiet >= (_PASTE_SILENCE if self._sieve.pasting else _SILENCE):
            self._on(self._sieve.silence())
        for message in self._parser.tick():
            self._driver.process_message(message)

    def _on(self, text: str) -> None:
        if text:
            for message in self._parser.feed(text):
                self._driver.process_message(message)
        for message in self._parser.tick():
            self._driver.process_message(message)


class _Forgiving:
    """The terminal as a file; writing to one that is gone is no error, for the end is on its way."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, text: str) -> int:
        try:
            return self._file.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError:
            return


def _read(fileno: int) -> bytes | None:
    """What there is; None if the terminal is gone."""
    try:
        return os.read(fileno, 4096) or None
    except OSError:
        return None


def end_anyway(app: App[Any], code: int) -> None:
    """End the process after a while, should the orderly way be blocked; every decision is committed already."""
    timer = threading.Timer(PATIENCE, _last_rites, (app, code))
    timer.daemon = True
    timer.start()


def _last_rites(app: App[Any], code: int) -> None:
    """Leave the terminal as it was, as far as one that does not listen lets us."""
    driver = app._driver  # noqa: SLF001 (Textual's way to the terminal)
    if isinstance(driver, LinuxDriver) and driver.attrs_before is not None:
        with suppress(termios.error, OSError):
            termios.tcsetattr(driver.fileno, termios.TCSANOW, driver.attrs_before)
            os.set_blocking(driver.fileno, False)
            os.write(driver.fileno, _RESTORE)
    os._exit(code)
