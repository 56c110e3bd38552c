"""The app on a real terminal: hang-ups, signals, stray bytes, type-ahead, and the fence."""

import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from core.project import Project
from core.store import labels
from core.worker.lock import holder
from tests.terminal.conftest import Open
from tests.terminal.session import HANDFUL, Link, TerminalSession

LEFT = (b"?1049l", b"?1000l", b"?25h")


def answered(project: Project) -> list[int]:
    """Ids of answered texts in the order of their answers."""
    with project.open(readonly=True) as con:
        return [given.example_id for given in reversed(labels.history(con, "ada", limit=1000))]


def ready(session: TerminalSession) -> str:
    return session.wait_for("accept")


def shown_id(text: str) -> int:
    found = re.search(r"text (\d+)", text)
    assert found
    return int(found[1])


def test_U1_a_hang_up_ends_it_within_a_second_and_the_same_text_comes_again(open_app: Open, project: Project) -> None:
    session = open_app()
    ready(session)
    session.press("1", "2", "3")
    there, saved = shown_id(session.screen), answered(project)
    assert len(saved) == 3
    begin = time.monotonic()
    session.hang_up()
    assert session.exit_code() == 129
    assert time.monotonic() - begin < 2.0
    again = open_app()
    ready(again)
    assert shown_id(again.screen) == there
    assert answered(project) == saved


