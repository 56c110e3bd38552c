"""Whatever is handed in that can't be used: a clear sentence with what to do, exit code 2, and nothing changed."""

import ctypes
import gzip
import json
import random
import shutil
import sqlite3
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.project import Project
from core.store import labels, models
from tests.e2e.cli import Cli, Said, digest
from tests.e2e.conftest import CLASSES, TEXTS, give, set_options, write_csv
from tui.commands import COMMANDS

GOOD = "message,kind\n" + "".join(f"words {n},{'abc'[n % 3]}\n" for n in range(9))
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
LINES = ['{"id": 1, "label": "billing"}', '{"id": 2, "label": "delivery"}']


@dataclass(frozen=True)
class Case:
    """One thing that is wrong."""

    name: str
    args: tuple[str, ...]
    says: tuple[str, ...]
    """What the error must hold: what was found, and what to do."""
    files: dict[str, str | bytes] = field(default_factory=dict)
    stdin: str | bytes = ""
    code: int = 2


def write(cwd: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        (cwd / name).parent.mkdir(parents=True, exist_ok=True)
        (cwd / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))


def assert_error(said: Said, says: tuple[str, ...]) -> None:
    """Title, and what was found or what to do below it; nothing on stdout."""
    assert said.out == ""
    assert said.err.startswith("Error: ")
    assert len(said.err.splitlines()) >= 2, said.err
    for part in says:
        assert part in said.err, said.err


def new(name: str, content: str | bytes, *says: str, options: tuple[str, ...] = (), source: str = "data.csv") -> Case:
    """A file that no project can be made from."""
    return Case(name, ("new", "mail", "--data", source, *options), says, {source: content})


BROKEN_JSONL = (
    "".join(json.dumps({"text": f"words {n}"}) + "\n" for n in range(6)) + '{"text": "x" "y"}\n{"text": "z"}\n'
)
MANY = "text,label\n" + "".join(f"words {n},l{n}\n" for n in range(5000))
NO_PROJECT = (
    Case("missing file", ("new", "mail", "--data", "no.csv"), ("There is no such file", "no.csv", "Check the path")),
    Case("a directory as file", ("new", "mail", "--data", "."), ("There is no file in this directory",)),
    Case("no file named", ("new", "mail"), ("Missing option '--data'", "handful new --help")),
    new("empty", "", "This file is empty", "data.csv", "Give a file with one text a row"),
    new("header only", "text,label\n", "No row of this file can be used", "Give CSV or TSV with a header"),
    new("blank lines", "\n\n  \n", "No row", "line 1: The text is empty", source="data.txt"),
    new(
        "no such text column", GOOD, "'mesage'", "message, kind", "Did you mean 'message'", options=("--text", "mesage")
    ),
    new("no such label column", GOOD, "'kid'", "message, kind", "Did you mean 'kind'", options=("--label", "kid")),
    new("text is label", GOOD, "can't be the same column", options=("--text", "kind", "--label", "kind")),
    new(
        "broken JSON at line 7", BROKEN_JSONL, "data.jsonl, line 7, column 14", "one whole object", source="data.jsonl"
    ),
    new("one JSON array", '[{"text": "a"}]', "one JSON array", "the ending .json", source="data.jsonl"),
    new("JSON cut off", '[{"text": "a"},', "broken JSON", "line 1, column 16", "it ends here", source="data.json"),
    new("a gzip bomb", gzip.compress(bytes(100_000_000)), "not a text file", source="data.txt.gz"),
    new("no Parquet", b"PAR1" + b"0" * 50, "This Parquet file can't be read", source="data.parquet"),
    Case("a data set by half", ("new", "mail", "--data", "hf:owner/name"), ("no address of a data set", ":split")),
    new("a picture", PICTURE, "This is not a text file", "binary data"),
    new("noise", random.Random(0).randbytes(5000), "This is not a text file", source="data.txt"),
    new("gzip", b"\x1f\x8b\x08\x00" + b"0" * 50, "This is not a text file", "gunzip"),
    new("a spreadsheet", b"PK\x03\x04" + b"0" * 50, "This is not a text file", "Save it as CSV"),
    new("latin-1", "text\ncaf\u00e9 ol\u00e9\n".encode("latin-1"), "not UTF-8", "line 2", "0xe9", "iconv -f latin1"),
    new("open quote", 'text,label\n"open,a\n' + "x,y\n" * 5, "quote", "line 2", "write each quote"),
    new("5,000 classes", MANY, "Too many different values", "has 5,000", "up to 1,000", options=("--label", "label")),
    new("class twice", GOOD, "the name 'a' is taken (label 1)", options=("--labels", "a,b,a")),
    new("class without name", GOOD, "the name is empty", "--labels a,b,c", options=("--labels", "")),
    new("no labels file", GOOD, "There is no such file", "no.toml", options=("--labels", "no.toml")),
    new("unknown task", GOOD, "'clasify'", "classify", options=("--task", "clasify")),
    new("no encoder directory", GOOD, "no directory with a config.json", options=("--encoder", "./no")),
    new("no possible encoder", GOOD, "no encoder called 'no such'", "Check", options=("--encoder", "no such")),
    new("no test file", GOOD, "There is no such file", "no.csv", options=("--test", "no.csv")),
    Case(
        "a file in the way", ("new", "in.csv", "--data", "in.csv"), ("This is no directory", "Name"), {"in.csv": GOOD}
    ),
    Case("below a file", ("new", "in.csv/x", "--data", "in.csv"), ("can't be made here",), {"in.csv": GOOD}),
    Case("something there", ("new", "full", "--data", "in.csv"), ("handful import",), {"in.csv": GOOD, "full/x": b""}),
    Case("the current directory", ("new", ".", "--data", "in.csv"), ("already",), {"in.csv": GOOD}),
)


