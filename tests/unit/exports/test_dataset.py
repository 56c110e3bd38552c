import csv
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import publish
from core.connection import Connection, transaction
from core.errors import InputError
from core.project import Project
from core.records import ImportReport
from core.store import classes, imports, labels
from core.store.labels import Decision
from core.tasks.classify import CLASSIFY, ClassAnswer
from exports import dataset
from exports.dataset import safe, write_labels
from tests.acting import undo
from tests.nasty import FORMULAS, STORABLE


def label(con: Connection, example_id: int, class_id: int, who: str = "ada", **pick: object) -> None:
    labels.decide(con, CLASSIFY, [Decision(example_id, CLASSIFY.encode(ClassAnswer(class_id)), pick)], who)


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def bring(con: Connection, texts: list[str], meta: str = "{}") -> list[int]:
    """Import texts into the pool; returns their ids."""
    import_id = imports.begin(con, "test", "pool")
    imports.add_rows(con, import_id, [imports.Row(i, text, meta, None) for i, text in enumerate(texts, 1)])
    imports.finish(con, import_id, CLASSIFY, (), ImportReport("test", "pool", lines=len(texts)))
    found = []
    for text in texts:
        digest = hashlib.sha256(text.encode()).digest()
        found.append(con.execute("SELECT id FROM examples WHERE hash = ?", (digest,)).fetchone()[0])
    return found


def test_jsonl_holds_text_answer_and_how_it_came_about(project: Project, con: Connection, tmp_path: Path) -> None:
    label(con, 6, 2, "grace", strategy="margin", probability=None)
    label(con, 1, 1)
    label(con, 13, 1, "import")
    target = tmp_path / "labels.jsonl"
    assert write_labels(project, con, target) == (3, 0)
    first, second, third = rows(target)
    assert first == {
        "text": "退款什么时候到账？",
        "label": "login",
        "id": 6,
        "annotator": "grace",
        "split": "pool",
        "seq": first["seq"],
        "picked": "margin",
        "meta": {},
    }
    assert (second["id"], second["label"], second["picked"]) == (1, "refund", None)
    assert (third["id"], third["split"]) == (13, "test")
    assert first["seq"] < second["seq"] < third["seq"]


def test_the_latest_answer_counts_and_what_was_skipped_or_undone_is_left_out(
    project: Project, con: Connection, tmp_path: Path
) -> None:
    label(con, 1, 1)
    label(con, 1, 2)
    label(con, 2, 3)
    undo(con, CLASSIFY, "ada")
    labels.decide(con, CLASSIFY, [Decision(3, None)], "ada")
    assert write_labels(project, con, tmp_path / "l.jsonl").texts == 1
    assert [row["label"] for row in rows(tmp_path / "l.jsonl")] == ["login"]


def test_every_nasty_text_comes_back_letter_for_letter_from_jsonl(
    project: Project, con: Connection, tmp_path: Path
) -> None:
    texts = [text for text in STORABLE if text.strip()]
    for example_id in bring(con, texts):
        label(con, example_id, 1)
    write_labels(project, con, tmp_path / "l.jsonl")
    back = [str(row["text"]) for row in rows(tmp_path / "l.jsonl")]
    assert [hashlib.sha256(t.encode()).digest() for t in back] == [hashlib.sha256(t.encode()).digest() for t in texts]
    content = (tmp_path / "l.jsonl").read_text(encoding="utf-8")
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0x202A <= ord(c) <= 0x202E for c in content if c != "\n")


def test_csv_is_read_back_as_it_was_but_for_apostrophes(project: Project, con: Connection, tmp_path: Path) -> None:
    texts = [text for text in STORABLE if text.strip()]
    for example_id in bring(con, texts):
        label(con, example_id, 1)
    write_labels(project, con, tmp_path / "l.csv")
    back = [row["text"] for row in table(tmp_path / "l.csv")]
    assert back == [safe(text) for text in texts]


@pytest.mark.parametrize("payload", [f for f in FORMULAS if f != "+1"])
def test_X5_no_cell_begins_like_a_formula(payload: str) -> None:
    guarded = safe(payload)
    assert guarded.replace("'", "") == payload.replace("'", "")
    for line in guarded.splitlines():
        assert not line.strip().startswith(("=", "+", "-", "@", "＝"))


