"""Starting: one worker whoever asks, from anywhere, and it outlives the terminal."""

import fcntl
import os
import pty
import signal
import stat
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from core import work
from core.connection import Connection
from core.errors import HandfulError, RefusedError
from core.project import Project
from core.store import jobs
from core.worker import launch, log
from core.worker.lock import holder, read_info
from core.worker.state import worker_state
from tests.worker.living import over, wait_until, workers

START = "import sys; from pathlib import Path; from core.project import Project; from core.worker import launch\n"
START += "launch.MODULE = sys.argv[2]; print(launch.ensure_running(Project(Path(sys.argv[1]))), flush=True)\n"


def starter(project: Project, more: str = "") -> list[str]:
    return [sys.executable, "-P", "-c", START + more, str(project.root), launch.MODULE]


def test_W2_five_starts_at_once_give_one_worker(project: Project) -> None:
    asked = [subprocess.Popen(starter(project), stdout=subprocess.PIPE, text=True) for _ in range(5)]
    pids = {int(process.communicate(timeout=20)[0]) for process in asked}
    assert len(pids) == 1
    wait_until(lambda: workers(project) == list(pids), 5)


def test_W2_a_second_worker_ends_at_once_and_says_nothing(project: Project) -> None:
    pid = launch.ensure_running(project)
    command = [sys.executable, "-P", "-m", launch.MODULE, str(project.root)]
    second = subprocess.run(command, check=False, capture_output=True, timeout=10)
    assert (second.returncode, second.stdout, second.stderr) == (0, b"", b"")
    assert launch.ensure_running(project) == pid


def test_W4_the_worker_survives_the_end_of_its_terminal(project: Project, con: Connection, tmp_path: Path) -> None:
    master, slave = pty.openpty()
    # a test run under nohup hands down an ignored hang-up
    grab = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
    grab += f"import fcntl; fcntl.ioctl(0, {termios.TIOCSCTTY}, 0)\n"
    wait = f"open({str(tmp_path / 'started')!r}, 'w').close(); import time; time.sleep(60)\n"
    command = starter(project, wait)
    command[3] = grab + command[3]
    shell = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    wait_until((tmp_path / "started").exists)
    pid = holder(project.worker_lock)
    assert pid is not None
    assert os.getsid(pid) == pid
    job = jobs.enqueue(con, "sleepy", {"seconds": 0.5})
    os.close(master)
    assert shell.wait(30) == -signal.SIGHUP
    assert over(con, job).state == "done"
    assert holder(project.worker_lock) == pid


