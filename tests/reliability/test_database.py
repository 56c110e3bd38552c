"""D: the database file, its snapshots, and what becomes of a damaged one."""

import hashlib
import random
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core import clock, connection, labelling, schema, snapshots
from core import project as projects
from core.connection import quick_check
from core.errors import HandfulError, InputError, RefusedError
from core.project import Project
from core.store import acts, examples, jobs, labels, marks, meta, models
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.conftest import AddTexts
from tests.folding import assert_folded
from tests.reliability.conftest import goes_red
from tests.terminal.session import HANDFUL


def answer(class_id: int) -> str:
    return CLASSIFY.encode(ClassAnswer(class_id))


def label(project: Project, *ids: int) -> None:
    with project.open() as con:
        for example_id in ids:
            decide(con, CLASSIFY, [Decision(example_id, answer(1))], "ann")


def labelled(path: Path) -> list[int]:
    con = connection.connect(path, readonly=True)
    try:
        return [row[0] for row in con.execute("SELECT example_id FROM answers ORDER BY seq")]
    finally:
        con.close()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# D1

VERSIONS = {
    (3, 6, 23): "truncate", (3, 7, 0): "truncate", (3, 40, 1): "truncate", (3, 44, 5): "truncate",
    (3, 44, 6): "wal", (3, 45, 0): "truncate", (3, 50, 6): "truncate", (3, 50, 7): "wal", (3, 51, 0): "truncate",
    (3, 51, 2): "truncate", (3, 51, 3): "wal", (3, 53, 4): "wal", (4, 0, 0): "wal",
}  # fmt: skip


def journals_follow_versions(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version, wanted in VERSIONS.items():
        monkeypatch.setattr(connection, "sqlite_version", lambda version=version: version)
        path = root / f"{'.'.join(map(str, version))}.db"
        connection.create_empty(path)
        con = connection.connect(path)
        assert connection.journal_mode(con) == wanted, version
        con.close()


def test_D1_a_write_ahead_log_is_used_on_a_fixed_sqlite_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journals_follow_versions(tmp_path, monkeypatch)


def test_D1_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "wal_is_safe", lambda _version: True)
    with goes_red():
        journals_follow_versions(tmp_path, monkeypatch)


def test_D1_this_installation_has_a_fixed_sqlite_and_doctor_names_it(project: Project) -> None:
    assert connection.wal_is_safe(connection.sqlite_version())
    done = subprocess.run([HANDFUL, "doctor", project.root], capture_output=True, text=True, check=False)
    assert f"SQLite: {'.'.join(map(str, connection.sqlite_version()))}" in done.stdout
    assert "journal: wal" in done.stdout


# D2


