import csv
import hashlib
import io
import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import datasets
import numpy as np
import pytest
import yaml
from pyarrow import parquet

from core import clock, judged, predictions, publish
from core.connection import Connection, transaction
from core.errors import InputError
from core.project import Project
from core.records import ImportReport
from core.store import classes, guidelines, imports, labels, models
from core.store.labels import Decision
from core.tasks.classify import CLASSIFY, ClassAnswer
from exports import dataset
from exports.dataset import write_labels
from exports.formats.base import COLUMNS
from exports.formats.delimited import safe
from exports.formats.parquet import encoded
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
        "given": first["given"],
        "split": "pool",
        "seq": first["seq"],
        "picked": "margin",
        "probability": None,
        **dict.fromkeys(("model", "model_answer", "model_score", "model_unseen")),
        "meta": {},
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(first["given"]))
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
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    names = ("link.jsonl", "dangling.csv", "dir.csv", "x.txt", "photos", "no/such.csv", "no/such", "nul\0.csv", "nul\0")
    for name in names:
        with pytest.raises(InputError) as caught:
            write_labels(project, con, tmp_path / name, force=True)
        assert caught.value.exit_code == 2
        assert caught.value.hint
    assert victim.read_text(encoding="utf-8") == "precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "dangling.csv",
        "dir.csv",
        "link.jsonl",
        "photos",
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
    header = ",".join(column.name for column in COLUMNS)
    assert (tmp_path / "l.csv").read_text(encoding="utf-8").strip() == f"text,label,{header}"
    assert write_labels(project, con, tmp_path / "l.parquet").texts == 0
    assert write_labels(project, con, tmp_path / "l").texts == 0


def test_X7_names_that_try_to_lead_elsewhere_stay_names(project: Project, con: Connection, tmp_path: Path) -> None:
    names: Iterator[str] = iter(["-rf.csv", " .csv", "x" * 200 + ".jsonl", "名前.jsonl"])
    for name in names:
        write_labels(project, con, tmp_path / name)
        assert (tmp_path / name).is_file()


def test_the_model_s_opinion_comes_from_where_it_had_not_seen_the_text(
    project: Project, con: Connection, tmp_path: Path
) -> None:
    label(con, 1, 1)
    label(con, 2, 3)
    label(con, 3, 2)
    directory = project.scores / "000001"
    directory.mkdir()
    models.add_ranking(con, directory.name, labels.last_seq(con), {"source": "head"})
    scores = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]])
    predictions.write(directory, np.array([1, 3]), scores, (1, 2, 3))
    judged.publish(project, "head", "out-of-fold", 3, [judged.JudgedText(1, "", CLASSIFY.encode(ClassAnswer(3)))])
    write_labels(project, con, tmp_path / "l.jsonl")
    first, second, third = rows(tmp_path / "l.jsonl")
    opinion = ("model", "model_answer", "model_score", "model_unseen")
    assert tuple(first[name] for name in opinion) == ("head", "speed", None, True)
    assert tuple(second[name] for name in opinion) == (None, None, None, None)
    assert tuple(third[name] for name in opinion) == ("head", "login", 0.6, False)


def test_parquet_has_types_and_the_import_s_columns_as_json(project: Project, con: Connection, tmp_path: Path) -> None:
    (example_id,) = bring(con, ["hello there"], json.dumps({"price": -5, "note": "=1"}))
    label(con, example_id, 1, strategy="audit", probability=0.25)
    write_labels(project, con, tmp_path / "l.parquet")
    table = parquet.read_table(tmp_path / "l.parquet")
    (row,) = table.to_pylist()
    assert (row["text"], row["label"], row["probability"]) == ("hello there", "refund", 0.25)
    assert json.loads(row["meta"]) == {"price": -5, "note": "=1"}
    assert str(table.schema.field("given").type) == "timestamp[ms, tz=UTC]"
    assert abs(row["given"].timestamp() - clock.now()) < 600
    assert stat.S_IMODE((tmp_path / "l.parquet").stat().st_mode) == 0o600


def test_answers_of_any_form_have_a_type_in_parquet() -> None:
    base = dict.fromkeys(["text", *(c.name for c in COLUMNS)]) | {"given": "2026-01-01T00:00:00Z", "meta": {}}
    for answers, kind in (
        ([[], []], "list<element: string>"),
        ([["a"], []], "list<element: string>"),
        (
            [[{"start": 0, "label": "x"}], []],
            "list<element: struct<start: int64, label: string>>",
        ),
        ([None, None], "string"),
    ):
        raw = encoded("said", [base | {"said": answer} for answer in answers])
        found = parquet.read_schema(io.BytesIO(raw)).field("said").type
        assert str(found).replace("item:", "element:") == kind


def test_a_directory_is_a_data_set_of_the_hub_with_its_card(project: Project, con: Connection, tmp_path: Path) -> None:
    with transaction(con):
        classes.ensure(con, ["a|b <x>"], "ada")
    guidelines.write(con, "Ask *twice*.\nThen <b>answer</b>.", "ada")
    label(con, 1, 1, "ada", strategy="audit", probability=0.5)
    label(con, 2, 4, "grace", strategy="margin")
    label(con, 13, 1, "import")
    assert write_labels(project, con, tmp_path / "set").texts == 3
    front, text = (tmp_path / "set" / "README.md").read_text(encoding="utf-8").split("---\n")[1:]
    said = yaml.safe_load(front)
    assert [f["path"] for f in said["configs"][0]["data_files"]] == ["data/train.parquet", "data/test.parquet"]
    assert said["size_categories"] == ["n<1K"]
    assert "| grace | 1 |" in text
    assert "| audit | 1 |" in text
    assert "The 1 whose `probability` is filled were drawn at random" in text
    assert r"a\|b \<x\>" in text
    assert r"> Ask \*twice\*." in text
    found = datasets.load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert {name: part.num_rows for name, part in found.items()} == {"train": 2, "test": 1}
    assert found["train"][1]["label"] == "a|b <x>"
    with pytest.raises(InputError, match="--force"):
        write_labels(project, con, tmp_path / "set")
    write_labels(project, con, tmp_path / "set", force=True)
    (tmp_path / "set" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="left as it is"):
        write_labels(project, con, tmp_path / "set", force=True)


def test_a_format_can_be_named_whatever_the_ending(project: Project, con: Connection, tmp_path: Path) -> None:
    label(con, 1, 1)
    write_labels(project, con, tmp_path / "l.txt", kind="jsonl")
    assert len(rows(tmp_path / "l.txt")) == 1
    with pytest.raises(InputError, match="nothing called"):
        write_labels(project, con, tmp_path / "l.xls", kind="xls")
