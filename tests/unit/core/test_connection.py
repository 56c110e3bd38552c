"""Promises of every connection: what is durable, what is private, and that a refused file stays as it was."""

import hashlib
import os
import random
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core import connection
from core import project as projects
from core.connection import connect, create_empty, transaction
from core.errors import HandfulError, InputError, RefusedError
from core.project import Project


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), False),
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 44, 9), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 1), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((3, 53, 4), True),
        ((4, 0, 0), True),
    ],
)
def test_D1_write_ahead_logging_is_used_only_where_sqlite_is_free_of_the_reset_bug(
    version: tuple[int, int, int], safe: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.connection.sqlite3.sqlite_version", ".".join(map(str, version)))
    monkeypatch.setattr(connection, "is_network", lambda _path: False)
    create_empty(tmp_path / "a.db")
    con = connect(tmp_path / "a.db")
    assert connection.sqlite_version() == version
    assert connection.journal_mode(con) == ("wal" if safe else "truncate")
    con.close()


def test_the_sqlite_that_is_installed_here_is_a_fixed_one() -> None:
    assert connection.wal_is_safe(connection.sqlite_version())


def test_a_network_file_system_gets_no_write_ahead_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "is_network", lambda _path: True)
    create_empty(tmp_path / "a.db")
    con = connect(tmp_path / "a.db")
    assert connection.journal_mode(con) == "truncate"
    con.close()


@pytest.mark.parametrize("mode", ["wal", "truncate"])
@pytest.mark.parametrize("readonly", [False, True])
def test_L2_every_connection_keeps_the_same_promises(
    mode: str, readonly: bool, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "wanted_journal_mode", lambda _path: mode)
    with project.open() as first, project.open(readonly=readonly) as con:
        assert connection.journal_mode(first) == mode
        for pragma, value in {"synchronous": 2, "foreign_keys": 1, "trusted_schema": 0, "busy_timeout": 5000}.items():
            assert con.execute(f"PRAGMA {pragma}").fetchone()[0] == value, pragma


def test_a_readonly_connection_can_not_write(project: Project) -> None:
    with project.open(readonly=True) as con, pytest.raises(connection.OperationalError, match="readonly"):
        con.execute("DELETE FROM examples")


def test_a_readonly_connection_leaves_the_database_file_whole(project: Project) -> None:
    """The last one to close moves the log into the file and takes it away, whoever it is."""
    with project.open(readonly=True) as con:
        con.execute("SELECT count(*) FROM examples").fetchone()
        with project.open() as writer, transaction(writer):
            writer.execute("INSERT INTO meta(key, value) VALUES ('late', '1')")
    assert sorted(p.name for p in project.root.glob("labels.db*")) == ["labels.db"]


