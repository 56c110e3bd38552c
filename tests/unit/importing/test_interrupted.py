"""Whatever cuts an import off, nothing of it is seen, and the next one finds the project as if it had never been."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from core import clock
from core.connection import Connection
from core.errors import InputError, RefusedError
from core.importing import lock, pace
from core.importing.importer import import_file
from core.project import Project
from core.store import examples, imports, labels, search
from core.store.labels import Decision
from core.tasks.classify import CLASSIFY
from tests.unit.importing.states import state

State = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Thirteen rows: new ones, known ones, doubled ones, answers, new classes."""
    path = tmp_path / "a.csv"
    rows = [f"text {n},{('refund', 'new', 'newer')[n % 3]}" for n in range(9)]
    path.write_text("\n".join(["text,label", *rows, "hi,new", "text 1,refund", "can not sign in,login", "\n"]))
    return path


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_FEWEST", 2)
    monkeypatch.setattr(pace, "_MOST", 2)


def state_of(project: Project) -> State:
    with project.open() as con:
        return state(con)


@contextmanager
def child(work: Callable[[], None]) -> Iterator[int]:
    """A forked process that does the work and ends without cleaning up."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    try:
        yield pid
    finally:
        with suppress(ChildProcessError):  # the test has seen its end
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def killed_after(statements: int, project: Project, data: Path, split: Any) -> int:
    """Import in a child that kills itself at that statement; returns the signal that ended it."""

    def work() -> None:
        seen = 0

        def count(_sql: str) -> None:
            nonlocal seen
            seen += 1
            if seen > statements:
                os.kill(os.getpid(), signal.SIGKILL)

        with project.open() as con:
            con.set_trace_callback(count)
            import_file(project, con, data, split=split, label="label")

    with child(work) as pid:
        return os.waitpid(pid, 0)[1]


@pytest.mark.parametrize("split", ["pool", "test"])
@pytest.mark.usefixtures("small_batches")
def test_a_kill_at_any_statement_leaves_all_of_it_or_nothing(
    project: Project, tmp_path: Path, data: Path, split: Any
) -> None:
    fresh, before = project.root, state_of(project)
    whole = Project(tmp_path / "whole")
    shutil.copytree(fresh, whole.root)
    assert killed_after(10_000, whole, data, split) == 0
    after = state_of(whole)
    seen: list[bool] = []
    for statements in (*range(0, 400, 17), 10_000):
        project = Project(tmp_path / str(statements))
        shutil.copytree(fresh, project.root)
        status = killed_after(statements, project, data, split)
        with project.open() as con:
            known = examples.total(con)
            assert known in {len(before["examples"]), len(after["examples"])}
            assert len(search.find(con, "text")) == known - len(before["examples"])
            visible = {x.id for x in examples.walk(con)}
            assert len(visible) == known
            imports.abandon(con, imports.begin(con, "x", "pool"))
            assert state(con) in (before, after)
            seen.append(known != len(before["examples"]))
        if status == 0:
            assert seen[-1]
            continue
        if not seen[-1]:
            assert killed_after(10_000, project, data, split) == 0
            assert state_of(project) == after
    assert seen == sorted(seen)
    assert seen.count(False) >= 8


@pytest.mark.parametrize("error", [KeyboardInterrupt, InputError("stop"), SystemExit])
def test_what_progress_raises_takes_the_import_back(
    project: Project, con: Connection, data: Path, error: BaseException
) -> None:
    before = state(con)

    def stop(_done: int, _total: int) -> None:
        raise error

    with pytest.raises((KeyboardInterrupt, InputError, SystemExit)):
        import_file(project, con, data, label="label", progress=stop)
    assert state(con) == before
    assert con.execute("PRAGMA wal_autocheckpoint").fetchone()[0] == 1000
    assert con.execute("PRAGMA cache_size").fetchone()[0] == -2000


def test_an_error_after_the_last_commit_leaves_the_import_whole(
    project: Project, con: Connection, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = imports.finish

    def interrupted(*args: Any) -> None:
        finish(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(imports, "finish", interrupted)
    with pytest.raises(KeyboardInterrupt):
        import_file(project, con, data)
    assert len(imports.reports(con)) == 3
    assert examples.total(con) == len(list(examples.walk(con))) == 24


def test_X10_a_full_disk_is_refused_with_nothing_changed(project: Project, tmp_path: Path) -> None:
    before = state_of(project)
    path = tmp_path / "large.txt"
    path.write_text("".join(f"{n} {n * 7919} words and more words\n" for n in range(20_000)))

    def run() -> None:
        with project.open() as con:
            pages = con.execute("PRAGMA page_count").fetchone()[0]
            con.execute(f"PRAGMA max_page_count={pages + 300:d}").fetchone()
            import_file(project, con, path)

    with pytest.raises(RefusedError, match="can't be written"):
        run()
    with project.open() as con:
        assert examples.total(con) == 15
        assert search.find(con, "words") == []
        imports.abandon(con, imports.begin(con, "x", "pool"))
        assert state(con) == before


def test_nothing_is_seen_until_it_is_whole(project: Project, con: Connection, data: Path) -> None:
    looked = []

    def look(_done: int, _total: int) -> None:
        with project.open() as other:
            looked.append(examples.total(other))
            assert len(list(examples.walk(other))) == 15
            assert search.find(other, "text") == []
            assert len(imports.reports(other)) == 2

    import_file(project, con, data, progress=look)
    assert looked[-1] == 15
    assert examples.total(con) == 24


def test_labels_go_on_while_an_import_runs(
    project: Project, con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("".join(f"text {n}\n" for n in range(3000)))
    slept: list[float] = []
    monkeypatch.setattr(clock, "sleep", slept.append)
    add_rows, sizes = imports.add_rows, []

    def label_between(*args: Any) -> imports.Added:
        sizes.append(len(args[2]))
        added = add_rows(*args)
        if len(sizes) == 1:
            with project.open() as other:
                labels.decide(other, CLASSIFY, [Decision(12, '{"class": 1}')], "ann")
        return added

    monkeypatch.setattr(imports, "add_rows", label_between)
    import_file(project, con, path)
    assert sizes == [500] * 6
    assert len(slept) == 6
    assert examples.states(con, [12]) == {12: ("pool", "answered")}


def test_batches_grow_while_nobody_else_writes(
    con: Connection, project: Project, monkeypatch: pytest.MonkeyPatch, still_clock: Callable[[float], None]
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(clock, "sleep", slept.append)
    found = pace.Pace(con)
    sizes = [found.rows]
    for _step in range(5):
        found.step()
        sizes.append(found.rows)
    assert sizes == [500, 1000, 2000, 4000, 4000, 4000]
    with project.open() as other:
        labels.decide(other, CLASSIFY, [Decision(12, '{"class": 1}')], "ann")
    found.step()
    assert (found.rows, slept) == (500, [0.02])
    still_clock(1_700_000_011.0)
    found.step()
    assert found.rows == 1000


def test_imports_of_one_project_wait_for_each_other(project: Project, tmp_path: Path, data: Path) -> None:
    ready, leave = os.pipe(), os.pipe()

    def work() -> None:
        with lock.held(project.import_lock):
            os.write(ready[1], b"x")
            os.read(leave[0], 1)

    def run() -> None:
        with project.open() as con:
            import_file(project, con, data)

    with child(work) as pid:
        os.read(ready[0], 1)
        waiting = threading.Thread(target=run)
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        with project.open() as con:
            assert con.execute("SELECT count(*) FROM imports").fetchone()[0] == 2
        os.write(leave[1], b"x")
        waiting.join(30)
        os.waitpid(pid, 0)
    assert len(state_of(project)["imports"]) == 3
    assert project.import_lock.stat().st_mode & 0o777 == 0o600
    for end in (*ready, *leave):
        os.close(end)


def test_the_lock_is_held_while_an_import_runs_and_free_afterwards(
    project: Project, con: Connection, data: Path
) -> None:
    script = (
        "import fcntl, sys\n"
        "with open(sys.argv[1], 'r+') as f:\n"
        "    try: fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "    except OSError: sys.exit(9)\n"
    )

    def probe() -> int:
        return subprocess.run([sys.executable, "-c", script, str(project.import_lock)], check=False).returncode

    during: list[int] = []
    import_file(project, con, data, progress=lambda _done, _total: during.append(probe()))
    assert set(during) == {9}
    assert probe() == 0


def test_a_link_in_place_of_the_lock_is_not_followed(
    project: Project, con: Connection, data: Path, tmp_path: Path
) -> None:
    project.import_lock.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):  # noqa: PT011 (ELOOP)
        import_file(project, con, data)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.slow
def test_S7_memory_does_not_grow_with_the_file(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write("text,n\n")
        for n in range(200_000):
            file.write(f'"{n} {"lorem ipsum " * 80}",{n}\n')
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from core import project as p\n"
        "from core.importing.importer import import_file\n"
        "project = p.find(Path(sys.argv[1]))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "with project.open() as con: import_file(project, con, Path(sys.argv[2]))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(project.root), str(path)], check=True, capture_output=True, text=True
    )
    assert path.stat().st_size > 190_000_000
    assert int(done.stdout) < 100_000
