"""The command as a user runs it: the console script in a process of its own, watched for what must never happen."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import click

from core.project import Project
from core.worker import launch
from core.worker.lock import holder
from tests.children import exit_code, in_child
from tui.cli import cli, main
from tui.commands import COMMANDS
from tui.output import cells

HANDFUL = Path(sys.executable).with_name("handful")
SECONDS = 800.0
"""For one command; the demo that runs by itself takes four minutes on a busy machine."""
_ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Said:
    """What came of one command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one line of JSON on stdout."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    @property
    def rows(self) -> list[Any]:
        """JSONL on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def lines(self) -> list[str]:
        """The lines of stdout."""
        return self.out.splitlines()


class Cli:
    """Runs `handful` in a directory of its own, without a network."""

    def __init__(self, cwd: Path, env: Mapping[str, str] | None = None) -> None:
        self.cwd = cwd
        self.env = {**os.environ, "HF_HUB_OFFLINE": "1", "LC_ALL": "C.UTF-8", "COLUMNS": "80", **(env or {})}

    def __call__(
        self, *args: object, stdin: str | bytes = "", code: int = 0, limits: Callable[[], None] | None = None
    ) -> Said:
        """Run the command, expecting this exit code; no trace and no acting character may ever come out.

        `limits` is called in the child before the command starts.
        """
        given = stdin if isinstance(stdin, bytes) else stdin.encode("utf-8")
        number, out, err = self._run(list(map(str, args)), given, limits)
        said = Said(number, out.decode("utf-8"), err.decode("utf-8"))
        shown = f"handful {' '.join(map(str, args))}\n{said.out}\n{said.err}"
        assert "Traceback" not in said.err, shown
        assert not _ACTING.search(said.out), ascii(shown)
        assert not _ACTING.search(said.err), ascii(shown)
        assert said.code == code, shown
        return said

    def _run(self, args: list[str], given: bytes, limits: Callable[[], None] | None) -> tuple[int, bytes, bytes]:
        done = subprocess.run(
            [HANDFUL, *args],
            input=given,
            capture_output=True,
            cwd=self.cwd,
            env=self.env,
            timeout=SECONDS,
            check=False,
            preexec_fn=limits,
        )
        return done.returncode, done.stdout, done.stderr

    def script(self, line: str) -> Said:
        """A line for bash, with pipefail."""
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=self.cwd,
            env={**self.env, "PATH": f"{HANDFUL.parent}{os.pathsep}{self.env['PATH']}"},
            timeout=SECONDS,
            check=False,
        )
        return Said(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    def stop_workers(self) -> None:
        """End every worker of a project below the directory."""
        for lock in sorted(self.cwd.rglob("worker.lock")):
            project = Project(lock.parent)
            for _attempt in range(3):  # one may be about to start another
                if holder(project.worker_lock) is not None:
                    launch.stop(project)
            assert holder(project.worker_lock) is None


class ForkedCli(Cli):
    """The same in a forked child, where nothing has to be imported again: for long tables of cases."""

    def __init__(self, cwd: Path, env: Mapping[str, str] | None = None) -> None:
        super().__init__(cwd, env)
        for entry in COMMANDS:
            cli.get_command(click.Context(cli), entry.name)
        import_module("sqlite_utils.migrations")

    def _run(self, args: list[str], given: bytes, limits: Callable[[], None] | None) -> tuple[int, bytes, bytes]:
        assert limits is None, "limits hold from the next program on, and here is none"
        with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            stdin.write(given)
            stdin.seek(0)
            code = exit_code(in_child(lambda: self._command(args, (stdin.fileno(), out.fileno(), err.fileno()))))
            out.seek(0)
            err.seek(0)
            return code, out.read(), err.read()

    def _command(self, args: list[str], files: tuple[int, int, int]) -> None:
        """Become the command, as far as a process that has begun as another can."""
        for number, fd in enumerate(files):
            os.dup2(fd, number)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 (until the end)
        os.chdir(self.cwd)
        os.environ.clear()
        os.environ.update(self.env)
        sys.argv = ["handful", *args]
        try:
            main()
        except SystemExit as end:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code if isinstance(end.code, int) else 1)


def narrow(lines: Sequence[str], width: int = 80) -> bool:
    """Whether every line fits into the width, as a terminal counts; paths of tests are as long as they are."""
    return all(cells(line) <= width for line in lines if gettempdir() not in line)


def digest(directory: Path) -> dict[str, str]:
    """SHA-256 of every file of a project but locks and logs, and every directory; empty if there is nothing."""
    found = {}
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        if path.suffix == ".lock" or name.startswith("logs"):
            continue
        found[name] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "directory"
    return found
