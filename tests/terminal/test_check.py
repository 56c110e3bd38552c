"""A terminal the app can't work on is refused in plain words, before anything is drawn."""

import os
import subprocess

import pytest

from core.errors import InputError
from core.project import Project
from tests.terminal.conftest import Open
from tests.terminal.session import HANDFUL
from tui.terminal import check


def test_T11_a_character_set_that_is_not_utf_8_is_refused_with_what_to_do(open_app: Open) -> None:
    session = open_app(env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert session.exit_code() == 2
    session.settle()
    assert b"export LC_ALL=C.UTF-8" in session.written
    assert b"\x1b" not in session.written


def test_T11_the_plain_c_locale_works(open_app: Open) -> None:
    session = open_app(env={"LC_ALL": "C"})
    session.wait_for("accept")
    session.press("slash", "退")
    session.wait_for("退")


def test_T11_a_character_set_nobody_knows_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_streams", tuple)
    monkeypatch.setattr(check.locale, "getencoding", lambda: "ARMSCII-8")
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(InputError, match="character set"):
        check.require_terminal()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>/dev/null"])
def test_T9_a_closed_or_redirected_stream_is_no_terminal(project: Project, closed: str) -> None:
    begin = ["sh", "-c", f'exec "$0" open "$1" {closed}', str(HANDFUL), str(project.root)]
    done = subprocess.run(
        begin, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=30, env={**os.environ}
    )
    assert done.returncode == 2
    assert b"\x1b" not in done.stdout + done.stderr
