"""A new project is there whole, or not at all."""

import os
import signal
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from core import project as projects
from core import settings
from core.errors import InputError, RefusedError
from core.intake import new_project
from core.project import Project
from core.records import LabelClass
from core.store import classes, examples, meta


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "pool.csv"
    path.parent.mkdir()
    path.write_text("text,kind\na,x\nb,y\nc,\n")
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where projects are made in these tests; nothing else may appear in it."""
    path = tmp_path / "home"
    path.mkdir()
    return path


def make(home: Path, data: Path, **kwargs: Any) -> Project:
    project, _reports = new_project(home / "mine", data=data, **kwargs)
    return project


def test_a_new_project_holds_its_texts_and_answers(home: Path, data: Path) -> None:
    project, reports = new_project(home / "mine", data=data, label="kind")
    assert project == projects.find(home / "mine")
    assert [(r.new, r.answers) for r in reports] == [(3, 2)]
    with project.open() as con:
        assert [x.text for x in examples.walk(con)] == ["a", "b", "c"]
        assert list(classes.ids(con)) == ["x", "y"]
    assert project.settings() == settings.Settings()
    assert list(home.iterdir()) == [project.root]


def test_it_is_private_and_its_database_is_one_file(home: Path, data: Path) -> None:
    before = os.umask(0)
    try:
        project = make(home / "deep" / "er", data)
    finally:
        os.umask(before)
    paths = [home / "deep", home / "deep" / "er", project.root, *project.root.rglob("*")]
    assert [p for p in paths if stat.S_IMODE(p.stat().st_mode) & 0o077] == []
    assert sorted(p.name for p in project.root.iterdir() if p.name.startswith("labels.db")) == ["labels.db"]


def test_an_empty_directory_may_become_the_project(home: Path, data: Path) -> None:
    (home / "mine").mkdir()
    assert make(home, data).database.is_file()
    assert [p.name for p in home.iterdir()] == ["mine"]


def test_a_list_of_labels_closes_the_classes(home: Path, data: Path) -> None:
    project, reports = new_project(home / "mine", data=data, label="kind", labels="x,z")
    assert not project.settings().open_classes
    assert reports[0].refusals == ((3, "There is no class called 'y'."),)
    with project.open() as con:
        assert [(c.id, c.name) for c in classes.all_classes(con)] == [(1, "x"), (2, "z")]


def test_a_labels_file_describes_the_classes(home: Path, data: Path) -> None:
    path = data.with_name("labels.toml")
    path.write_text(
        '[[labels]]\nname = "x"\nkey = "q"\ndescription = "d"\nexamples = ["e"]\nkeywords = ["k"]\n'
        '[[labels]]\nname = "y"\n'
    )
    project = make(home, data, labels=str(path))
    with project.open() as con:
        found = classes.all_classes(con)
    assert found == [LabelClass(1, "x", "q", "d", ("e",), keywords=("k",)), LabelClass(2, "y")]


@pytest.mark.parametrize(
    ("pool_label", "header", "answers"), [("kind", "text,kind", 2), ("kind", "text,label", 2), (None, "text,label", 2),
                                          (None, "text,kind", 0)]
)  # fmt: skip
def test_the_test_files_label_is_found_by_the_pools_or_the_tasks_name(
    home: Path, data: Path, pool_label: str | None, header: str, answers: int
) -> None:
    test = data.with_name("test.csv")
    test.write_text(f"{header}\nt,x\na,y\n")
    project, reports = new_project(home / "mine", data=data, label=pool_label, test=test)
    assert (reports[1].split, reports[1].new, reports[1].moved) == ("test", 1, 1)
    with project.open() as con:
        assert meta.counters(con).get("test.answered", 0) == (answers if pool_label is None else 2)
        assert (meta.counters(con)["pool"], meta.counters(con)["test"]) == (2, 2)


def test_a_test_file_without_the_label_column_is_an_error(home: Path, data: Path) -> None:
    test = data.with_name("test.csv")
    test.write_text("text,other\nt,x\n")
    with pytest.raises(InputError, match="no column called 'kind'"):
        make(home, data, label="kind", test=test)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": Path("none.csv")},
        {"text": "none"},
        {"label": "none"},
        {"labels": "a,a"},
        {"labels": "none.toml"},
        {"test": Path("none.csv")},
        {"task": "none"},
        {"encoder": "./none"},
        {"encoder": "no such thing"},
        {"encoder": ""},
    ],
)
def test_whatever_is_wrong_nothing_is_left_behind(home: Path, data: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        new_project(home / "deep" / "mine", **{"data": data} | wrong)
    assert list(home.iterdir()) == []


def test_a_target_that_is_taken_is_refused_and_left_alone(
    home: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "mine").mkdir()
    (home / "mine" / "notes").write_text("mine")
    (home / "file").write_text("file")
    (home / "empty").mkdir()
    monkeypatch.chdir(home / "empty")
    for target in (home / "mine", home / "file", home / "file" / "below", Path(), home / "empty"):
        with pytest.raises(InputError):
            new_project(target, data=data)
    assert sorted(str(p.relative_to(home)) for p in home.rglob("*")) == ["empty", "file", "mine", "mine/notes"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_is_not_ones_own_is_refused(home: Path, data: Path) -> None:
    home.chmod(0o500)
    with pytest.raises(InputError, match="can't be made here"):
        make(home, data)


def test_a_name_too_long_for_the_disk_is_refused(home: Path, data: Path) -> None:
    with pytest.raises(InputError, match="can't be made here"):
        new_project(home / ("x" * 300), data=data)
    assert list(home.iterdir()) == []


def test_a_pipe_can_bring_the_pool_but_not_the_test_set(home: Path, data: Path) -> None:
    pipe = data.with_name("pipe")
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="can't be a pipe"):
        make(home, data, test=pipe)
    assert list(home.iterdir()) == []
    writer = threading.Thread(target=pipe.write_bytes, args=(data.read_bytes(),))
    writer.start()
    with make(home, pipe).open() as con:
        assert examples.total(con) == 3
    writer.join()


def test_a_project_that_appears_meanwhile_is_not_replaced(home: Path, data: Path) -> None:
    def meanwhile(_done: int, _total: int) -> None:
        (home / "mine").mkdir(exist_ok=True)
        (home / "mine" / "labels.db").write_text("somebody else's")

    with pytest.raises(InputError, match="already"):
        make(home, data, progress=meanwhile)
    assert (home / "mine" / "labels.db").read_text() == "somebody else's"
    assert [p.name for p in home.iterdir()] == ["mine"]


def test_a_disk_that_fails_is_told_and_nothing_is_left(home: Path, data: Path) -> None:
    def fail(_done: int, _total: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(RefusedError, match="No space left"):
        make(home, data, progress=fail)
    assert list(home.iterdir()) == []


def test_D14_a_kill_leaves_no_project(home: Path, data: Path) -> None:
    pid = os.fork()
    if pid == 0:
        make(home, data, progress=lambda _done, _total: os.kill(os.getpid(), signal.SIGKILL))
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL
    with pytest.raises(InputError, match="no project"):
        projects.find(home / "mine")
    assert projects.find(make(home, data).root)


def test_an_encoder_directory_is_stored_by_its_absolute_path(
    home: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = data.parent / "encoder"
    encoder.mkdir()
    monkeypatch.chdir(data.parent)
    with pytest.raises(InputError, match="no encoder"):
        make(home, data, encoder="encoder")
    (encoder / "config.json").write_text("{}")
    with pytest.raises(InputError, match=r"lacks model\.safetensors"):
        make(home, data, encoder="encoder")
    (encoder / "model.safetensors").write_bytes(b"")
    Tokenizer(WordLevel({"[UNK]": 0}, "[UNK]")).save(str(encoder / "tokenizer.json"))
    assert make(home, data, encoder="encoder").settings().encoder == str(encoder)


@pytest.mark.parametrize("name", ["minilm", "intfloat/multilingual-e5-small", "bert-base-uncased"])
def test_a_name_is_stored_as_it_is(home: Path, data: Path, name: str) -> None:
    assert make(home, data, encoder=name).settings().encoder == name