@pytest.mark.parametrize("case", NO_PROJECT, ids=lambda case: case.name)
def test_no_project_is_made(forked: Cli, case: Case) -> None:
    write(forked.cwd, case.files)
    before = digest(forked.cwd)
    assert_error(forked(*case.args, code=case.code), case.says)
    assert digest(forked.cwd) == before


def test_a_process_of_its_own_says_the_same(handful: Cli) -> None:
    write(handful.cwd, {"in.csv": GOOD, "latin.csv": "text\ncaf\u00e9 ol\u00e9\n".encode("latin-1")})
    before = digest(handful.cwd)
    assert_error(handful("new", "mail", "--data", "no.csv", code=2), ("There is no such file", "no.csv"))
    assert_error(handful("new", "mail", "--data", "latin.csv", code=2), ("not UTF-8", "line 2", "iconv"))
    assert_error(handful("new", "mail", "--data", "in.csv", "--text", "mesage", code=2), ("Did you mean 'message'",))
    assert_error(handful("status", "mail", code=2), ("There is no project here",))
    assert digest(handful.cwd) == before


LABELS_FILES = {
    "broken TOML": ("labels.toml", "[[labels]\nname = 'a'\n", ("labels.toml", "line 1", "--labels a,b,c")),
    "no tables": ("labels.toml", "name = 'a'\n", ("no tables [[labels]]",)),
    "two problems": ("labels.csv", "name,kee,key\nb,,1\n,,22\n", ("no field 'kee'", "did you mean 'key'", "line 3: ")),
    "key twice": ("labels.csv", "name,key\na,x\nb,x\n", ("the key 'x' is taken (line 2)",)),
}


@pytest.mark.parametrize("name", LABELS_FILES)
def test_every_problem_of_a_labels_file_is_said(forked: Cli, name: str) -> None:
    file, content, says = LABELS_FILES[name]
    write(forked.cwd, {"data.csv": GOOD, file: content})
    before = digest(forked.cwd)
    assert_error(forked("new", "mail", "--data", "data.csv", "--labels", file, code=2), says)
    assert digest(forked.cwd) == before


def test_an_encoder_that_is_not_whole_is_refused_before_a_project_is_made(forked: Cli, encoder: Path) -> None:
    write(forked.cwd, {"data.csv": GOOD})
    for file, content, says in (
        ("model.safetensors", None, ("lacks model.safetensors", "save_pretrained")),
        ("tokenizer.json", b"{}", ("tokenizer can't be used",)),
    ):
        shutil.rmtree(forked.cwd / "encoder", ignore_errors=True)
        shutil.copytree(encoder, forked.cwd / "encoder")
        (forked.cwd / "encoder" / file).unlink()
        if content is not None:
            (forked.cwd / "encoder" / file).write_bytes(content)
        said = forked("new", "mail", "--data", "data.csv", "--encoder", "encoder", code=2)
        assert_error(said, says)
        assert not (forked.cwd / "mail").exists()


