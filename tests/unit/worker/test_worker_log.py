"""The log: private, small, harmless to a screen, silent about data."""

import stat
import subprocess
import sys

from core.project import Project
from core.worker import log

SETUP = """
import logging, os, sys, threading, warnings
from pathlib import Path
from core.project import Project
from core.worker import log
log.PART_BYTES = 20_000
os.umask(0)
log.start(Project(Path(sys.argv[1])))
"""


def in_worker(project: Project, code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process that logs as a worker does."""
    command = [sys.executable, "-c", SETUP + code, str(project.root)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)


def test_W13_ten_megabytes_are_the_most_and_all_parts_are_private(project: Project) -> None:
    assert log.PART_BYTES * (log.OLD_PARTS + 1) <= 10_000_000
    in_worker(project, "for n in range(3000): log.logger.info('line %d %s', n, 'x' * 100)")
    parts = sorted(project.logs.iterdir())
    assert [part.name for part in parts] == ["worker.log", "worker.log.1", "worker.log.2", "worker.log.3"]
    assert sum(part.stat().st_size for part in parts) <= 80_000
    assert {stat.S_IMODE(part.stat().st_mode) for part in parts} == {0o600}
    assert "line 2999" in log.tail(project, 1)[0]
    numbers = [int(line.split("line ")[1].split()[0]) for line in log.tail(project, 400)]
    assert numbers == list(range(2600, 3000))


def test_standard_error_follows_the_newest_part(project: Project) -> None:
    in_worker(project, "for n in range(300): log.logger.info('x' * 100)\nos.write(2, b'from C code\\n')")
    assert log.tail(project, 1) == ["from C code"]


def test_W13_a_line_in_the_log_does_nothing_to_a_screen(project: Project) -> None:
    in_worker(project, "log.logger.info('a\\x1b[2Jb\\nforged line')\nos.write(2, b'raw \\x1b]0;title\\x07 \\xff\\n')")
    first, second = log.tail(project, 2)
    assert first.endswith("INFO a␛[2Jb␊forged line")
    assert second == "raw ␛]0;title␇ �"


def test_what_libraries_print_and_warn_is_logged_and_nothing_goes_elsewhere(project: Project) -> None:
    code = "print('printed', file=sys.stderr); warnings.warn('warned'); logging.getLogger('lib').info('chat')"
    done = in_worker(project, code)
    assert (done.stdout, done.stderr) == ("", "")
    lines = "\n".join(log.tail(project, 10))
    assert "INFO printed" in lines
    assert "WARNING" in lines
    assert "warned" in lines
    assert "chat" not in lines


def test_W13_exceptions_are_logged_without_message_and_locals(project: Project) -> None:
    code = """
def fail(row):
    try:
        int(row)
    except ValueError as error:
        raise KeyError(row) from error
thread = threading.Thread(target=fail, args=('secret row',)); thread.start(); thread.join()
class Odd:
    def __del__(self): fail('secret row')
Odd()
fail('secret row')
"""
    done = in_worker(project, code)
    assert done.returncode == 1
    assert done.stderr == ""
    lines = log.tail(project, 100)
    assert sum("builtins.KeyError" in line for line in lines) == 3
    assert sum("builtins.ValueError" in line for line in lines) == 3
    assert not any("secret row" in line for line in lines if "fail('secret row')" not in line)


def test_what_the_system_refused_is_named() -> None:
    assert log.frames(OSError(28, "whatever", "a secret name")) == ["builtins.OSError (No space left on device)"]


def test_a_chain_of_causes_ends() -> None:
    error: BaseException = ValueError("0")
    for n in range(50):
        later = ValueError(str(n))
        later.__cause__, error = error, later
    assert len(log.frames(error)) == 5


def test_a_project_without_a_log_has_no_last_lines(project: Project) -> None:
    assert log.tail(project, 5) == []
