"""S: privacy and safety on a shared host."""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core import purging, snapshots
from core.connection import transaction
from core.errors import InputError, RefusedError
from core.project import Project
from core.store import marks, meta, models, patterns, removal, search
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.vectors import VectorStore
from tests.conftest import AddTexts
from tests.folding import assert_folded
from tests.reliability.conftest import Open, goes_red, weakened
from tests.terminal.session import HANDFUL
from tests.terminal.test_promises import ready
from tests.worker.living import wait_until, workers

PRIVATE = 'My account number is 4711-0815 "and" this is private — geheim'


@pytest.fixture
def secret(project: Project, add_texts: AddTexts) -> int:
    """A text that must go, labelled, noted, exported, copied and embedded; its number."""
    with project.open() as con:
        add_texts(con, [PRIVATE])
        number = int(con.execute("SELECT id FROM examples WHERE text = ?", (PRIVATE,)).fetchone()[0])
        decide(con, CLASSIFY, [Decision(number, CLASSIFY.encode(ClassAnswer(1))), Decision(1, None)], "ann")
        marks.note(con, number, f"see: {PRIVATE}", "ann")
        with transaction(con):
            meta.put(con, f"draft:note:{number}:ann", f"half of {PRIVATE}")
        models.add_bundle(con, str(project.bundles / "one"), 1, {})
    snapshots.take(project.database)
    for name, content in (("one", json.dumps({"golden": PRIVATE})), ("two", "harmless")):
        (project.bundles / name).mkdir()
        (project.bundles / name / "golden.json").write_text(content, "utf-8")
    (project.logs / "worker.log").write_text(f"something said {PRIVATE}\n", "utf-8")
    space = project.embeddings / "space"
    space.mkdir()
    (space / "space.json").write_text('{"dim": 4}', "utf-8")
    VectorStore(space, 4).append(np.array([1, number]), np.array([[1, 0, 0, 0], [0, 0, 0, 7]], np.float32))
    return number


def found_in(project: Project) -> list[Path]:
    forms = (PRIVATE.encode(), json.dumps(PRIVATE)[1:-1].encode(), b"4711-0815", b"geheim")
    files = [path for path in project.root.rglob("*") if path.is_file()]
    return [path for path in files if any(form in path.read_bytes() for form in forms)]


def test_S6_a_purged_text_is_nowhere_in_the_project(project: Project, secret: int) -> None:
    assert len(found_in(project)) >= 4
    done = purging.purge(project, [secret])
    assert found_in(project) == []
    assert (done.texts, done.snapshots, done.left, done.unseen) == (1, 1, (), 0)
    assert not (project.bundles / "one").exists()
    assert (project.bundles / "two").exists()
    assert np.abs(VectorStore(project.embeddings / "space", 4).vectors()).max() < 7
    with project.open() as con:
        assert_folded(con)
        assert search.find(con, "geheim") == []
        assert search.find(con, "router") != []
        assert con.execute("SELECT count(*) FROM search WHERE search MATCH 'geheim'").fetchone()[0] == 0


def test_S6_purging_by_the_text_itself_from_a_file_that_others_can_not_read(project: Project, secret: int) -> None:
    command = [HANDFUL, "purge", project.root, "--texts", "-", "--yes", "--json"]
    done = subprocess.run(command, input=PRIVATE + "\n", capture_output=True, text=True, check=True, encoding="utf-8")
    assert json.loads(done.stdout)["texts"] == 1
    assert found_in(project) == []


def test_S6_typed_patterns_go_with_the_only_text_they_stand_in(project: Project, secret: int) -> None:
    typed = "[refund]\nis private\nrefund\n/[0-9]{4}-[0-9]{4}/\n[login]\n4711-0815\n"
    with project.open() as con:
        patterns.write(con, typed, "ann")
        patterns.write(con, typed + "My ACCOUNT\n", "ann")
    done = purging.purge(project, [secret])
    assert (done.terms, done.kept_terms) == (2, ("My ACCOUNT",))  # which another text has, in other letters
    assert found_in(project) == []
    with project.open() as con:
        assert patterns.current(con) == "[refund]\nrefund\n/[0-9]{4}-[0-9]{4}/\n[login]\nMy ACCOUNT\n"
        assert [text.count("private") for text in patterns.versions(con)] == [0, 0]
        assert_folded(con)


def test_S6_what_can_not_be_purged_changes_nothing(project: Project, secret: int) -> None:
    with pytest.raises(InputError, match="no such text"):
        purging.purge(project, [secret, 9999])
    assert len(snapshots.listed(project.database)) == 1
    assert len(found_in(project)) >= 4


