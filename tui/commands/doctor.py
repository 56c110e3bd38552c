"""`handful doctor`."""

import locale
import os
import platform
import pwd
import shutil
import stat
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from core import clock, connection, filesystem, readability, snapshots
from core import project as projects
from core.errors import HandfulError
from core.i18n import _
from core.project import Project
from core.store import soundness
from core.worker import logout
from core.worker.orphans import orphans
from core.worker.state import worker_state
from tui.commands import about
from tui.options import ANY_PATH, as_json, login
from tui.output import data, data_json, shown_path, size

ENOUGH = 2e9
"""Bytes of free disk below which a round or an export may find no room."""
PACKAGES = ("torch", "transformers", "onnxruntime", "onnx", "tokenizers", "scikit-learn", "sqlite-utils", "textual")
Finding = tuple[str, bool, str]
"""What was looked at, whether it is well, and what was found (with what to do if it is not)."""


@click.command(
    "doctor",
    help=about(
        "doctor",
        _("With DIR the project there is checked, too. The exit code is 3 if something needs care."),
        "handful doctor",
        "handful doctor mail",
    ),
)
@click.argument("directory", metavar="[DIR]", required=False, type=ANY_PATH)
@as_json
def doctor_command(directory: Path | None, *, as_json: bool) -> None:
    """It only looks; nothing is repaired."""
    project = projects.find(directory) if directory else None
    findings = [*_installation(directory or Path()), *(_project(project) if project else [])]
    if as_json:
        data_json([{"check": name, "ok": ok, "found": found} for name, ok, found in findings])
    else:
        for name, ok, found in findings:
            data(f"{'ok' if ok else 'CARE':<5} {name}: {found}")
    if not all(ok for _name, ok, _found in findings):
        raise click.exceptions.Exit(3)


def _installation(place: Path) -> list[Finding]:
    number = ".".join(map(str, connection.sqlite_version()))
    safe = connection.wal_is_safe(connection.sqlite_version())
    advice = _("{v}: has the WAL-reset bug, so the slower rollback journal is used; install pysqlite3>=0.6.1")
    encoding = locale.getpreferredencoding(do_setlocale=False)
    free = shutil.disk_usage(place).free
    utf8 = encoding.lower().replace("-", "") == "utf8"
    return [
        ("Python", sys.version_info >= (3, 11), f"{platform.python_version()} {platform.machine()}"),
        ("SQLite", safe, number if safe else advice.format(v=number)),
        (_("encoding"), utf8, encoding if utf8 else _("{name}; set LC_ALL=C.UTF-8").format(name=encoding)),
        (_("free disk"), free > ENOUGH, size(free) + ("" if free > ENOUGH else _("; make room"))),
        _orphans(),
        _logout(),
        *[_package(name) for name in PACKAGES],
        _encoder(),
    ]


def _orphans() -> Finding:
    found = orphans()
    if not found:
        return _("orphaned workers"), True, _("none")
    said = ", ".join(f"{orphan.pid} ({shown_path(orphan.root)})" for orphan in found)
    pids = " ".join(str(orphan.pid) for orphan in found)
    return _("orphaned workers"), False, _("{found}; end them: kill {pids}").format(found=said, pids=pids)


def _logout() -> Finding:
    if not logout.ends_worker():
        return _("log-out"), True, _("leaves the worker at work")
    return _("log-out"), False, _("ends the worker, too; to let it go on: loginctl enable-linger")


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


def _project(project: Project) -> list[Finding]:
    with project.open(readonly=True) as con:
        mode = connection.journal_mode(con)
        check = soundness.check(con)
    kind, network = filesystem.kind(project.root), filesystem.is_network(project.root)
    worker = worker_state(project)
    stalled = worker.state == "stalled"
    advice = _("; end it: kill {pid}").format(pid=worker.pid) if stalled else ""
    return [
        (
            _("file system"),
            not network,
            _("{kind}: work on one machine at a time, better on a local disk").format(kind=kind)
            if network
            else kind or _("unknown"),
        ),
        _journal(mode, network=network),
        (_("database"), check == "ok", check if check == "ok" else _undo_damage(check, project)),
        _snapshot(project),
        _permissions(project.root),
        _owner(project.root),
        (_("worker"), not stalled, worker.said + advice),
    ]


def _journal(mode: str, *, network: bool) -> Finding:
    if mode == "wal":
        return _("journal"), True, _("wal: each label is on the disk before it is called saved, and readers never wait")
    why = _("the file system is a network's") if network else _("this SQLite's write-ahead log is not safe")
    return _("journal"), True, _("{mode}, for {why}: as safe, but slower").format(mode=mode, why=why)


def _undo_damage(check: str, project: Project) -> str:
    return _("{found}; put back a snapshot: handful restore {root}").format(found=check, root=shown_path(project.root))


def _snapshot(project: Project) -> Finding:
    newest = snapshots.listed(project.database)[-1:]
    if not newest:
        labelled = not snapshots.untouched(project.database)
        advice = _("none yet; take one: handful snapshot {root}").format(root=shown_path(project.root))
        return _("snapshot"), not labelled, advice if labelled else _("none yet, and nothing to lose")
    found = snapshots.check(newest[0].path)
    name = f"{newest[0].path.name} ({_age(newest[0])})"
    if found == "ok":
        return _("snapshot"), True, _("{name}, verified").format(name=name)
    advice = _("{name} is damaged: {found}; take another: handful snapshot {root}")
    return _("snapshot"), False, advice.format(name=name, found=found, root=shown_path(project.root))


def _age(snapshot: snapshots.Snapshot) -> str:
    hours = max(0.0, clock.now() - snapshot.path.stat().st_mtime) / 3600
    return _("{n:.0f} days old").format(n=hours / 24) if hours >= 48 else _("{n:.0f} hours old").format(n=hours)


def _permissions(root: Path) -> Finding:
    shared = [path for path in (root, *root.rglob("*")) if _shared(path)]
    advice = _("{n} files can be read by others, such as {path}; chmod -R go= {root}")
    found = advice.format(n=len(shared), path=shared[0], root=shown_path(root)) if shared else _("private")
    return _("permissions"), not shared, found


def _shared(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:  # a worker may have removed it meanwhile
        return False
    return not stat.S_ISLNK(mode) and bool(mode & 0o077)


def _owner(root: Path) -> Finding:
    owner = root.stat().st_uid
    if owner == os.getuid():
        return _("owner"), True, _("you")
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:  # of a container, say
        name = f"#{owner}"
    advice = _(
        "{name}, and what you write is closed to them; work as one user: sudo -u {name} -i handful {root} --as {you}"
    )
    return _("owner"), False, advice.format(name=name, root=shown_path(root.absolute()), you=login())
