"""S: privacy and safety on a shared host."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from core import purging, snapshots
from core.connection import transaction
from core.errors import InputError
from core.project import Project
from core.store import marks, meta, models, removal, search
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.vectors import VectorStore
from tests.conftest import AddTexts
from tests.folding import assert_folded
from tests.terminal.session import HANDFUL

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