def test_S6_every_table_with_texts_of_a_person_is_known_to_the_purge(project: Project) -> None:
    with project.open(readonly=True) as con:
        tables = [r[0] for r in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        about_texts = {t for t in tables if any(r[1] == "example_id" for r in con.execute(f"PRAGMA table_info({t})"))}
    assert about_texts == set(removal.OF_A_TEXT)


# S1


def everything_is_private(root: Path, command: Callable[..., list[str | Path]]) -> None:
    """A life of a project under a umask that keeps nothing from anybody."""
    texts = root / "texts.csv"
    texts.write_text("text\n" + "".join(f"message {n}\n" for n in range(20)), "utf-8")
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "HANDFUL_SHARED": "1"}  # the check below is the one that counts

    def run(*arguments: object, given: str = "") -> None:
        subprocess.run(
            command(*arguments), input=given, text=True, check=True, cwd=root, env=env, umask=0, capture_output=True
        )

    before = set(root.rglob("*"))
    run("new", "mail", "--data", texts, "--labels", "a,b")
    run("next", "mail", "-n", "2", "--no-wait")
    run("label", "mail", "-", given='{"id": 1, "label": "a"}\n{"id": 2, "label": "b"}\n')
    run("config", "mail", "strategy", "random")
    run("snapshot", "mail")
    run("labels", "mail", "--to", "out.jsonl")
    run("purge", "mail", "3", "--yes")
    project = Project(root / "mail")
    wait_until((project.logs / "worker.log").exists, 20)
    open_to_others = [
        path
        for path in set(root.rglob("*")) - before
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert not open_to_others, open_to_others


@pytest.fixture
def ended(tmp_path: Path) -> Iterator[Path]:
    """A directory whose project's workers are ended afterwards."""
    yield tmp_path
    for pid in workers(Project(tmp_path / "mail")):
        os.kill(pid, 9)


def test_S1_under_umask_000_every_file_is_ones_own(ended: Path) -> None:
    everything_is_private(ended, lambda *words: [HANDFUL, *(str(word) for word in words)])


@pytest.mark.slow
def test_S1_can_fail(ended: Path) -> None:
    with goes_red():
        everything_is_private(ended, lambda *words: weakened("open_files", *words))


# S3, S4


def sockets_of(pid: int) -> set[str]:
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            there = str(entry.readlink())
        except OSError:
            continue
        if there.startswith("socket:"):
            found.add(there[8:-1])
    return found


def listening() -> set[str]:
    """Inodes of sockets of the Internet kinds that listen or are bound."""
    found = set()
    for name in ("tcp", "tcp6", "udp", "udp6"):
        path = Path("/proc/net") / name
        if path.exists():
            found |= {line.split()[9] for line in path.read_text("ascii").splitlines()[1:]}
    return found


def test_S3_S4_app_and_worker_open_no_port_and_tell_no_text(open_app: Open, project: Project) -> None:
    with project.open() as con, transaction(con):
        con.execute("UPDATE examples SET text = ? || id WHERE split = 'pool'", (PRIVATE,))
    session = open_app()
    ready(session)
    session.press("1", "2")
    wait_until(lambda: workers(project), 20)
    for pid in [session.process.pid, *workers(project)]:
        assert not sockets_of(pid) & listening()
        for name in ("cmdline", "environ", "comm"):
            assert b"4711-0815" not in Path(f"/proc/{pid}/{name}").read_bytes()
    titles = re.findall(rb"\x1b\][012];([^\x07\x1b]*)", session.written)
    assert not [title for title in titles if b"4711" in title]
    for path in project.logs.glob("*"):
        assert b"4711-0815" not in path.read_bytes()


# S8


def test_S8_old_libraries_are_refused_by_the_resolver() -> None:
    from importlib.metadata import requires

    from packaging.requirements import Requirement

    wanted = [Requirement(line) for line in requires("handful") or ()]
    floors = {need.name: need.specifier for need in wanted}
    for name, too_old in {"torch": "2.9.9", "onnx": "1.20.9", "transformers": "4.99", "pysqlite3": "0.6.0"}.items():
        assert too_old not in floors[name], name
    assert sys.version_info >= (3, 11)


# S2


def test_S2_a_project_that_others_own_or_may_write_to_is_refused_unless_told(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core import project as projects

    for mode, refused in ((0o700, False), (0o755, False), (0o770, True), (0o707, True), (0o1777, True)):
        project.root.chmod(mode)
        if refused:
            with pytest.raises(RefusedError, match="not yours alone"):
                projects.find(project.root)
            monkeypatch.setenv(projects.SHARED, "1")
        assert projects.find(project.root) == project
        monkeypatch.delenv(projects.SHARED, raising=False)
    project.root.chmod(0o700)
    monkeypatch.setattr(os, "getuid", lambda: project.root.stat().st_uid + 1)
    with pytest.raises(RefusedError, match="not yours alone"):
        projects.find(project.root)