def label(name: str, line: str | bytes, *says: str) -> Case:
    """Two good answers and one that can't be taken."""
    third = line if isinstance(line, bytes) else line.encode("utf-8")
    return Case(name, ("label", "mail", "-"), says, stdin="\n".join(LINES).encode() + b"\n" + third + b"\n")


def config(name: str, key: str, value: str, *says: str) -> Case:
    """An option that can't be set so."""
    return Case(name, ("config", "mail", key, value), says)


UNCHANGED = (
    label("JSON that is none", '{"id": 3 "label": "billing"}', "Line 3", "no JSON (column 10)", "nothing was changed"),
    label("no such id", '{"id": 999, "label": "billing"}', "Line 3", "no such text", "999"),
    label("no such text", '{"text": "never seen", "label": "billing"}', "Line 3", "no such text", "never seen"),
    label("a huge id", '{"id": 99999999999999999999, "label": "billing"}', "Line 3", "no such text"),
    label("no label", '{"id": 3}', "Line 3", "it has no 'label'"),
    label("neither id nor text", '{"label": "billing"}', "Line 3", '"id" or "text"'),
    label("a number for a label", '{"id": 3, "label": 5}', "Line 3", "no class name: 5"),
    label("an unknown class", '{"id": 3, "label": "bilin"}', "Line 3", "no class 'bilin'", "Did you mean 'billing'"),
    label("a class far from all", '{"id": 3, "label": "x"}', "Line 3", "Classes: billing", "open_classes true"),
    label("a class that acts", '{"id": 3, "label": "a\\u001b[2J"}', "Line 3", "␛[2J"),
    label("nested too deeply", "[" * 100_000, "Line 3", "nested too deeply"),
    label("not UTF-8", b'{"id": 3, "label": "caf\xe9"}', "not UTF-8", "the standard input", "Convert"),
    Case("no answers at all", ("label", "mail", "-"), ("no answers", '{"id": 5, "label": "refund"}'), stdin="\n\n"),
    Case("no answers file", ("label", "mail", "no.jsonl"), ("The answers can't be read", "no.jsonl")),
    Case("a nameless annotator", ("label", "mail", "-", "--as", ""), ("no name for an annotator", "1 to 100")),
    Case("an annotator that acts", ("next", "mail", "--as", "a\x1b[2J"), ("no name for an annotator",)),
    config("a key nearly right", "epoch", "3", "no option called 'epoch'", "Did you mean 'epochs'"),
    config("a key far from all", "zzz", "3", "no option called 'zzz'", "Options: encoder, device"),
    config("too small", "epochs", "0", "'0' does not fit", "from 1 to 1000"),
    config("too large", "dropout", "0.91", "'0.91' does not fit", "from 0.0 to 0.9"),
    config("negative", "seed", "-1", "'-1' does not fit", "from 0"),
    config("no number", "epochs", "many", "'many' does not fit", "A number"),
    config("not a number", "learning_rate", "nan", "'nan' does not fit"),
    config("no such choice", "optimizer", "adam", "'adam' does not fit", "adamw, sgd"),
    config("no such strategy", "strategy", "magic", "'magic' does not fit", "margin"),
    config("no such device", "device", "gpu", "'gpu' does not fit", "cuda"),
    config("neither true nor false", "open_classes", "maybe", "true or false"),
    config("no encoder there", "encoder", "./no", "no directory with a config.json"),
    Case("no job", ("cancel", "mail", "9"), ("no job 9", "handful jobs mail")),
    Case("no possible job", ("cancel", "mail", "9" * 30), ("There is no job 999",)),
    Case("a job that is no number", ("cancel", "mail", "x"), ("'x' is not a valid integer", "handful cancel --help")),
    Case("no such source", ("metrics", "mail", "--source", "tst"), ("'tst' is not one of", "out-of-fold")),
    Case("options of a full round alone", ("round", "mail", "--epochs", "3"), ("belong to --full", "--epochs")),
    Case(
        "no such optimiser", ("round", "mail", "--full", "--optimizer", "lion"), ("'lion' does not fit", "adamw, sgd")
    ),
    Case("no such device for a round", ("round", "mail", "--device", "gpu"), ("'gpu' does not fit",)),
    Case("nothing to ask for", ("next", "mail", "-n", "0"), ("0 is not in the range", "handful next --help")),
    Case("no such option", ("next", "mail", "--jsn"), ("No such option '--jsn'", "--json")),
    Case("an option that acts", ("next", "mail", "--\x1b[2J"), ("No such option",)),
    Case("one argument too many", ("status", "mail", "mail"), ("unexpected extra argument", "handful status --help")),
    Case("labels to what", ("labels", "mail", "--to", "out.txt"), ("ending", ".csv or .jsonl")),
    Case("labels to nowhere", ("labels", "mail", "--to", "no/out.csv"), ("no such directory", "Make it first")),
    Case("labels over a file", ("labels", "mail", "--to", "in.csv"), ("a file already", "--force"), {"in.csv": GOOD}),
    Case("import of nothing", ("import", "mail", "no.csv"), ("There is no such file",)),
    Case("import of a picture", ("import", "mail", "in.csv"), ("not a text file",), {"in.csv": PICTURE}),
    Case("import of broken JSON", ("import", "mail", "in.jsonl"), ("line 7, column 14",), {"in.jsonl": BROKEN_JSONL}),
    Case("a round without labels", ("round", "mail"), ("two classes with 2 labels", "handful status mail"), code=3),
    Case("an export without labels", ("export", "mail", "--to", "out"), ("no model yet", "two classes"), code=3),
    Case("metrics without labels", ("metrics", "mail"), ("no model yet", "Label some texts"), code=3),
)


