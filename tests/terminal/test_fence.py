"""Answers that are late, lost or meant for another text; and texts that are covered before they were painted."""

import re
import signal
from collections.abc import Callable
from typing import Any

from core.project import Project
from tests.terminal.conftest import Open
from tests.terminal.session import Link
from tests.terminal.test_link import until
from tests.terminal.test_promises import answered, ready, shown_id
from tui.terminal.fence import ANSWER_SECONDS, DEAF_SECONDS, PATIENCE_SECONDS, Fence


class FakeTimer:
    def __init__(self, wait: float, late: Callable[[], None]) -> None:
        self.wait, self.late, self.stopped = wait, late, False

    def stop(self) -> None:
        self.stopped = True


class FakeApp:
    """A terminal of 80 columns whose answers and whose time are the test's."""

    is_headless = False

    def __init__(self) -> None:
        self.size = type("Size", (), {"width": 80})
        self._driver = self
        self.written: list[str] = []
        self.timers: list[FakeTimer] = []

    def write(self, text: str) -> None:
        self.written.append(text)

    def set_timer(self, wait: float, late: Callable[[], None]) -> FakeTimer:
        self.timers.append(FakeTimer(wait, late))
        return self.timers[-1]

    def pass_time(self) -> float:
        """Let the running timer end; returns what it had been set to."""
        (timer,) = (timer for timer in self.timers if not timer.stopped)
        timer.stopped = True
        timer.late()
        return timer.wait

    def column(self, question: int) -> int:
        """Where the cursor was, from 0, when the question was asked."""
        found = re.fullmatch(r"\x1b7\x1b\[2;(\d+)H\x1b\[6n\x1b8", self.written[question])
        assert found
        return int(found[1]) - 1


def fence_of(app: FakeApp) -> Fence:
    made: Any = app
    return Fence(made)


def show(fence: Fence) -> None:
    """Another text, and the frame with it."""
    fence.raise_(lambda: True)
    fence.after_frame()


def test_L10_only_the_answer_to_the_last_question_lowers_it() -> None:
    app = FakeApp()
    fence = fence_of(app)
    show(fence)
    show(fence)
    fence.on_cursor_position(app.column(0))
    assert fence.is_up
    fence.on_cursor_position(app.column(1))
    assert not fence.is_up


def test_L10_an_answer_after_its_time_is_not_taken_for_the_next_one() -> None:
    app = FakeApp()
    fence = fence_of(app)
    show(fence)
    assert app.pass_time() == ANSWER_SECONDS
    assert not fence.is_up
    show(fence)
    fence.on_cursor_position(app.column(0))
    assert fence.is_up
    fence.on_cursor_position(app.column(1))
    assert not fence.is_up


def test_L10_a_terminal_that_never_answered_gets_a_fixed_wait() -> None:
    app = FakeApp()
    fence = fence_of(app)
    show(fence)
    assert app.pass_time() == ANSWER_SECONDS
    show(fence)
    assert fence.is_up
    assert app.pass_time() == DEAF_SECONDS
    assert not fence.is_up


def test_L10_a_terminal_that_answered_before_is_asked_again_and_given_up_late() -> None:
    app = FakeApp()
    fence = fence_of(app)
    show(fence)
    fence.on_cursor_position(app.column(0))
    show(fence)
    waited = 0.0
    while fence.is_up:
        waited += app.pass_time()
    assert waited == PATIENCE_SECONDS
    assert len({app.column(n) for n in range(1, len(app.written))}) == 1
    show(fence)
    assert app.pass_time() == DEAF_SECONDS


def test_L10_a_text_that_is_not_painted_yet_is_not_asked_about() -> None:
    app = FakeApp()
    fence = fence_of(app)
    fence.raise_(lambda: False)
    fence.after_frame()
    assert fence.is_up
    assert app.written == []


def test_L10_a_lost_answer_costs_a_moment_only(open_app: Open, project: Project) -> None:
    session = open_app()
    ready(session)
    session.settle()
    session.press("1")
    session.link = Link(answers=False)
    session.press("2")
    session.link = Link()
    session.settle(ANSWER_SECONDS + 0.3)
    session.press("3")
    until(lambda: len(answered(project)) == 3, 2)


def test_L10_an_answer_lost_in_sleep_costs_a_moment_only(open_app: Open, project: Project) -> None:
    session = open_app(link=Link(delay=0.15))
    before = shown_id(ready(session))
    session.settle()
    session.send(b"1")
    until(lambda: answered(project) == [before])
    session.process.send_signal(signal.SIGTSTP)
    until(lambda: session.screen_cells.modes["1049"] is False)
    session.process.send_signal(signal.SIGCONT)
    ready(session)
    session.settle(ANSWER_SECONDS + 0.3)
    session.press("2")
    until(lambda: len(answered(project)) == 2, 2)
