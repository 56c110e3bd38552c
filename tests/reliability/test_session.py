"""U: the session ends, stalls, sleeps; the work does not."""

import time
from collections.abc import Callable

import pytest

from core.project import Project
from core.worker.lock import holder, read_info
from tests.reliability.conftest import Open, goes_red
from tests.terminal.test_promises import answered, ready, shown_id
from tests.worker.living import wait_until


def outlives_the_terminal(start: Open, project: Project) -> None:
    session = start()
    ready(session)
    session.press("1", "2")
    there, saved = shown_id(session.screen), answered(project)
    assert len(saved) == 2
    wait_until(lambda: holder(project.worker_lock) is not None, 30)
    worker = holder(project.worker_lock)
    session.hang_up()
    assert session.exit_code(3) == 129
    time.sleep(0.3)
    info = read_info(project.worker_lock)
    assert info is not None
    wait_until(lambda: (now := read_info(project.worker_lock)) is not None and now.beat > info.beat, 5)
    assert holder(project.worker_lock) == worker
    again = start()
    ready(again)
    assert shown_id(again.screen) == there
    assert answered(project) == saved


def test_U1_after_a_hang_up_the_worker_goes_on_and_the_same_text_comes_again(open_app: Open, project: Project) -> None:
    outlives_the_terminal(open_app, project)


@pytest.mark.slow
@pytest.mark.parametrize("weakness", ["no_signals", "worker_in_our_session"])
def test_U1_can_fail(open_weak: Callable[[str], Open], project: Project, weakness: str) -> None:
    with goes_red():
        outlives_the_terminal(open_weak(weakness), project)
