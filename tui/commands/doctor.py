"""`handful doctor`."""

import locale
import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
from core.worker.state import worker_state

from core import connection, filesystem, readability
from core import project as projects
from core.errors import HandfulError
from core.i18n import _
from tui.commands import sentence
from tui.options import as_json
from tui.output import data, data_json, size

PACKAGES = ("torch", "transformers", "onnxruntime", "onnx", "tokenizers", "scikit-learn", "sqlite-utils", "textual")
Finding = tuple[str, bool, str]
"""What was looked at, whether it is well, and what was found (with what to do if it is not)."""


@click.command("doctor", help=sentence("doctor"))
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@as_json
def doctor_command(directory: Path | None, *, as_json: bool) -> None:
    """Exit code 3 if something needs care."""
    findings = [*_installation(), *(_project(directory) if directory else [])]
    if as_json:
        data_json([{"check": name, "ok": ok, "found": found} for name, ok, found in findings])
    else:
        for name, ok, found in findings:
            data(f"{'ok' if ok else 'CARE':<5} {name}: {found}")
    if not all(ok for _name, ok, _found in findings):
        raise click.exceptions.Exit(3)


def _installation() -> list[Finding]:
    number = ".".join(map(str, connection.sqlite_version()))
    safe = connection.wal_is_safe(connection.sqlite_version())
    advice = _("{v}: has the WAL-reset bug, so the slower rollback journal is used; install pysqlite3>=0.6.1")
    encoding = locale.getpreferredencoding(do_setlocale=False)
    free = shutil.disk_usage(Path.cwd()).free
    return [
        ("Python", sys.version_info >= (3, 11), f"{platform.python_version()} {platform.machine()}"),
        ("SQLite", safe, number if safe else advice.format(v=number)),
        (
            "UTF-8",
            encoding.lower().replace("-", "") == "utf8",
            _("{name}; if not UTF-8, set LC_ALL=C.UTF-8").format(name=encoding),
        ),
        (_("free disk"), free > 2e9, size(free)),
        *[_package(name) for name in PACKAGES],
        _encoder(),
    ]


def _package(name: str) -> Finding:
    try:
        return name, True, version(name)
    except PackageNotFoundError:
        return name, False, _("not installed; reinstall handful")


def _encoder() -> Finding:
    try:
        return _("embedded encoder"), True, _("weights verified in {path}").format(path=readability.embedded())
    except HandfulError as error:
        return _("embedded encoder"), False, f"{error.title} {error.hint}"


def _project(directory: Path) -> list[Finding]:
    project = projects.find(directory)
    with project.open() as con:
        mode = connection.journal_mode(con)
        check = connection.quick_check(con)
    kind = filesystem.kind(directory)
    open_to_others = [p for p in (project.root, *project.root.rglob("*")) if p.lstat().st_mode & 0o077]
    worker = worker_state(project)
    return [
        (_("file system"), not filesystem.is_network(directory), kind or _("unknown")),
        (_("journal"), True, mode),
        (_("database"), check == "ok", check),
        (
            _("permissions"),
            not open_to_others,
            _("private")
            if not open_to_others
            else _("{n} files can be read by others, such as {path}; chmod -R go= {root}").format(
                n=len(open_to_others), path=open_to_others[0], root=directory
            ),
        ),
        (_("owner"), project.root.stat().st_uid == os.getuid(), str(project.root.stat().st_uid)),
        (_("worker"), worker.as_json()["state"] != "stalled", worker.as_json()["said"]),
    ]
