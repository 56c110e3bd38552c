"""The lock by itself: who holds it, what its file says, and what can be wrong with that file."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.errors import InputError
from core.worker import lock
from core.worker.lock import SIZE, WorkerLock, holder, read_info
from core.worker.protocol import PROTOCOL

HOLD = """
import sys; from pathlib import Path; from core.worker.lock import WorkerLock, holder, read_info
path = Path(sys.argv[1]); lock = WorkerLock(path); assert lock.acquire()
for line in sys.stdin:
    exec(line)
    print("ok", flush=True)
"""


@contextmanager
def held(path: Path) -> Iterator[tuple[int, Callable[[str], str]]]:
    """Another process that holds the lock: its id, and a way to let it run a line."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def tell(line: str) -> str:
            process.stdin.write(line + "\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            return process.stdout.readline()  # type: ignore[union-attr]

        assert tell("pass") == "ok\n"
        try:
            yield process.pid, tell
        finally:
            process.kill()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "worker.lock"


def test_nobody_holds_a_lock_that_was_never_made(path: Path) -> None:
    assert holder(path) is None
    assert read_info(path) is None
    assert not path.exists()


def test_W1_the_kernel_names_the_holder_and_frees_the_lock_of_a_killed_one(path: Path) -> None:
    with held(path) as (pid, _tell):
        assert holder(path) == pid
        assert not WorkerLock(path).acquire()
    assert holder(path) is None
    assert WorkerLock(path).acquire()


def test_the_holder_asking_about_itself_does_not_lose_the_lock(path: Path) -> None:
    with held(path) as (pid, tell):
        assert tell("import os; assert holder(path) == os.getpid() == read_info(path).pid") == "ok\n"
        assert tell("assert holder(path.parent / '.' / path.name) == os.getpid()") == "ok\n"
        assert tell("assert not WorkerLock(path).acquire()") == "ok\n"
        assert holder(path) == pid


def test_W1_a_forked_child_neither_keeps_nor_drops_the_lock(path: Path) -> None:
    with held(path) as (pid, tell):
        assert tell("import os, time; child = os.fork(); child or time.sleep(0.3); child or os._exit(0)") == "ok\n"
        assert holder(path) == pid
        assert tell("os.waitpid(child, 0)") == "ok\n"
        assert holder(path) == pid
        assert tell("child = os.fork(); child or (time.sleep(2), os._exit(0))") == "ok\n"
        os.kill(pid, 9)
        while holder(path) == pid:
            pass
        assert holder(path) is None


def test_the_file_says_who_holds_it_and_what_is_done(path: Path) -> None:
    mine = WorkerLock(path)
    assert mine.acquire()
    mine.note(job=7, doing="round: train\x1b[2J " + "x" * 500)
    raw = path_bytes(path, mine)
    assert len(raw) == SIZE
    said = json.loads(raw)
    assert (said["pid"], said["job"], said["protocol"]) == (os.getpid(), 7, PROTOCOL)
    assert said["boot"] == lock.boot_id()
    assert said["doing"].startswith("round: train␛[2J x")
    assert len(said["doing"]) == lock.DOING
    mine.release()
    found = read_info(path)
    assert found is not None
    assert (found.job, found.ended) == (None, True)


def path_bytes(path: Path, mine: WorkerLock) -> bytes:
    """The content, read by a process that may close the file."""
    assert holder(path) == mine.info.pid
    return subprocess.run(["/bin/cat", path], capture_output=True, check=True).stdout


def test_after_letting_go_nothing_is_written_any_more(path: Path) -> None:
    mine = WorkerLock(path)
    assert mine.acquire()
    mine.release()
    with held(path) as (pid, _tell):
        mine.note(doing="too late")
        found = read_info(path)
        assert found is not None
        assert (found.pid, found.doing) == (pid, "")
        assert not mine.acquire()
    assert mine.acquire()
    mine.release()


def test_deaths_are_counted_until_an_orderly_end(path: Path) -> None:
    for deaths in range(3):
        with held(path):
            found = read_info(path)
            assert found is not None
            assert found.deaths == deaths
    last = WorkerLock(path)
    assert last.acquire()
    assert last.info.deaths == 3
    last.release()
    with held(path):
        found = read_info(path)
        assert found is not None
        assert found.deaths == 0


def test_W10_a_death_before_a_reboot_does_not_count(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with held(path):
        pass
    monkeypatch.setattr(lock, "boot_id", lambda: "another boot")
    mine = WorkerLock(path)
    assert mine.acquire()
    assert mine.info.deaths == 0
    mine.release()


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * SIZE, b"[]", b"{}", b'{"pid": "x"}', b"\xff", b'{"pid": 1, "boot": 3, "protocol": 1}']
)
def test_a_damaged_file_says_nothing_and_can_be_taken(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert read_info(path) is None
    mine = WorkerLock(path)
    assert mine.acquire()
    assert mine.info.deaths == 0
    mine.release()


def test_fields_of_a_later_version_are_left_out(path: Path) -> None:
    mine = WorkerLock(path)
    assert mine.acquire()
    mine.release()
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "mood": "good"}))
    assert read_info(path) == mine.info


def test_a_link_in_its_place_is_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("precious")
    path.symlink_to(tmp_path / "elsewhere")
    for attempt in (WorkerLock(path).acquire, lambda: holder(path), lambda: read_info(path)):
        with pytest.raises(InputError):
            attempt()
    assert (tmp_path / "elsewhere").read_text() == "precious"


def test_a_replaced_file_is_noticed(path: Path) -> None:
    mine = WorkerLock(path)
    assert mine.acquire()
    assert mine.in_place()
    path.rename(path.with_name("moved"))
    assert not mine.in_place()
    path.touch()
    assert not mine.in_place()
    mine.release()
