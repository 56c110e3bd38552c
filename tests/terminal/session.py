"""The app on a real pseudo-terminal that answers as a terminal does, with a link as slow as one likes."""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.terminal.vt import Screen

HANDFUL = Path(sys.executable).with_name("handful")
KEYS = {
    "enter": b"\r", "space": b" ", "backspace": b"\x7f", "escape": b"\x1b", "tab": b"\t", "left": b"\x1b[D",
    "right": b"\x1b[C", "up": b"\x1b[A", "down": b"\x1b[B", "f4": b"\x1bOS", "f5": b"\x1b[15~", "f6": b"\x1b[17~",
    "pagedown": b"\x1b[6~", "slash": b"/",
}  # fmt: skip
_CTRL = re.compile(r"ctrl\+([a-z])")


@dataclass(frozen=True, slots=True)
class Link:
    """What lies between the program and the person."""

    delay: float = 0.0
    """Seconds in one direction."""
    bytes_per_second: float = 0.0
    """0: as fast as the machine."""
    answers: bool = True
    """Whether the terminal says where its cursor is when asked."""


class TerminalSession:
    """One program on one terminal; use it as a context manager."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        size: tuple[int, int] = (80, 24),
        env: Mapping[str, str] | None = None,
        link: Link | None = None,
        cwd: Path | None = None,
        before: Callable[[], None] | None = None,
    ) -> None:
        """`before` is called in the child before the program starts."""
        self.link = link or Link()
        self.patience = 20.0
        self.screen_cells = Screen(*size)
        self.log: list[tuple[float, bytes]] = []
        """(when it arrived at the person, what) of all that was written."""
        self.written = b""
        self._lock = threading.Lock()
        self._reading = threading.Event()
        self._reading.set()
        self.master, slave = os.openpty()
        self.resize(*size, tell=False)
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HF_HUB_OFFLINE": "1", **(env or {})},
            cwd=cwd,
            preexec_fn=lambda: _own_terminal(before),  # noqa: PLW1509 (the child becomes another program at once)
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hang_up()

    # What the person does

    def send(self, data: bytes) -> None:
        """Type bytes; they take the link's delay."""
        if self.link.delay:
            threading.Timer(self.link.delay, self._write, (data,)).start()
        else:
            self._write(data)

    def press(self, *keys: str) -> None:
        """Type keys, each after the program has drawn what the one before brought about."""
        for key in keys:
            control = _CTRL.fullmatch(key)
            self.send(bytes([ord(control[1]) - 96]) if control else KEYS.get(key, key.encode()))
            self.settle()

    def resize(self, width: int, height: int, *, tell: bool = True) -> None:
        """Another size of the window."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        if tell:
            with self._lock:
                self.screen_cells.resize(width, height)
            self.process.send_signal(signal.SIGWINCH)

    def stop_reading(self) -> None:
        """The link stalls."""
        self._reading.clear()

    def go_on_reading(self) -> None:
        """The link is back."""
        self._reading.set()

    def hang_up(self) -> None:
        """The connection is gone."""
        master, self.master = self.master, -1
        self._reading.set()
        self._reader.join()  # a read that is under way would keep the terminal open
        if master >= 0:
            os.close(master)

    # What the person sees

    @property
    def screen(self) -> str:
        """The screen as text."""
        with self._lock:
            return self.screen_cells.text

    def wait_for(self, wanted: str | Callable[[str], bool], seconds: float = 0.0) -> str:
        """Wait until the screen shows it, as long as `patience` says if not so many seconds; returns the screen."""
        holds = wanted if callable(wanted) else (lambda text: wanted in text)
        end = time.monotonic() + (seconds or self.patience)
        while time.monotonic() < end:
            text = self.screen
            if holds(text):
                return text
            time.sleep(0.01)
        pytest.fail(f"waited in vain for {wanted!r}; the screen shows:\n{self.screen}")

    def settle(self, quiet: float = 0.06, seconds: float = 5.0) -> None:
        """Wait until nothing was written for a moment."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            before = len(self.written)
            time.sleep(quiet + 2 * self.link.delay)
            if len(self.written) == before:
                return

    def exit_code(self, seconds: float = 10.0) -> int:
        """Wait until the program ends."""
        return self.process.wait(seconds)

    def _write(self, data: bytes) -> None:
        if self.master >= 0:
            os.write(self.master, data)

    def _read(self) -> None:
        decode = __import__("codecs").getincrementaldecoder("utf-8")("replace").decode
        while (master := self.master) >= 0:
            self._reading.wait()
            if not select.select([master], [], [], 0.02)[0] or not self._reading.is_set():
                continue  # a stalled link carries nothing, not even what came while it was looked at
            try:
                data = os.read(master, 4096)
            except OSError:
                return
            if not data:
                return
            if self.link.bytes_per_second:
                time.sleep(len(data) / self.link.bytes_per_second)
            if self.link.delay:
                threading.Timer(self.link.delay, self._arrive, (data, decode)).start()
            else:
                self._arrive(data, decode)

    def _arrive(self, data: bytes, decode: Callable[[bytes], str]) -> None:
        with self._lock:
            self.log.append((time.monotonic(), data))
            self.written += data
            self.screen_cells.feed(decode(data))
            asked, self.screen_cells.asked = self.screen_cells.asked, []
        if self.link.answers:
            for row, column in asked:
                self.send(b"\x1b[%d;%dR" % (row, column))


def _own_terminal(before: Callable[[], None] | None) -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    if before is not None:
        before()