def test_U2_a_hang_up_that_is_ignored_ends_it_without_spinning(open_app: Open) -> None:
    session = open_app(before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    ready(session)
    used = _cpu_seconds(session.process.pid)
    session.hang_up()
    while session.process.poll() is None and time.monotonic() - session.log[-1][0] < 10:
        used_now = _cpu_seconds(session.process.pid)
        assert used_now - used < 1.0
        time.sleep(0.05)
    assert session.exit_code(5) == 129


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_U3_a_signal_restores_the_terminal(open_app: Open, sign: signal.Signals, code: int) -> None:
    session = open_app()
    ready(session)
    session.process.send_signal(sign)
    assert session.exit_code() == code
    session.settle()
    for mode in LEFT:
        assert mode in session.written
    assert session.screen_cells.modes["1049"] is False


def test_L10_a_key_counts_for_the_text_that_was_on_screen(open_app: Open, project: Project) -> None:
    session = open_app(link=Link(delay=0.2))
    before = shown_id(ready(session))
    session.settle()
    session.send(b"11111111")
    session.wait_for("ignored")
    session.settle()
    assert answered(project) == [before]
    session.press("2")
    assert len(answered(project)) == 2


def test_L10_the_question_comes_behind_the_text(open_app: Open) -> None:
    session = open_app()
    ready(session)
    session.settle()
    start = len(session.written)
    session.press("1")
    wire = session.written[start:]
    painted = session.screen.splitlines()[3].split()[0].encode()
    assert wire.index(painted) < wire.index(b"\x1b[6n")


def test_L10_a_terminal_that_never_answers_still_works(open_app: Open, project: Project) -> None:
    session = open_app(link=Link(answers=False))
    ready(session)
    time.sleep(1.3)
    for n in (1, 2, 3):
        session.press("1")
        time.sleep(0.4)
        assert len(answered(project)) == n


def test_L10_a_paste_never_labels(open_app: Open, project: Project) -> None:
    session = open_app()
    ready(session)
    session.send(b"\x1b[200~1231\r22\x1b[201~")
    session.wait_for("ignored")
    assert answered(project) == []


def test_T11_any_byte_is_survived(open_app: Open) -> None:
    session = open_app()
    ready(session)
    draw = random.Random(1)
    ending = {0x11, 0x0F, 0x10}  # ctrl+q leaves; ctrl+o and ctrl+p open what covers the screen
    session.send(bytes(b for b in range(256) if b not in ending) + b"\x1b\x1b")
    for _turn in range(60):
        session.send(bytes(b for b in draw.randbytes(40) if b not in ending))
        time.sleep(0.01)
    session.settle(0.3)
    assert session.process.poll() is None
    for _escape in range(4):
        session.press("escape")
        time.sleep(0.15)
    session.press("ctrl+o")
    session.wait_for("Go to")


def test_T9_without_a_terminal_it_says_so_in_one_plain_line(project: Project) -> None:
    done = subprocess.run([HANDFUL, "open", project.root], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 2
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"needs a terminal" in done.stderr


@pytest.mark.parametrize(("env", "said"), [({"TERM": "dumb"}, "TERM"), ({"TERM": ""}, "TERM")])
def test_T9_a_terminal_without_a_cursor_is_refused(open_app: Open, env: dict[str, str], said: str) -> None:
    session = open_app(env=env)
    assert session.exit_code() == 2
    session.settle()
    assert said.encode() in session.written
    assert b"\x1b" not in session.written


def test_T12_an_unforeseen_error_shows_no_data_and_restores_the_terminal(
    project: Project, home: dict[str, str], tmp_path: Path
) -> None:
    program = tmp_path / "breaks.py"
    program.write_text(
        "import sys\nfrom pathlib import Path\nfrom tui.app import HandfulApp\n"
        "from tui.screens.label import LabelScreen\n"
        "def fail(self):\n    secret = 'my-secret-row'\n    raise RuntimeError('boom')\n"
        "LabelScreen.action_flag = fail\n"
        "app = HandfulApp(Path(sys.argv[1]), 'ada')\napp.run()\nsys.exit(app.return_code)\n",
        encoding="utf-8",
    )
    import sys

    with TerminalSession([sys.executable, program, project.root], env=home) as session:
        ready(session)
        session.send(b"f")
        assert session.exit_code() == 1
        session.settle()
        said = session.written.decode("utf-8", "replace")
        assert "my-secret-row" not in said
        assert "mistake of its own (RuntimeError)" in " ".join(said.split())
        assert session.screen_cells.modes["1049"] is False
    log = project.logs / "app.log"
    assert "boom" in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o777 == 0o600


def test_idle_it_writes_nothing(open_app: Open, project: Project) -> None:
    session = open_app()
    ready(session)
    session.press("slash", "x", "backspace")
    until = time.monotonic() + 60
    while holder(project.worker_lock) is None and time.monotonic() < until:
        time.sleep(0.1)
    session.wait_for("worker: ready", 60)
    time.sleep(3.0)
    session.settle(1.0)
    before = len(session.written)
    time.sleep(4)
    assert session.written[before:] == b""


COLOURED = re.compile(rb"\x1b\[[0-9;]*\b(3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8)\b[0-9;]*m")


@pytest.mark.parametrize(("env", "colours"), [({"NO_COLOR": "1"}, False), ({"TERM": "xterm", "COLORTERM": ""}, True)])
def test_T10_without_colours_marks_say_what_is_chosen_and_answered(
    open_app: Open, env: dict[str, str], colours: bool
) -> None:
    session = open_app(env=env)
    ready(session)
    session.settle()
    session.press("1")
    session.press("ctrl+o", "d")
    session.wait_for("▸")
    session.settle()
    assert bool(COLOURED.search(session.written)) is colours
    assert b"38;2" not in session.written


def test_L10_letters_right_behind_the_key_that_opens_a_field_are_no_commands(open_app: Open, project: Project) -> None:
    session = open_app()
    ready(session)
    with project.open(readonly=True) as con:
        before = labels.last_seq(con)
    session.send(b"n12f3")  # a note is opened; the rest would label and flag
    session.wait_for("Note on this text")
    session.press("escape", "ctrl+o", "d")
    session.wait_for("12 texts")
    session.send(b"/router")  # r would open the text, and digits answer it
    session.wait_for("“router”")
    with project.open(readonly=True) as con:
        assert labels.last_seq(con) == before
