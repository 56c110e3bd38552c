"""The link stalls, signals come at the worst moment, and the app is put to sleep."""

import os
import random
import signal
import termios
import time

import pytest

from core.project import Project
from tests.terminal.conftest import Open
from tests.terminal.session import TerminalSession
from tests.terminal.test_promises import answered, ready, shown_id

ALT_SCREEN = b"\x1b[?1049h"


def is_raw(session: TerminalSession) -> bool:
    return not termios.tcgetattr(session.master)[3] & termios.ICANON


def until(holds: object, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)


def stall(session: TerminalSession) -> None:
    """Nobody reads any more, and so much is written that the app has to wait."""
    session.stop_reading()
    for n in range(120):
        session.resize(80 - n % 2, 24, tell=False)
        session.process.send_signal(signal.SIGWINCH)
        time.sleep(0.01)


def test_U4_a_stalled_link_comes_back_and_no_key_labelled_what_was_not_seen(open_app: Open, project: Project) -> None:
    session = open_app()
    before = shown_id(ready(session))
    session.settle()
    session.stop_reading()
    for _turn in range(5):
        session.send(b"1")
        time.sleep(0.3)
    session.go_on_reading()
    session.wait_for("ignored")
    session.settle()
    assert answered(project) == [before]
    session.press("2")
    assert len(answered(project)) == 2


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_U3_a_signal_ends_it_while_the_link_is_stalled(open_app: Open, sign: signal.Signals, code: int) -> None:
    session = open_app()
    ready(session)
    session.settle()
    stall(session)
    session.process.send_signal(sign)
    assert session.exit_code(6) == code
    assert not is_raw(session)


def test_U3_a_signal_at_any_moment_of_the_start_leaves_no_ruins(open_app: Open) -> None:
    draw = random.Random(2)
    for _turn in range(6):
        session = open_app()
        until(lambda s=session: ALT_SCREEN in s.written)
        time.sleep(draw.random() * 0.15)
        session.process.send_signal(signal.SIGTERM)
        assert session.exit_code(5) == 143
        session.settle()
        assert session.screen_cells.modes["1049"] is False
        assert not is_raw(session)


def test_U5_it_sleeps_and_wakes_with_everything_in_place(open_app: Open, project: Project) -> None:
    session = open_app()
    ready(session)
    session.press("1")
    session.process.send_signal(signal.SIGTSTP)
    _pid, status = os.waitpid(session.process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    until(lambda: session.screen_cells.modes["1049"] is False)
    assert not is_raw(session)
    session.process.send_signal(signal.SIGCONT)
    until(lambda: session.screen_cells.modes["1049"])
    ready(session)
    session.settle()
    session.press("2")
    until(lambda: len(answered(project)) == 2)
