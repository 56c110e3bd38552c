"""What is refused before a port is opened, and the command line of both doors."""

import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from core.errors import HandfulError, InputError, RefusedError
from exports.serve import access
from exports.serve.__main__ import main, options
from exports.serve.options import Options, as_args, flags
from exports.serve.spool import FILE, Spool, SpoolFullError
from tui.commands import serve

TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 (of a test)
EVERYWHERE = "0.0.0.0"  # noqa: S104 (it is refused)


def token_file(folder: Path, content: bytes, mode: int) -> Path:
    path = folder / "token"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o660])
def test_a_token_others_could_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = token_file(tmp_path, TOKEN.encode(), mode)
    with pytest.raises(InputError, match="chmod 600"):
        access.token(Options(tmp_path, token_file=path))


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_ones_own_token_is_taken(tmp_path: Path, mode: int) -> None:
    assert access.token(Options(tmp_path, token_file=token_file(tmp_path, f" {TOKEN}\n".encode(), mode))) == TOKEN


@pytest.mark.parametrize(
    "content", [b"", b"short", TOKEN.encode() + b"\nmore", "é".encode() * 20, b"a" * 5000, b"a b" * 9]
)
def test_what_is_no_token_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match="no token"):
        access.token(Options(tmp_path, token_file=token_file(tmp_path, content, 0o600)))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5", "::1", "localhost"])
def test_this_machine_needs_no_token(host: str) -> None:
    assert access.token(Options(Path(), host=host)) == ""


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "10.1.2.3", "example.org", ""])
def test_X8_others_may_not_ask_without_one_unless_that_is_said(host: str) -> None:
    with pytest.raises(RefusedError, match="--token-file"):
        access.token(Options(Path(), host=host))
    assert access.token(Options(Path(), host=host, without_token=True)) == ""


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["nowhere"], 2, "no bundle"),
        (["BUNDLE", "--host", EVERYWHERE, "--port", "0"], 3, "token"),
        (["BUNDLE", "--host", "no host", "--without-token"], 2, "listen"),
        (["BUNDLE", "--feedback", "FILE"], 2, "Feedback"),
        (["BUNDLE", "--token-file", "nowhere"], 2, "token"),
    ],
)
def test_what_is_wrong_is_said_before_anything_listens(
    words: Path, tmp_path: Path, args: list[str], code: int, said: str
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    names = {"BUNDLE": str(words), "FILE": str(tmp_path / "file")}
    command = [sys.executable, "-P", "-m", "exports.serve", *(names.get(arg, arg) for arg in args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_both_command_lines_say_the_same(tmp_path: Path) -> None:
    given = {"port": 0, "max_delay": 1.5, "without_token": True, "feedback": tmp_path, "device": "cuda"}
    full = {one.name: one.default for one in flags()} | given
    found = options([*as_args(full), "--", "-bundle"])
    assert found == Options(Path("-bundle"), **given)
    assert as_args({one.name: one.default for one in flags()}) == []


@pytest.mark.parametrize("args", [["--port", "70000"], ["--max-batch", "0"], ["--device", "tpu"], ["--port", "x"]])
def test_numbers_out_of_range_are_refused_by_both(args: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["bundle", *args])
    assert end.value.code == 2
    with pytest.raises(click.UsageError):
        serve.serve_command.main(["bundle", *args], standalone_mode=False)


def test_without_the_extra_it_says_what_to_install(words: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda _name: None)
    with pytest.raises(InputError, match=r"handful\[serve\]"):
        serve.serve_command.main([str(words)], standalone_mode=False)


def test_no_bundle_no_server(tmp_path: Path) -> None:
    done = CliRunner().invoke(serve.serve_command, [str(tmp_path)])
    assert isinstance(done.exception, HandfulError)
    assert "handful export" in done.exception.hint


def test_a_spool_that_others_could_read_is_made_ones_own(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("", encoding="utf-8")
    (tmp_path / FILE).chmod(0o644)
    spool = Spool(tmp_path, 40)
    assert stat.S_IMODE(spool.path.stat().st_mode) == 0o600
    spool.add({"text": "a"})
    with pytest.raises(SpoolFullError):
        spool.add({"text": "b" * 40})
    assert spool.path.read_text(encoding="utf-8") == '{"text": "a"}\n'
