"""L: a label, once shown as saved, is never lost or wrong."""

import os
import random
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from core import connection
from core.project import Project
from tests.children import in_child
from tests.conftest import AddTexts
from tests.folding import assert_folded
from tests.reliability.conftest import Open, goes_red
from tests.terminal import test_promises
from tests.terminal.session import TerminalSession
from tests.terminal.test_promises import answered, ready, shown_id


@pytest.fixture
def many(project: Project, add_texts: AddTexts) -> Project:
    """The project with three hundred texts more."""
    with project.open() as con:
        add_texts(con, [f"message number {n} about nothing in particular" for n in range(300)])
    return project


# L1


def label_some(session: TerminalSession, n: int, acked: list[int]) -> None:
    """Answer `n` texts; what the screen called saved is in `acked` when the next text is there."""
    for _n in range(n):
        here = shown_id(session.screen)
        session.send(random.choice([b"1", b"2", b"3"]))
        session.wait_for(lambda text, here=here: " saved" in text and "text " in text and shown_id(text) != here)
        acked.append(here)
        session.settle(0.01)


def survives_kills(start: Open, project: Project, kills: int) -> None:
    chance, acked = random.Random(7), list[int]()
    for _kill in range(kills):
        session = start()
        ready(session)
        label_some(session, chance.randint(1, 6), acked)
        session.send(b"1")
        time.sleep(chance.uniform(0.0, 0.03))
        session.process.kill()
        session.process.wait()
    with project.open() as con:
        there = {row[0] for row in con.execute("SELECT example_id FROM answers WHERE state = 'answered'")}
        assert len(acked) >= kills
        assert set(acked) <= there
        assert connection.quick_check(con) == "ok"
        assert_folded(con)


def test_L1_a_killed_app_keeps_every_label_its_screen_called_saved(quiet_app: Open, many: Project) -> None:
    survives_kills(quiet_app, many, 4)


@pytest.mark.slow
def test_L1_fifty_kills_of_the_installed_command_with_its_worker(open_app: Open, many: Project) -> None:
    survives_kills(open_app, many, 50)


@pytest.mark.slow
def test_L1_can_fail(open_weak: Callable[[str], Open], many: Project) -> None:
    with goes_red():
        survives_kills(open_weak("no_worker,commits_lag"), many, 3)


# L3, D10


@contextmanager
def lock_held(project: Project) -> Iterator[int]:
    """Another process is in the middle of a write; yields its number."""
    ready_end, tell = os.pipe()

    def hold() -> None:
        con = connection.connect(project.database)
        con.execute("BEGIN IMMEDIATE")
        con.execute("UPDATE counters SET n = n")
        os.write(tell, b"!")
        time.sleep(60)

    pid = in_child(hold)
    os.read(ready_end, 1)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(ready_end)
        os.close(tell)


def waits_honestly(session: TerminalSession, project: Project) -> None:
    here = shown_id(ready(session))
    with lock_held(project) as pid:
        begun = time.monotonic()
        session.send(b"1")
        text = session.wait_for("saving")
        assert time.monotonic() - begun < 1.5
        assert f"process {pid}" in text
        assert " saved" not in text.replace("not saved yet", "")
        session.press("2", "s")
        time.sleep(0.5)
        assert shown_id(session.screen) == here
        assert answered(project) == []
    session.wait_for(lambda text: " saved" in text.replace("not saved yet", ""))
    assert answered(project) == [here]


def test_L3_D10_a_blocked_label_is_called_saved_only_when_it_is_and_says_who_blocks(
    quiet_app: Open, project: Project
) -> None:
    waits_honestly(quiet_app(), project)


def test_L3_what_waits_to_be_saved_when_the_app_is_killed_is_asked_again(quiet_app: Open, project: Project) -> None:
    session = quiet_app()
    here = shown_id(ready(session))
    with lock_held(project):
        session.send(b"1")
        session.wait_for("saving")
        session.process.kill()
        session.process.wait()
    assert answered(project) == []
    again = quiet_app()
    assert shown_id(ready(again)) == here


@pytest.mark.slow
def test_L3_can_fail(open_weak: Callable[[str], Open], project: Project) -> None:
    with goes_red():
        waits_honestly(open_weak("no_worker,saved_at_once")(), project)


# L5


def small_files(limit: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


def survives_a_full_disk(start: Open, project: Project) -> None:
    limit = project.database.stat().st_size + 4096
    session = start(before=lambda: small_files(limit))
    ready(session)
    acked: list[int] = []
    with project.open() as con:  # the log can't be emptied meanwhile, so it grows to the limit
        con.execute("BEGIN")
        con.execute("SELECT count(*) FROM examples").fetchone()
        for _press in range(200):
            here = shown_id(session.screen)
            session.send(b"1")
            text = session.wait_for(lambda text, h=here: "can't be written" in text or shown_id(text) != h)
            if "can't be written" in text:
                break
            acked.append(here)
        con.execute("ROLLBACK")
    assert "can't be written" in session.screen
    assert "MB are free" in " ".join(session.screen.replace("▌", "").split())
    assert " saved" not in session.screen.replace("not saved", "")
    session.settle()
    assert shown_id(session.screen) == here
    assert sorted(answered(project)) == sorted(acked)
    assert acked
    resource.prlimit(session.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    session.press("2")
    session.wait_for(lambda text: shown_id(text) != here)
    assert sorted(answered(project)) == sorted([*acked, here])
    with project.open() as con:
        assert connection.quick_check(con) == "ok"
        assert_folded(con)


def test_L5_on_a_full_disk_nothing_is_called_saved_that_is_not_and_it_goes_on(quiet_app: Open, many: Project) -> None:
    survives_a_full_disk(quiet_app, many)


@pytest.mark.slow
def test_L5_can_fail(open_weak: Callable[[str], Open], many: Project) -> None:
    with goes_red():
        survives_a_full_disk(open_weak("no_worker,errors_are_swallowed"), many)


# L8, L9


@pytest.mark.slow
def test_L8_five_labels_are_undone_after_a_kill(quiet_app: Open, many: Project) -> None:
    session, acked = quiet_app(), list[int]()
    ready(session)
    label_some(session, 5, acked)
    session.process.kill()
    session.process.wait()
    again = quiet_app()
    ready(again)
    again.press(*"uuuuu")
    again.settle(0.2)
    assert answered(many) == []
    again.press("u")
    again.wait_for("nothing to undo")


@pytest.mark.slow
def test_L9_a_note_that_was_half_typed_when_the_app_was_killed_is_there_again(
    quiet_app: Open, project: Project
) -> None:
    session = quiet_app()
    here = shown_id(ready(session))
    session.press("n")
    session.send(b"ask Bo about")
    time.sleep(1.0)
    session.process.kill()
    session.process.wait()
    again = quiet_app()
    assert shown_id(ready(again)) == here
    again.press("n")
    assert "ask Bo about" in again.wait_for("not saved yet")


# L10


@pytest.mark.slow
def test_L10_can_fail(open_weak: Callable[[str], Open], project: Project) -> None:
    with goes_red():
        test_promises.test_L10_a_key_counts_for_the_text_that_was_on_screen(open_weak("no_worker,no_fence"), project)
