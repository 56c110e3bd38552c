"""What the entry point makes of errors that nobody nearer to them has put into words."""

import errno
import os
import subprocess
import sys

import pytest

from core.errors import HandfulError, InputError, RefusedError
from tui.cli import _refused_by_system

RAISING = """
import sys
from core import project
from tui import cli

def find(root):
    raise {error}

project.find = find
sys.argv = ["handful", "status", "x"]
cli.main()
"""


def run(error: str) -> subprocess.CompletedProcess[str]:
    code = RAISING.format(error=error)
    return subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)


def test_a_mistake_of_ours_leaves_a_trace_that_acts_on_nothing() -> None:
    done = run(r"RuntimeError('\x1b[2J\u202e')")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "␛[2J⟨202E⟩" in done.stderr
    assert "\x1b" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("This is a mistake in Handful")


def test_what_the_system_refuses_is_a_sentence() -> None:
    done = run("PermissionError(13, 'Permission denied', 'a/b')")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[:2] == ["Error: The system refused something.", "  a/b: Permission denied"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.EACCES, InputError),
        (errno.ENOENT, InputError),
        (errno.EROFS, InputError),
        (errno.ENOSPC, RefusedError),
        (errno.EDQUOT, RefusedError),
        (errno.EMFILE, HandfulError),
    ],
)
def test_the_exit_code_says_whose_turn_it_is(code: int, kind: type[HandfulError]) -> None:
    said = _refused_by_system(OSError(code, os.strerror(code), "there"))
    assert type(said) is kind
    assert said.what == f"there: {os.strerror(code)}"


def test_an_interrupt_ends_with_130() -> None:
    assert run("KeyboardInterrupt()").returncode == 130


def test_what_a_command_makes_is_private() -> None:
    code = "import os, sys; from tui.cli import main; os.umask = print; sys.argv = ['handful', '--version']; main()"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == str(0o077)