def test_folders_called_like_our_packages_are_not_run(project: Project, con: Connection, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile"
    for where in (hostile, project.root):
        for package in ("core", "tui", "exports", "handful_test_worker"):
            (where / package).mkdir(parents=True)
            for name in ("__init__.py", "__main__.py"):
                (where / package / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    job = jobs.enqueue(con, "sleepy", {"seconds": 0})
    subprocess.run(starter(project), cwd=hostile, check=True, timeout=20, stdout=subprocess.DEVNULL)
    assert over(con, job).state == "done"
    assert not (tmp_path / "ran").exists()


def test_the_current_directory_is_off_the_import_path(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    class Popen(subprocess.Popen[bytes]):
        def __init__(self, command: list[str], **options: object) -> None:
            seen.extend([command, options["cwd"]])
            super().__init__([sys.executable, "-c", ""])

    monkeypatch.setattr(subprocess, "Popen", Popen)
    launch.start(project).wait()
    assert seen == [[sys.executable, "-P", "-m", "handful_test_worker", str(project.root)], "/"]


def test_the_real_worker_takes_its_lock_and_ends_when_asked(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "MODULE", "core.worker")
    with project.open() as con:
        con.execute("DELETE FROM examples")  # nothing to embed
    child = launch.start(project)
    wait_until(lambda: worker_state(project).state == "running")
    assert launch.ensure_running(project) == child.pid
    start = time.monotonic()
    assert launch.stop(project)
    assert child.wait(5) == 128 + signal.SIGTERM
    assert time.monotonic() - start < 2


def test_a_worker_that_fails_at_once_is_told_with_its_last_words(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "MODULE", "handful_there_is_no_such_module")
    with pytest.raises(HandfulError) as caught:
        launch.ensure_running(project)
    assert "handful_there_is_no_such_module" in caught.value.what
    assert "log" in caught.value.hint


def test_a_directory_that_is_no_project_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "core.worker", str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert "no project" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_C8_a_database_from_a_newer_version_is_refused_and_the_job_stays(project: Project, con: Connection) -> None:
    job = jobs.enqueue(con, "sleepy")
    con.execute("PRAGMA user_version=99")
    command = [sys.executable, "-m", "core.worker", str(project.root)]
    done = subprocess.run(command, check=False, capture_output=True, timeout=20)
    assert done.returncode == 2
    assert [j.state for j in jobs.active(con) if j.id == job] == ["queued"]


def test_C8_an_idle_worker_of_another_version_is_replaced(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "MODULE", "handful_old_worker")
    launch.start(project)
    wait_until(lambda: holder(project.worker_lock))
    old = holder(project.worker_lock)
    monkeypatch.setattr(launch, "MODULE", "handful_test_worker")
    assert launch.ensure_running(project) != old


def test_C8_a_busy_worker_of_another_version_is_left_and_told(
    project: Project, con: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.enqueue(con, "sleepy")
    monkeypatch.setattr(launch, "MODULE", "handful_old_worker")
    launch.start(project)
    wait_until(lambda: worker_state(project).job == job)
    with pytest.raises(RefusedError) as caught:
        launch.ensure_running(project)
    assert "0.0.1" in caught.value.what
    assert str(job) in caught.value.hint
    assert worker_state(project).job == job


def test_W12_a_crash_loop_ends_after_three_deaths_and_waits(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.root / "orders").write_text("crash")

    def start_again_and_again() -> None:
        while launch.ensure_running(project):
            wait_until(lambda: holder(project.worker_lock) is None)

    with pytest.raises(HandfulError) as caught:
        start_again_and_again()
    assert "3 times" in caught.value.title
    assert len([line for line in log.tail(project, 1000) if "worker started" in line]) == 3
    calm = read_info(project.worker_lock)
    assert calm is not None
    assert calm.deaths == 2
    (project.root / "orders").unlink()
    monkeypatch.setattr(launch, "PAUSE_SECONDS", 0.0)
    launch.ensure_running(project)
    wait_until(lambda: (read_info(project.worker_lock) or calm).deaths == 0)


def test_a_worker_whose_lock_file_was_replaced_ends(project: Project) -> None:
    child = launch.start(project)
    wait_until(lambda: worker_state(project).state == "running")
    project.worker_lock.unlink()
    assert child.wait(5) == 4
    assert launch.ensure_running(project) != child.pid


def test_S1_everything_the_worker_writes_is_private(project: Project, con: Connection) -> None:
    before = os.umask(0)
    try:
        over(con, work.submit(project, con, "counting", {"to": 3}))
    finally:
        os.umask(before)
    for path in (project.worker_lock, log.path(project), project.root / "steps"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_W7_low_priority_and_first_to_go(project: Project) -> None:
    pid = launch.ensure_running(project)
    wait_until(lambda: worker_state(project).state == "running")
    assert os.getpriority(os.PRIO_PROCESS, pid) == max(10, os.getpriority(os.PRIO_PROCESS, 0))
    assert int(Path(f"/proc/{pid}/oom_score_adj").read_text()) >= 500
    assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")


def test_the_terminal_side_is_light() -> None:
    code = "import sys, core.work, core.worker.state, core.worker.launch\n"
    code += "print([m for m in ('numpy', 'torch', 'sklearn', 'sqlite_utils', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_lock_survives_others_that_open_and_close_its_file(project: Project, con: Connection) -> None:
    pid = launch.ensure_running(project)
    for _time in range(50):
        with project.worker_lock.open("r+b"):
            assert holder(project.worker_lock) == pid
    over(con, work.submit(project, con, "sleepy", {"seconds": 0}))
    with project.worker_lock.open("r+b") as file, pytest.raises(BlockingIOError):
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
