"""Creating and refusing databases: nothing in between, nothing changed where something is refused."""

import hashlib
import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core import connection, schema
from core import project as projects
from core.connection import Connection, connect, create_empty
from core.errors import InputError
from core.project import Project


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tables(path: Path) -> list[str]:
    con = connect(path)
    try:
        return [row[0] for row in con.execute("SELECT name FROM sqlite_master ORDER BY name")]
    finally:
        con.close()


def version(path: Path) -> int:
    con = connect(path)
    try:
        return int(con.execute("PRAGMA user_version").fetchone()[0])
    finally:
        con.close()


def change(path: Path, *statements: str) -> None:
    con = connect(path)
    for statement in statements:
        con.execute(statement)
    con.close()


def assert_refused_untouched(project: Project, *words: str) -> None:
    before, names = sha256(project.database), sorted(p.name for p in project.root.iterdir())
    with pytest.raises(InputError) as caught:
        projects.find(project.root)
    for word in words:
        assert word in str(caught.value)
    assert sha256(project.database) == before
    assert sorted(p.name for p in project.root.iterdir()) == names


def test_a_project_is_found_as_it_was_made(project: Project) -> None:
    assert projects.find(project.root) == project
    assert version(project.database) == schema.VERSION
    assert project.settings().encoder == "minilm"
    with project.open() as con:
        assert project.task(con).name == "classify"
        assert schema.check(con, project.database)


def test_D3_a_newer_schema_is_refused_with_both_versions(project: Project) -> None:
    change(project.database, "PRAGMA user_version=99")
    assert_refused_untouched(project, "newer Handful", "99", str(schema.VERSION))


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_D3_another_program_s_database_is_refused(mode: str, project: Project) -> None:
    change(project.database, "PRAGMA application_id=252006674", f"PRAGMA journal_mode={mode}")
    assert_refused_untouched(project, "not a Handful project", "252006674")


HOSTILE = {
    "trigger": "CREATE TRIGGER evil AFTER INSERT ON events BEGIN DELETE FROM answers; END",
    "view": "CREATE VIEW evil AS SELECT * FROM events",
}


@pytest.mark.parametrize("kind", sorted(HOSTILE))
def test_D13_triggers_and_views_are_refused(kind: str, project: Project) -> None:
    change(project.database, HOSTILE[kind])
    assert_refused_untouched(project, "code that Handful did not put there", f"{kind} evil")


def test_D13_a_trigger_in_disguise_is_refused_too(project: Project) -> None:
    """Written into sqlite_master by hand, it may bear SQLite's own prefix and its type in capitals; it would run."""
    change(
        project.database,
        "PRAGMA writable_schema=ON",
        HOSTILE["trigger"],
        "UPDATE sqlite_master SET name = 'sqlite_evil', type = 'TRIGGER', sql = replace(sql, 'evil', 'sqlite_evil')"
        " WHERE name = 'evil'",
    )
    assert_refused_untouched(project, "code that Handful did not put there", "sqlite_evil")


def test_D13_a_trigger_that_claims_to_be_something_else_is_refused_too(project: Project) -> None:
    change(
        project.database,
        "PRAGMA writable_schema=ON",
        HOSTILE["trigger"],
        "UPDATE sqlite_master SET type = 'index' WHERE name = 'evil'",
    )
    assert_refused_untouched(project, "can't be read", "evil")


def fail_at(monkeypatch: pytest.MonkeyPatch, nth: int) -> Callable[[], int]:
    """Make the nth statement of a migration raise; returns how many were tried."""
    seen = 0

    def run(db: object, script: str) -> None:
        nonlocal seen
        for statement in script.split(";"):
            if statement.strip():
                seen += 1
                if seen == nth:
                    raise KeyboardInterrupt
                db.execute(statement)  # type: ignore[attr-defined]

    monkeypatch.setattr(schema, "_run", run)
    return lambda: seen


@pytest.mark.parametrize("nth", [1, 2, 9, 10, 15, 22, 30])
def test_D4_a_migration_that_breaks_off_leaves_the_old_schema(
    nth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "labels.db"
    create_empty(path)
    with monkeypatch.context() as patch:
        tried = fail_at(patch, nth)
        with pytest.raises(KeyboardInterrupt):
            schema.migrate(path)
        assert tried() == nth
    assert tables(path) == []
    assert version(path) == 0
    schema.migrate(path)
    assert version(path) == schema.VERSION


def old_project(project: Project, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of the first version, with a text in it."""
    path = root / "labels.db"
    root.mkdir()
    for directory in ("embeddings", "scores", "rounds", "bundles", "logs"):
        shutil.copytree(project.root / directory, root / directory)
    create_empty(path)
    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", schema.STEPS[:1])
        schema.migrate(path)
    change(path, "INSERT INTO meta(key, value) VALUES ('task', '\"classify\"')")
    return path


def test_D4_an_older_project_is_brought_up_to_date_with_its_rows(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old_project(project, tmp_path / "old", monkeypatch)
    assert version(path) == 1
    with monkeypatch.context() as patch:
        fail_at(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            projects.find(path.parent)
    assert version(path) == 1
    assert "answers" not in tables(path)
    found = projects.find(path.parent)
    assert version(path) == schema.VERSION
    assert tables(path) == tables(project.database)
    with found.open() as con:
        assert found.task(con).name == "classify"


def test_of_two_migrations_at_once_the_second_waits_and_finds_nothing_to_do(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old_project(project, tmp_path / "old", monkeypatch)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(schema.migrate, [path] * 4))
    assert tables(path) == tables(project.database)


def test_a_second_migration_finds_nothing_to_do(project: Project) -> None:
    before = sha256(project.database)
    schema.migrate(project.database)
    assert sha256(project.database) == before


def test_C5_a_migration_takes_the_write_lock_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def traced(path: Path, *, readonly: bool = False) -> Connection:
        con = connect(path, readonly=readonly)
        con.set_trace_callback(said.append)
        return con

    monkeypatch.setattr(schema, "connect", traced)
    create_empty(tmp_path / "labels.db")
    schema.migrate(tmp_path / "labels.db")
    begins = [statement for statement in said if re.match(r"\s*BEGIN", statement, re.IGNORECASE)]
    assert begins == ["BEGIN IMMEDIATE"]


def test_a_project_that_names_no_task_known_here_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing called 'poetry'"):
        projects.create(tmp_path, "poetry")
    assert list(tmp_path.iterdir()) == []


def test_the_application_id_spells_the_name() -> None:
    assert connection.APPLICATION_ID.to_bytes(4, "big") == b"HFL1"