def test_reading_after_a_crash_rolls_the_journal_back(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a rollback journal, a writer that was killed in a commit leaves one that the next reader must play back."""
    script = """
import os, sys
from pathlib import Path
from core import connection
connection.wanted_journal_mode = lambda _path: "truncate"
con = connection.connect(Path(sys.argv[1]))
con.execute("PRAGMA cache_size=1")
con.execute("BEGIN IMMEDIATE")
con.execute("UPDATE examples SET text = hex(zeroblob(20000))")
os._exit(9)
"""
    monkeypatch.setattr(connection, "wanted_journal_mode", lambda _path: "truncate")
    subprocess.run([sys.executable, "-c", script, project.database], check=False)
    assert project.database.with_name("labels.db-journal").stat().st_size > 0
    with project.open(readonly=True) as con:
        assert con.execute("SELECT max(length(text)) FROM examples").fetchone()[0] < 100
        assert connection.quick_check(con) == "ok"


def test_a_missing_file_is_said_and_not_created(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no database here"):
        connect(tmp_path / "no.db")
    with pytest.raises(InputError, match="There is no project here"):
        projects.find(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["NUL\x00inside", "x" * 5000])
def test_a_path_that_can_not_be_one_is_no_database(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        connect(tmp_path / name)


def test_odd_characters_in_the_path_are_only_characters(tmp_path: Path) -> None:
    for name in ("a b", "50%25", "x?mode=ro#y", "ümläut", "日本", "half\udc80byte", "-rf", "a;b", "line\nfeed"):
        directory = tmp_path / name
        directory.mkdir()
        create_empty(directory / "labels.db")
        con = connect(directory / "labels.db")
        con.execute("CREATE TABLE t(a)")
        con.close()
        assert (directory / "labels.db").stat().st_size > 0, name


def damaged(kind: str, whole: bytes) -> bytes:
    noise = random.Random(7)
    return {
        "random bytes": noise.randbytes(len(whole)),
        "zero header": bytes(100) + whole[100:],
        "text": b"id,text\n1,hello\n" * 500,
        "one byte": b"S",
        "head cut": whole[16:],
    }[kind]


@pytest.mark.parametrize("kind", ["random bytes", "zero header", "text", "one byte", "head cut"])
def test_D2_a_damaged_head_is_refused_and_left_alone(kind: str, project: Project) -> None:
    project.database.write_bytes(damaged(kind, project.database.read_bytes()))
    before = sha256(project.database)
    with pytest.raises(InputError) as caught:
        projects.find(project.root)
    assert caught.value.hint
    assert "labels.db" in caught.value.what
    assert sha256(project.database) == before
    assert [p.name for p in project.root.glob("labels.db*")] == ["labels.db"]


def test_D2_an_empty_file_is_no_project_and_stays_empty(project: Project) -> None:
    project.database.write_bytes(b"")
    with pytest.raises(InputError, match="not a Handful project"):
        projects.find(project.root)
    assert project.database.stat().st_size == 0


def test_D2_damage_further_in_is_told_in_words_and_changes_nothing(project: Project) -> None:
    content = bytearray(project.database.read_bytes())
    for page in range(3, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    project.database.write_bytes(bytes(content))
    before = sha256(project.database)
    with pytest.raises(HandfulError) as caught, projects.find(project.root).open(readonly=True) as con:  # noqa: PT012
        con.execute("SELECT count(*), max(text) FROM examples").fetchone()
        con.execute("SELECT * FROM answers").fetchall()
    assert "malformed" in caught.value.what
    assert sha256(project.database) == before


def test_the_files_of_a_database_are_private_whatever_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        create_empty(tmp_path / "labels.db")
        con = connect(tmp_path / "labels.db")
        con.execute("CREATE TABLE t(a)")
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
        con.close()
    finally:
        os.umask(before)
    assert modes == {"labels.db": 0o600, "labels.db-wal": 0o600, "labels.db-shm": 0o600}


def test_creating_never_touches_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "there.db").write_bytes(b"content")
    (tmp_path / "link.db").symlink_to(tmp_path / "elsewhere")
    for name in ("there.db", "link.db"):
        with pytest.raises(FileExistsError):
            create_empty(tmp_path / name)
    assert (tmp_path / "there.db").read_bytes() == b"content"
    assert not (tmp_path / "elsewhere").exists()


def test_a_failing_block_leaves_nothing_of_itself(project: Project) -> None:
    with project.open() as con:
        with pytest.raises(KeyboardInterrupt), transaction(con):  # noqa: PT012
            con.execute("DELETE FROM meta")
            raise KeyboardInterrupt
        assert not con.in_transaction
        assert con.execute("SELECT count(*) FROM meta").fetchone()[0] > 0


def test_a_locked_database_is_told_as_that(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BUSY_MS", 20)
    with project.open() as writer, transaction(writer):  # noqa: SIM117 (the order matters)
        with pytest.raises(RefusedError, match="keeps the database locked") as caught, project.open() as con:
            with transaction(con):
                pass
    assert caught.value.exit_code == 3


def test_leaving_the_write_ahead_log_is_refused_while_somebody_else_uses_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with project.open() as first:
        first.execute("SELECT count(*) FROM meta").fetchone()
        monkeypatch.setattr(connection, "wanted_journal_mode", lambda _path: "truncate")
        monkeypatch.setattr(connection, "BUSY_MS", 20)
        with pytest.raises(RefusedError), project.open():
            pass
        with project.open(readonly=True) as reader:
            assert connection.journal_mode(reader) == "wal"


def test_a_full_disk_is_told_as_that(project: Project) -> None:
    with pytest.raises(RefusedError, match="can't be written") as caught, project.open() as con:  # noqa: PT012
        pages = con.execute("PRAGMA page_count").fetchone()[0]
        con.execute(f"PRAGMA max_page_count={pages:d}")
        with transaction(con):
            for _ in range(100):
                con.execute("INSERT INTO meta(key, value) VALUES (hex(randomblob(16)), hex(zeroblob(2000)))")
    assert "df -h" in caught.value.hint
    with project.open() as con:
        assert con.execute("SELECT count(*) FROM meta WHERE length(key) = 32").fetchone()[0] == 0


def test_a_mistake_of_ours_is_not_dressed_up_as_the_user_s(project: Project) -> None:
    with pytest.raises(connection.OperationalError, match="no such table"), project.open() as con:
        con.execute("SELECT * FROM no_such")
    with pytest.raises(connection.IntegrityError), project.open() as con:
        con.execute("INSERT INTO meta(key) VALUES ('task')")


def test_a_file_that_may_not_be_opened_is_told_as_that(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        error = connection.OperationalError("unable to open database file")
        error.sqlite_errorcode = 14
        raise error

    monkeypatch.setattr("core.connection.sqlite3.connect", refuse)
    with pytest.raises(InputError, match="can't be opened"):
        connect(project.database)


def test_a_directory_that_may_not_be_entered_holds_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(InputError, match="There is no project here"):
        projects.find(tmp_path)