def damaged(content: bytes, kind: str) -> bytes:
    out, noise = bytearray(content), random.Random(3)
    if kind == "four pages":
        for page in (3, 5, 8, 12):
            out[page * 4096 : (page + 1) * 4096] = noise.randbytes(4096)
    if kind == "cut":
        del out[len(out) * 7 // 10 :]
    if kind == "zero head":
        out[:100] = bytes(100)
    return noise.randbytes(len(out)) if kind == "noise" else bytes(out)


@pytest.mark.parametrize("kind", ["four pages", "cut", "zero head", "noise", "empty"])
def test_D2_damage_is_named_with_the_way_back_and_one_command_goes_it(project: Project, kind: str) -> None:
    label(project, 1, 2)
    snapshot = snapshots.take(project.database)
    label(project, 3)
    content = project.database.read_bytes()
    project.database.write_bytes(b"" if kind == "empty" else damaged(content, kind))
    before = sha256(project.database)
    done = subprocess.run([HANDFUL, "doctor", project.root], capture_output=True, text=True, check=False)
    assert done.returncode in (2, 3)
    assert "Traceback" not in done.stderr
    assert "labels.db" in done.stderr or "handful restore" in done.stdout
    if kind != "empty":  # which is no damaged database but none at all
        assert str(snapshot.path) in done.stderr or "handful restore" in done.stdout
    assert sha256(project.database) == before
    back = subprocess.run([HANDFUL, "restore", project.root, "--yes"], capture_output=True, text=True, check=False)
    assert back.returncode == 0, back.stderr
    assert labelled(project.database) == [1, 2]
    aside = next(project.snapshots.glob("replaced-*"))
    assert sha256(aside / "labels.db") == before


# D4


def test_D4_a_migration_is_preceded_by_a_snapshot(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    label(project, 1)
    with monkeypatch.context() as newer:
        newer.setattr(schema, "VERSION", schema.VERSION + 1)
        newer.setattr(schema, "STEPS", (*schema.STEPS, lambda db: db.execute("CREATE TABLE later(a)")))
        projects.find(project.root)
    found = snapshots.listed(project.database)
    assert [s.why for s in found] == ["migration"]
    con = connection.connect(found[0].path, readonly=True)
    assert con.execute("PRAGMA user_version").fetchone()[0] == schema.VERSION
    con.close()


# D5


def snapshots_are_whole(project: Project) -> None:
    """Taken while somebody labels, each is one moment's state, verified, private; the last seven stay."""
    stop, told = threading.Event(), list[float]()

    def work() -> None:
        with project.open() as con:
            n = 0
            while not stop.is_set():
                begun = time.monotonic()
                decide(con, CLASSIFY, [Decision(n % 12 + 1, answer(n % 3 + 1))], "ann")
                told.append(time.monotonic() - begun)
                n += 1
                time.sleep(0.002)

    person = threading.Thread(target=work)
    person.start()
    try:
        for why in (snapshots.DAY, *[snapshots.ROUND] * 9, snapshots.ASKED):
            with project.open(readonly=True) as con:
                before = labels.last_seq(con)
            taken = snapshots.take(project.database, why)
            with project.open(readonly=True) as con:
                after = labels.last_seq(con)
            copy = connection.connect(taken.path, readonly=True)
            try:
                assert quick_check(copy) == "ok"
                assert before <= labels.last_seq(copy) <= after
                assert_folded(copy)
            finally:
                copy.close()
    finally:
        stop.set()
        person.join()
    found = snapshots.listed(project.database)
    assert [s.why for s in found] == [snapshots.ROUND] * 7 + [snapshots.ASKED]
    assert [s.number for s in found] == sorted(s.number for s in found)
    assert {stat.S_IMODE(p.stat().st_mode) for p in project.snapshots.iterdir()} == {0o600}
    assert not list(project.snapshots.glob(".stage-*"))
    assert len(told) > 5


def test_D5_snapshots_taken_while_people_label_are_whole_verified_and_private(project: Project) -> None:
    snapshots_are_whole(project)


def test_D5_can_fail(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file alone is copied, as one would by hand: what is in the log is not in it."""
    monkeypatch.setattr(snapshots, "copy_into", lambda _con, stage: shutil.copyfile(project.database, stage))
    with goes_red():
        snapshots_are_whole(project)


def test_D5_on_a_day_with_labels_one_is_due_and_then_no_more(
    project: Project, still_clock: Callable[[float], None]
) -> None:
    with project.open() as con:
        assert not snapshots.due_today(project.database, con)
        label(project, 1)
        assert snapshots.due_today(project.database, con)
        snapshots.take(project.database, snapshots.DAY)
        label(project, 2)
        assert not snapshots.due_today(project.database, con)
        still_clock(clock.now() + 86_400)
        assert not snapshots.due_today(project.database, con)
        label(project, 3)
        assert snapshots.due_today(project.database, con)


def test_D5_before_a_round_one_is_taken_unless_the_newest_holds_all_that_was_done(
    project: Project, add_texts: AddTexts
) -> None:
    def taken() -> bool:
        before = snapshots.listed(project.database)[-1:]
        there = snapshots.take_if_changed(project.database, snapshots.ROUND)
        assert there == snapshots.listed(project.database)[-1]
        return [there] != before

    def undo() -> None:
        with project.open() as con:
            acts.undo(con, CLASSIFY, "ann")

    def more() -> None:
        with project.open() as con:
            add_texts(con, ["one more text"])

    def end_a_round() -> None:
        with project.open() as con:
            models.start_round(con, jobs.enqueue(con, "round"), 1, "hash", 2)
            models.end_round(con, 1, "rejected", "words", {})

    def make_a_bundle() -> None:
        with project.open() as con:
            models.add_bundle(con, "somewhere", 1, {})

    def flag() -> None:
        with project.open() as con:
            marks.flag(con, 1, True, "ann")

    assert taken()
    assert not taken()
    for act in (lambda: label(project, 1), undo, flag, more, end_a_round, make_a_bundle):
        act()
        assert taken()
        assert not taken()
    newest = snapshots.listed(project.database)[-1].path
    newest.write_bytes(damaged(newest.read_bytes(), "four pages"))
    assert taken(), "a damaged one holds nothing"


def test_D5_a_damaged_database_makes_no_snapshot_and_takes_none_away(project: Project) -> None:
    label(project, 1)
    kept = snapshots.take(project.database)
    project.database.write_bytes(damaged(project.database.read_bytes(), "four pages"))
    with pytest.raises(HandfulError):
        snapshots.take(project.database)
    assert [s.path for s in snapshots.listed(project.database)] == [kept.path]
    assert not list(project.snapshots.glob(".stage-*"))


def test_D5_too_full_a_disk_is_said(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots.shutil, "disk_usage", lambda _path: type("Usage", (), {"free": 1_000_000}))
    with pytest.raises(RefusedError, match="too little room"):
        snapshots.take(project.database)
    assert snapshots.listed(project.database) == []


def test_D5_a_restore_is_refused_while_somebody_has_the_project_open(project: Project) -> None:
    label(project, 1)
    snapshot = snapshots.take(project.database)
    program = (
        "import sys, time; from pathlib import Path; from core.connection import connect\n"
        "con = connect(Path(sys.argv[1])); print('open', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, project.database], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(RefusedError, match="Somebody works"):
            snapshots.restore(project.database, snapshot)
        other.kill()
    assert snapshots.restore(project.database, snapshot) is not None
    assert labelled(project.database) == [1]


def test_D5_a_damaged_snapshot_is_refused_and_the_next_whole_one_found(project: Project) -> None:
    label(project, 1)
    first = snapshots.take(project.database)
    label(project, 2)
    second = snapshots.take(project.database)
    second.path.write_bytes(damaged(second.path.read_bytes(), "four pages"))
    with pytest.raises(InputError, match="damaged"):
        snapshots.restore(project.database, second)
    assert snapshots.newest_whole(project.database) == first
    assert labelled(project.database) == [1, 2]


def test_D5_after_a_restore_no_feature_stands_for_a_text_that_has_its_number_now(
    project: Project, add_texts: AddTexts
) -> None:
    snapshot = snapshots.take(project.database)
    with project.open() as con:
        add_texts(con, ["a text that the snapshot does not know"])
        meta.put(con, "embedded", 16)
    (project.embeddings / "space").mkdir()
    snapshots.restore(project.database, snapshot)
    assert list(project.embeddings.iterdir()) == []
    with project.open() as con:
        assert meta.get(con, "embedded") is None
        assert examples.extent(con)[0] == 15
        report = labelling.take_answers(con, CLASSIFY, project.settings(), ['{"id": 1, "label": "refund"}'], "ann")
        assert report == (1, 0)
        assert_folded(con)
    (project.embeddings / "space").mkdir()
    snapshots.restore(project.database, snapshot)  # of the same texts: what is computed stays
    assert (project.embeddings / "space").is_dir()


# D9


def test_D9_after_a_clean_exit_the_file_alone_is_whole(project: Project, tmp_path: Path) -> None:
    label(project, 1, 2, 3)
    assert not project.database.with_name("labels.db-wal").exists()
    shutil.copy(project.database, tmp_path / "alone.db")
    assert labelled(tmp_path / "alone.db") == [1, 2, 3]
