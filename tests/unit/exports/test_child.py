import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import InputError, RefusedError
from core.records import JobEvent
from exports import child

MODULE = """
import os, sys, time
from pathlib import Path
from core.errors import InputError
from core.records import JobEvent
from exports import child

def work(folder):
    print("a library chats on stdout")
    (folder / "pid").write_text(str(os.getpid()))
    {body}

sys.exit(child.main(work, sys.argv[1:]))
"""


@pytest.fixture
def events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run a module with this body in a child; returns its generator of events."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))

    def start(body: str) -> Iterator[JobEvent]:
        (tmp_path / "handful_test_child.py").write_text(MODULE.format(body=body), encoding="utf-8")
        return child.events_of("handful_test_child", tmp_path, what="test")

    return start


def pid_of(folder: Path) -> int:
    return int((folder / "pid").read_text(encoding="utf-8"))


def is_gone(pid: int, seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_the_events_of_a_child_arrive_in_order(events) -> None:
    body = 'yield JobEvent("phase", {"name": "x\\u2028"}); yield JobEvent("result", {"n": 1})'
    assert list(events(body)) == [JobEvent("phase", {"name": "x\u2028"}), JobEvent("result", {"n": 1})]


def test_a_silent_child_is_reported_to_be_at_work(events) -> None:
    body = 'time.sleep(1.3); yield JobEvent("result", {})'
    beats = [event for event in events(body) if event.kind == "progress"]
    assert len(beats) >= 2
    assert beats[0].payload["what"] == "test"
    assert beats[0].payload["seconds"] < beats[1].payload["seconds"]


def test_closing_ends_the_child_at_once(events, tmp_path: Path) -> None:
    running = events('yield JobEvent("phase", {}); time.sleep(60); yield JobEvent("result", {})')
    assert next(running).kind == "phase"
    began = time.monotonic()
    running.close()
    assert time.monotonic() - began < 2
    assert is_gone(pid_of(tmp_path))


def test_an_error_of_the_child_comes_through_with_its_words_and_code(events) -> None:
    with pytest.raises(InputError) as caught:
        list(events('yield JobEvent("phase", {}); raise InputError("title", "what", "hint")'))
    error = caught.value
    assert (error.title, error.what, error.hint, error.exit_code) == ("title", "what", "hint", 2)


def test_a_child_that_crashes_is_a_refusal_with_its_last_words(events) -> None:
    with pytest.raises(RefusedError, match="ZeroDivisionError"):
        list(events('yield JobEvent("phase", {}); 1 / 0'))


def test_a_child_that_stops_talking_is_waited_for_with_beats(events) -> None:
    running = events("import atexit; atexit.register(time.sleep, 1.2); yield from ()")
    assert next(running).kind == "progress"
    with pytest.raises(RefusedError):
        list(running)


def test_a_child_that_is_killed_is_a_refusal(events) -> None:
    with pytest.raises(RefusedError, match="-9"):
        list(events(f'yield JobEvent("phase", {{}}); os.kill(os.getpid(), {int(signal.SIGKILL)})'))


def test_W3_a_child_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    body = 'yield JobEvent("phase", {}); time.sleep(60); yield JobEvent("result", {})'
    (tmp_path / "handful_test_child.py").write_text(MODULE.format(body=body), encoding="utf-8")
    parent = os.fork()
    if not parent:
        os.environ["PYTHONPATH"] = os.pathsep.join([str(tmp_path), *sys.path])
        running = child.events_of("handful_test_child", tmp_path, what="test")
        next(running)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(parent, 0)
    assert is_gone(pid_of(tmp_path))


def test_a_call_without_a_directory_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert child.main(lambda _folder: iter(()), []) == 2
    assert "directory" in capsys.readouterr().err