@pytest.mark.parametrize("case", UNCHANGED, ids=lambda case: case.name)
def test_a_project_stays_as_it_was(forked: Cli, mail: Project, case: Case) -> None:
    write(forked.cwd, case.files)
    before = digest(forked.cwd)
    assert_error(forked(*case.args, stdin=case.stdin, code=case.code), case.says)
    assert digest(forked.cwd) == before


@pytest.mark.parametrize("ids", [[1], [1, 4, 7, 10]], ids=["one label", "one class"])
def test_labels_too_few_to_learn_from_are_told(forked: Cli, mail: Project, ids: list[int]) -> None:
    give(mail, ids)
    before = digest(forked.cwd)
    assert_error(forked("round", "mail", code=3), ("two classes with 2 labels each", "handful status mail"))
    assert_error(forked("metrics", "mail", code=3), ("at least two classes", "Label some texts first"))
    assert_error(forked("export", "mail", "--to", "out", code=3), ("at least two classes", "Label some texts first"))
    assert digest(forked.cwd) == before


def rows_of(project: Project) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the database by table, but for the full-text index, whose pages a given-up import may shift."""
    con = sqlite3.connect(project.database)
    try:
        names = [row[0] for row in con.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {name: list(con.execute(f"SELECT * FROM {name}")) for name in names if not name.startswith("search")}
    finally:
        con.close()


@pytest.mark.parametrize("name", ["5,000 classes", "no label column", "a class that is not listed"])
def test_an_import_that_fails_on_the_way_leaves_every_row_as_it_was(forked: Cli, mail: Project, name: str) -> None:
    content, column, says = {
        "5,000 classes": (MANY, "label", ("Too many different values", "has 5,000")),
        "no label column": (MANY, "kind", ("There is no column called 'kind'", "text, label")),
        "a class that is not listed": ("text,label\na,x\n", "label", ("No row", "no class called 'x'")),
    }[name]
    set_options(mail, open_classes=name == "5,000 classes")
    write(forked.cwd, {"in.csv": content})
    before = rows_of(mail)
    assert_error(forked("import", "mail", "in.csv", "--label", column, code=2), says)
    assert rows_of(mail) == before
    assert forked("status", "mail", "--json").json["pool"] == len(TEXTS)


OF_BUNDLES = {"predict", "serve", "verify", "push", "package", "drift"}
WITHOUT = {"demo", "new", "simulate", "completion"} | OF_BUNDLES
WITH_DIR = [entry.name for entry in COMMANDS if entry.name not in WITHOUT]
MORE = {
    "import": ("in.csv",),
    "label": ("-",),
    "check": ("-",),
    "cancel": ("1",),
    "labels": ("--to", "out.csv"),
    "config": ("seed", "1"),
}


@pytest.mark.parametrize("name", WITH_DIR)
def test_a_directory_that_is_no_project_is_left_alone(forked: Cli, name: str) -> None:
    write(forked.cwd, {"in.csv": GOOD, "plain/notes.txt": "mine"})
    before = digest(forked.cwd)
    for place in ("plain", "nowhere", "in.csv"):
        said = forked(name, place, *MORE.get(name, ()), stdin=LINES[0], code=2)
        assert_error(said, ("There is no project here", place, "handful new"))
    assert digest(forked.cwd) == before


def change(project: Project, sql: str) -> None:
    con = sqlite3.connect(project.database)
    con.execute(sql)
    con.commit()
    con.close()


def test_a_project_of_a_newer_handful_is_left_alone(forked: Cli, mail: Project) -> None:
    change(mail, "PRAGMA user_version=99")
    before = digest(forked.cwd)
    for name in set(WITH_DIR) - {"restore"}:  # which needs no database that can be opened
        said = forked(name, "mail", *MORE.get(name, ()), stdin=LINES[0], code=2)
        assert_error(said, ("newer Handful", "schema 99", "Upgrade"))
    assert digest(forked.cwd) == before


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("PRAGMA application_id=7", "not a Handful project"),
        ("CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM events; END", "trigger t"),
    ],
)
def test_somebody_elses_database_is_left_alone(forked: Cli, mail: Project, sql: str, says: str) -> None:
    change(mail, sql)
    before = digest(forked.cwd)
    assert_error(forked("status", "mail", code=2), (says,))
    assert_error(forked("label", "mail", "-", stdin=LINES[0], code=2), (says,))
    assert digest(forked.cwd) == before


@pytest.mark.parametrize("content", [b"", b"not a database at all " * 50, b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_damaged_database_is_left_alone(forked: Cli, mail: Project, content: bytes) -> None:
    mail.database.write_bytes(content)
    before = digest(forked.cwd)
    for name in ("status", "next", "doctor"):
        assert_error(forked(name, "mail", code=2), ("labels.db",))
    assert digest(forked.cwd) == before


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("epochs = \n", ("The settings can't be read", "handful.toml", "line 1")),
        ("epoch = 3\n", ("no option called 'epoch'", "handful.toml", "Did you mean 'epochs'")),
        ("epochs = 0\n", ("0 does not fit the option epochs", "handful.toml", "from 1 to 1000")),
        ("epochs = true\n", ("True does not fit the option epochs",)),
        ("encoder = 'caf\u00e9".encode("latin-1"), ("The settings can't be read", "handful.toml")),
    ],
)
def test_settings_that_cannot_be_read_are_named(
    forked: Cli, mail: Project, toml: str | bytes, says: tuple[str, ...]
) -> None:
    write(mail.root, {"handful.toml": toml})
    before = digest(forked.cwd)
    for args in (("status", "mail"), ("next", "mail"), ("config", "mail"), ("label", "mail", "-")):
        assert_error(forked(*args, stdin=LINES[0], code=2), says)
    assert digest(forked.cwd) == before


def test_an_encoder_without_a_network_is_told_and_no_answer_is_lost(handful: Cli, mail: Project) -> None:
    give(mail, [1, 2, 3])
    set_options(mail, encoder="nobody/nothing-of-this-name")
    said = handful("next", "mail", code=2)
    assert_error(said, ("'nobody/nothing-of-this-name'", "no network", "HF_ENDPOINT"))
    with mail.open(readonly=True) as con:
        assert labels.last_seq(con) > 0
        assert models.newest_ranking(con) is None
    assert len(handful("next", "mail", "--no-wait", "--json").rows) == 10
    assert handful("status", "mail", "--json").json["answered"] == 3


def test_a_bundle_that_is_none_is_refused(handful: Cli, mail: Project) -> None:
    for place in ("nowhere", "mail"):
        for command in ("predict", "verify"):
            said = handful(command, place, stdin="{}", code=2)
            assert_error(said, (f"{place} has no handful.json", "handful export"))
    write(handful.cwd, {"odd/handful.json": "[]", "torn/handful.json": '{"format": '})
    for place, says in (("odd", "no bundle"), ("torn", "damaged")):
        for command in ("predict", "verify"):
            said = handful(command, place, stdin="{}", code=2)
            assert says in said.err
            assert said.out == ""


def test_what_comes_from_data_never_acts_on_the_terminal(forked: Cli, mail: Project) -> None:
    acting = "\x1b[2J\x1b]0;title\x07\u202e"
    write(forked.cwd, {f"{acting}.csv": f"{acting},kind\nx,y\n", "in.jsonl": json.dumps({acting: "x"}) + "\n"})
    assert_error(forked("import", "mail", f"{acting}.csv", "--text", "text", code=2), ("␛[2J",))
    assert_error(forked("import", "mail", "in.jsonl", "--text", "text", code=2), ("␛[2J",))
    assert_error(forked("status", acting, code=2), ("␛[2J",))
    assert_error(forked("new", "x", "--data", acting, code=2), ("␛[2J",))
    assert_error(forked("config", "mail", acting, "1", code=2), ("x1b[2J",))
    assert_error(forked("config", "mail", "seed", acting, code=2), ("x1b[2J",))
    assert_error(forked("new", "x", "--data", "in.jsonl", "--labels", f"a,{acting}", code=2), ("␛[2J",))
    assert_error(forked("label", "mail", "-", stdin=json.dumps({"text": acting, "label": "x"}), code=2), ("Line 1",))
    assert_error(forked(acting, code=2), ("x1b[2J",))


def obey_permissions() -> None:
    """In the child: root obeys permissions as everybody else does, from the next program on."""
    drop_from_bounding_set, override, read_search = 24, 1, 2
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (override, read_search):
        libc.prctl(drop_from_bounding_set, capability, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux's")
def test_what_may_not_be_read_or_written_is_said(handful: Cli, mail: Project) -> None:
    closed = handful.cwd / "closed"
    closed.mkdir()
    write(handful.cwd, {"in.csv": GOOD, "secret.csv": GOOD})
    (handful.cwd / "secret.csv").chmod(0)
    closed.chmod(0o500)
    said = handful("labels", "mail", "--to", "closed/out.csv", code=2, limits=obey_permissions)
    assert_error(said, ("closed", "Permission denied", "ls -la"))
    before = digest(mail.root)
    mail.root.chmod(0o500)
    mail.database.chmod(0o400)
    try:
        for args, says in (
            (("new", "x", "--data", "secret.csv"), ("can't be read", "Permission denied")),
            (("new", "closed/x", "--data", "in.csv"), ("can't be made here", "closed")),
            (("config", "mail", "seed", "1"), ("labels.db", "ls -la")),
            (("label", "mail", "-"), ("labels.db", "read and write")),
            (("next", "mail"), ("labels.db", "read and write")),
        ):
            assert_error(handful(*args, stdin=LINES[0], code=2, limits=obey_permissions), says)
    finally:
        for path in (mail.root, closed):
            path.chmod(0o700)
        mail.database.chmod(0o600)
    assert digest(mail.root) == before
    assert list(closed.iterdir()) == []


def test_a_refused_answer_file_leaves_no_half(forked: Cli, mail: Project) -> None:
    lines = [json.dumps({"text": text, "label": CLASSES[0]}) for text in TEXTS[:40]]
    write(forked.cwd, {"answers.jsonl": "\n".join([*lines, '{"id": 41}'])})
    before = digest(forked.cwd)
    assert_error(forked("label", "mail", "answers.jsonl", code=2), ("Line 41", "nothing was changed"))
    assert digest(forked.cwd) == before


def test_a_test_set_without_answers_is_said(forked: Cli) -> None:
    write_csv(forked.cwd / "in.csv")
    write(forked.cwd, {"test.csv": "text\nheld out\n"})
    said = forked("new", "mail", "--data", "in.csv", "--test", "test.csv")
    assert "holds no answers" in said.err
    assert "--label COLUMN" in said.err