@pytest.mark.parametrize(
    ("cell", "guarded"),
    [
        ("=1+1", "'=1+1"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\u200b@x", "'\u200b@x"),
        ("\x00-x", "'\x00-x"),
        ("\u3000+x", "'\u3000+x"),
        ("a\r\n=1", "a\r\n'=1"),
        ("a\n\u00a0-b", "a\n'\u00a0-b"),
        ("＠x", "'＠x"),
    ],
)
def test_X5_an_apostrophe_comes_before_what_a_spreadsheet_would_run(cell: str, guarded: str) -> None:
    assert safe(cell) == guarded


@pytest.mark.parametrize(
    "cell", ["-5", "+3.25", "-1e5", "1e5", "007", "a=b", "NA", "", " ", "x\t=1", "'", "3-4", "-.5"]
)
def test_X5_numbers_and_harmless_texts_stay_as_they_are(cell: str) -> None:
    assert safe(cell) == cell


def test_long_runs_of_blanks_take_no_time() -> None:
    for text in (" " * 300_000, "\n" * 300_000, "\x1c" * 300_000, "\u00a0\u200b" * 100_000):
        safe(text + "x")


def test_columns_of_the_import_follow_and_never_hide_our_own(project: Project, con: Connection, tmp_path: Path) -> None:
    meta = json.dumps({"id": "A-7", "price": -5, "note": "=1", "vip": True, "=col": "x", "none": None})
    (example_id,) = bring(con, ["hello there"], meta)
    label(con, example_id, 1)
    write_labels(project, con, tmp_path / "l.csv")
    (row,) = table(tmp_path / "l.csv")
    assert row["id"] == str(example_id)
    assert row["meta.id"] == "A-7"
    assert (row["price"], row["note"], row["vip"], row["'=col"], row["none"]) == ("-5", "'=1", "true", "x", "")
    write_labels(project, con, tmp_path / "l.jsonl")
    assert rows(tmp_path / "l.jsonl")[0]["meta"] == json.loads(meta)


def test_the_class_name_is_guarded_too(project: Project, con: Connection, tmp_path: Path) -> None:
    with transaction(con):
        ids = classes.ensure(con, ["=cmd()"], "ada")
    label(con, 1, ids["=cmd()"])
    write_labels(project, con, tmp_path / "l.csv")
    assert table(tmp_path / "l.csv")[0]["label"] == "'=cmd()"


def test_a_file_is_replaced_only_with_force(project: Project, con: Connection, tmp_path: Path) -> None:
    label(con, 1, 1)
    target = tmp_path / "l.jsonl"
    target.write_text("precious", encoding="utf-8")
    with pytest.raises(InputError, match="--force"):
        write_labels(project, con, target)
    assert target.read_text(encoding="utf-8") == "precious"
    assert write_labels(project, con, target, force=True).texts == 1
    assert len(rows(target)) == 1


def test_X7_links_directories_and_other_endings_are_refused(project: Project, con: Connection, tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("precious", encoding="utf-8")
    (tmp_path / "link.jsonl").symlink_to(victim)
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "dir.csv").mkdir()
    for name in ("link.jsonl", "dangling.csv", "dir.csv", "x.txt", "x", "x.parquet", "no/such.csv", "nul\0.csv"):
        with pytest.raises(InputError) as caught:
            write_labels(project, con, tmp_path / name, force=True)
        assert caught.value.exit_code == 2
        assert caught.value.hint
    assert victim.read_text(encoding="utf-8") == "precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "dangling.csv",
        "dir.csv",
        "link.jsonl",
        "project",
        "victim.txt",
    ]


def test_the_file_is_private_and_whole_or_not_there(
    project: Project, con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    label(con, 1, 1)
    target = tmp_path / "l.csv"
    previous = os.umask(0)
    try:
        write_labels(project, con, target)
    finally:
        os.umask(previous)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    before = target.read_bytes()

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publish.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_labels(project, con, target, force=True)
    assert target.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_X9_the_rows_are_of_one_moment_though_labels_arrive_meanwhile(
    project: Project, con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    label(con, 1, 1)
    read = dataset.examples.labelled

    def slowly(con: Connection, split: str = "pool") -> list[object]:
        found = read(con, split)  # type: ignore[arg-type]
        with project.open() as other:
            label(other, 2, 2)
            label(other, 14, 2, "import")
        return found  # type: ignore[return-value]

    monkeypatch.setattr(dataset.examples, "labelled", slowly)
    assert write_labels(project, con, tmp_path / "l.jsonl").texts == 1
    assert not con.in_transaction


def test_without_labels_there_is_a_file_without_rows(project: Project, con: Connection, tmp_path: Path) -> None:
    assert write_labels(project, con, tmp_path / "l.jsonl").texts == 0
    assert write_labels(project, con, tmp_path / "l.csv").texts == 0
    assert (tmp_path / "l.jsonl").read_bytes() == b""
    assert (tmp_path / "l.csv").read_text(encoding="utf-8").strip() == "text,label,id,annotator,split,seq,picked"


def test_X7_names_that_try_to_lead_elsewhere_stay_names(project: Project, con: Connection, tmp_path: Path) -> None:
    names: Iterator[str] = iter(["-rf.csv", " .csv", "x" * 200 + ".jsonl", "名前.jsonl"])
    for name in names:
        write_labels(project, con, tmp_path / name)
        assert (tmp_path / name).is_file()
