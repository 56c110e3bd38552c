"""JSON, Parquet, gzip, directories and data sets, held to what CSV and JSONL keep."""

import csv
import gzip
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from core.connection import Connection
from core.errors import InputError
from core.importing import folder, formats, gzipped, hub, json_file
from core.importing.importer import import_file
from core.project import Project
from core.records import ImportReport
from core.store import classes, examples
from tests.nasty import NASTY, STORABLE
from tests.unit.importing.states import state

USABLE = tuple(dict.fromkeys(text for text in STORABLE if text.strip() and "\x00" not in text))
Take = Callable[..., ImportReport]


@pytest.fixture
def take(project: Project, con: Connection) -> Take:
    def run(path: Path, **options: Any) -> ImportReport:
        return import_file(project, con, path, **options)

    return run


def read(path: Path) -> list[tuple[int, Any]]:
    with formats.opened(path) as rows:
        return list(rows)


def added(con: Connection) -> list[str]:
    return [example.text for example in examples.after(con, 15, 1_000_000)]


def rows_of(texts: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"text": text, "n": number, "kind": ("x", "y", "z")[number % 3]} for number, text in enumerate(texts)]


def as_table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows)


def write_array(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps(rows), encoding="utf-8")


def write_columns(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps({key: [row[key] for row in rows] for key in rows[0]}), encoding="utf-8")


def write_pretty(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False), encoding="utf-8")


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    parquet.write_table(as_table(rows), path, row_group_size=50)


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


WRITERS: dict[str, Callable[[Path, list[dict[str, Any]]], None]] = {
    "array.json": write_array,
    "pretty.json": write_pretty,
    "columns.json": write_columns,
    "lines.json": write_jsonl,
    "a.parquet": write_parquet,
    "a.jsonl": write_jsonl,
    "a.csv": write_csv,
}
PACKED = {f"{name}.gz" for name in WRITERS}
FILES = [*WRITERS, *sorted(PACKED)]


def write(directory: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    """A file of one of `FILES`."""
    bare = name.removesuffix(".gz")
    WRITERS[bare](directory / bare, rows)
    if name in PACKED:
        (directory / name).write_bytes(gzip.compress((directory / bare).read_bytes()))
    return directory / name


@pytest.mark.parametrize("name", FILES)
def test_X6_nasty_texts_come_through_every_format_unchanged(
    take: Take, con: Connection, tmp_path: Path, name: str
) -> None:
    report = take(write(tmp_path, name, rows_of(USABLE)), label="kind")
    assert (report.new + report.known, report.refused) == (len(USABLE), 0)
    assert sorted({*added(con), "hi"}) == sorted({*USABLE, "hi"})
    names = classes.names(con)
    kinds = {row["text"]: row["kind"] for row in rows_of(USABLE)}
    found = {x.example.text: names[json.loads(x.stored)["class"]] for x in examples.labelled(con)}
    assert found == {text: kinds[text] for text in found}
    assert len(found) == len(USABLE)


@pytest.mark.parametrize("name", ["array.json", "columns.json"])
def test_X6_what_can_t_be_stored_is_refused_row_by_row(take: Take, tmp_path: Path, name: str) -> None:
    report = take(write(tmp_path, name, rows_of(NASTY)))
    assert report.refused == len([text for text in NASTY if text not in USABLE])
    assert report.unit == "item"
    for number, _reason in report.refusals:
        assert NASTY[number - 1] not in USABLE


def test_X6_values_of_parquet_become_what_json_has(tmp_path: Path) -> None:
    import datetime as dt
    import decimal

    table = pa.table(
        {
            "text": pa.array(["a", None]), "n": pa.array([7, None], pa.int64()), "x": pa.array([1.5, float("nan")]),
            "day": pa.array([dt.date(2024, 2, 29), None]),
            "cost": pa.array([decimal.Decimal("1.10"), None]), "raw": pa.array([b"ab", b"\xff"]),
            "tags": pa.array([["p", "q"], []]), "deep": pa.array([{"k": 1}, None]),
        }
    )  # fmt: skip
    parquet.write_table(table, tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == [
        (1, {"text": "a", "n": 7, "x": 1.5, "day": "2024-02-29", "cost": "1.10", "raw": "ab", "tags": ["p", "q"],
             "deep": {"k": 1}}),
        (2, {"text": None, "n": None, "x": None, "day": None, "cost": None, "raw": None, "tags": [], "deep": None}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["array.json", "pretty.json", "a.parquet", "array.json.gz", "a.csv.gz", "a.parquet.gz"]
)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_X10_a_file_that_was_cut_off_changes_nothing(
    take: Take, con: Connection, tmp_path: Path, name: str, share: float
) -> None:
    path = write(tmp_path, name, rows_of(tuple(f"{n} {zlib.crc32(bytes([n % 256])):x} text" for n in range(5000))))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    before = state(con)
    with pytest.raises(InputError):
        take(path)
    assert state(con) == before


def test_X10_broken_json_late_in_a_file_is_told_with_line_and_column(
    take: Take, con: Connection, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    body = ",\n".join(f'  {{"text": "text {n}"}}' for n in range(8_000))
    before = state(con)
    for wrong, line, column in (
        ('{"text": nonsense}', 8_002, 12), ('{"text": "a"} {"text": "b"}', 8_002, 17),
        ('{"text": "a" 7}', 8_002, 16),
    ):  # fmt: skip
        path.write_text(f"[\n{body},\n  {wrong},\n" + '  {"text": "after"}\n' * 5 + "]", encoding="utf-8")
        with pytest.raises(InputError) as caught:
            take(path)
        assert f"line {line}, column {column}" in caught.value.what, wrong
    path.write_text(f"[\n{body}\n]\n]", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        take(path)
    assert "line 8003, column 1" in caught.value.what
    path.write_text(f"[\n{body},\n", encoding="utf-8")
    with pytest.raises(InputError, match="it ends here"):
        take(path)
    assert state(con) == before


@pytest.mark.slow
def test_X10_a_kill_in_the_middle_of_a_parquet_file_leaves_nothing_visible(project: Project, tmp_path: Path) -> None:
    path = write(tmp_path, "a.parquet", rows_of(tuple(f"text number {n}" for n in range(60_000))))
    code = (
        "import sys; from pathlib import Path; from core.project import find; from core.importing.importer import *\n"
        "with find(Path(sys.argv[1])).open() as con:\n"
        "    import_file(find(Path(sys.argv[1])), con, Path(sys.argv[2]),"
        " progress=lambda done, all: print(done, flush=True))"
    )
    command = [sys.executable, "-c", code, project.root, path]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert 0 < int(process.stdout.readline()) < 60_000
        process.kill()
    with project.open() as con:
        assert added(con) == []
        report = import_file(project, con, path)
        assert (report.new, report.known) == (60_000, 0)


@pytest.mark.parametrize("name", FILES)
def test_X11_the_same_file_twice_brings_nothing_new(take: Take, tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, rows_of(USABLE))
    first, again = take(path), take(path)
    assert (again.new, again.known) == (0, first.new + first.known)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["a.json", "a.json.gz", "a.csv.gz"])
def test_X12_encodings_are_recognised_in_json_and_inside_gzip(tmp_path: Path, name: str, codec: str) -> None:
    content = '[{"text": "Grüße, 退款 😀"}]' if "json" in name else "text,n\nGrüße. 退款 😀,1\n"
    raw = content.encode(codec)
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    ((_n, values),) = read(tmp_path / name)
    assert values["text"].replace(",", ".") == "Grüße. 退款 😀"


def test_X12_wrong_bytes_in_json_are_told_with_line_and_offset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.importing import lines

    for chunk in (1 << 20, 7, 8, 9, 10):  # the wrong byte may begin, end or split a piece
        monkeypatch.setattr(lines, "_CHUNK", chunk)
        start = '[\n{"text": "Grüße"},\n{"text": "'.encode()
        (tmp_path / "a.json").write_bytes(start + b"Gr\xfc\xdfe" + b'"}\n]')
        with pytest.raises(InputError) as caught:
            read(tmp_path / "a.json")
        assert f"line 3: byte 0xfc at offset {len(start) + 2}" in caught.value.what


def test_X12_any_piece_size_gives_the_same_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.importing import lines

    path = write(tmp_path, "pretty.json", rows_of(USABLE[:40]))
    wanted = read(path)
    for chunk in (1, 2, 3, 17, 100):
        monkeypatch.setattr(lines, "_CHUNK", chunk)
        assert read(path) == wanted


@pytest.mark.parametrize("name", ["array.json", "columns.json", "a.parquet", "a.parquet.gz"])
def test_X13_every_row_is_stored_or_refused_by_number_and_reason(take: Take, tmp_path: Path, name: str) -> None:
    bad = {n for n in range(20_000) if n % 400 == 7}
    rows = [{"text": " " if n in bad else f"text number {n}", "n": n} for n in range(20_000)]
    report = take(write(tmp_path, name, rows))
    assert (report.lines, report.new, report.refused) == (20_000, 20_000 - len(bad), len(bad))
    assert [number for number, _reason in report.refusals] == sorted(n + 1 for n in bad)
    assert {reason for _number, reason in report.refusals} == {"The text is empty."}


# JSON


def test_json_objects_may_follow_each_other_in_any_way(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"text": "a",\n "tags": []}\n\n{"text":"b"}{"text":"c"} 7', encoding="utf-8")
    assert read(path) == [
        (1, {"text": "a", "tags": []}), (4, {"text": "b"}), (4, {"text": "c"}), (4, "This is no JSON object."),
    ]  # fmt: skip


def test_json_an_object_around_one_array_of_objects_is_that_array(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"data": [{"text": "a"}, {"text": "b"}]}', encoding="utf-8")
    assert read(path) == [(1, {"text": "a"}), (2, {"text": "b"})]


def test_json_columns_of_different_lengths_are_refused_with_theirs(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"text": ["a", "b"], "label": ["x"]}', encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(path)
    assert "text: 2\nlabel: 1" in caught.value.what


def test_json_what_is_too_long_or_too_deep_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_file, "MAX_LINE", 1000)
    monkeypatch.setattr(json_file, "MOST_COLUMNS", 2000)
    path = tmp_path / "a.json"
    for content, title in (
        ('[{"text": "' + "x" * 5_000_000, "too long"), ('{"text": ["' + "x" * 5_000_000, "too long"),
        ("[" + "[" * 200_000, "broken JSON"), ('[{"n": ' + "9" * 5000 + "}]", "broken JSON"),
    ):  # fmt: skip
        path.write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match=title):
            read(path)


def rss_of(code: str, *args: object) -> tuple[str, int]:
    """What a process says, and the most memory it took, in MB."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, args)], capture_output=True, text=True, check=True, timeout=120
    )
    said, _newline, most = done.stdout.strip().rpartition("\n")
    return said, int(most) // 1024


IMPORTING = """
import sys
from pathlib import Path
from core.errors import InputError
from core.importing import formats
try:
    with formats.opened(Path(sys.argv[1])) as rows:
        for n, row in enumerate(rows):
            pass
    print("read", n + 1)
except InputError as error:
    print(error.title)
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.parametrize("line", [b"\x00" * 100, b"the same line again\n"])
def test_S7_a_gzip_bomb_is_refused_while_it_is_read(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "bomb.txt.gz"
    block = gzip.compress(line * (10_000_000 // len(line)))
    with path.open("wb") as file:
        for _turn in range(1000):  # ten gigabytes
            file.write(block)
    said, most = rss_of(IMPORTING, path)
    assert said in {"This file is packed suspiciously well.", "This is not a text file."}
    assert most < 300


def test_S7_what_packs_well_and_is_small_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"the same line again\n" * 100_000) + gzip.compress(b"and another\n") + bytes(512))
    rows = read(path)
    assert len(rows) == 100_001
    assert rows[-1][1] == {"text": "and another"}


def test_S7_gzip_in_gzip_and_rubbish_behind_it_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(gzip.compress(b"a text\n")))
    with pytest.raises(InputError, match="packed twice"):
        read(path)
    path.write_bytes(gzip.compress(b"a text\n") + b"rubbish")
    with pytest.raises(InputError, match="gzip file is broken"):
        read(path)


def test_S7_one_long_text_a_million_times_in_parquet_takes_its_room_once(tmp_path: Path) -> None:
    long = pa.array(["x" * 1_000_000])
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 3000, pa.int32()), long)
    parquet.write_table(pa.table({"text": column}), tmp_path / "bomb.parquet")
    said, most = rss_of(IMPORTING, tmp_path / "bomb.parquet")
    assert said == "read 3000"
    assert most < 500


def one_endless_list(path: Path) -> str:
    zeros = pa.array([[1], np.zeros(10_000_000, np.int8)], pa.list_(pa.int8()))
    parquet.write_table(pa.table({"text": ["one", "two"], "many": zeros}), path, compression="zstd")
    return "read 2"


def dictionaries(path: Path) -> str:
    """A dictionary of one long text in each of several groups of rows."""
    schema = pa.schema([("text", pa.string())])
    with parquet.ParquetWriter(path, schema, compression="zstd", dictionary_pagesize_limit=1 << 25) as out:
        for letter in "abcdefgh":
            long = pa.array([letter * 9_000_000])
            column = pa.DictionaryArray.from_arrays(pa.array([0] * 60, pa.int32()), long)
            out.write_table(pa.table({"text": column.cast(pa.string())}, schema))
    return "read 480"


def long_texts(path: Path) -> str:
    """No two alike."""
    with parquet.ParquetWriter(path, pa.schema([("text", pa.string())])) as out:
        for n in range(40):
            out.write_table(pa.table({"text": [f"{n} {k}" + "x" * 5_000_000 for k in range(4)]}))
    return "read 160"


@pytest.mark.parametrize("bomb", [one_endless_list, dictionaries, long_texts])
def test_S7_what_parquet_unfolds_to_takes_little_memory(tmp_path: Path, bomb: Callable[[Path], str]) -> None:
    wanted = bomb(tmp_path / "bomb.parquet")
    said, most = rss_of(IMPORTING, tmp_path / "bomb.parquet")
    assert said == wanted
    assert most < 500


def test_S7_an_endless_list_is_refused_with_its_row(tmp_path: Path) -> None:
    one_endless_list(tmp_path / "bomb.parquet")
    (_one, first), (number, second) = read(tmp_path / "bomb.parquet")
    assert first == {"text": "one", "many": [1]}
    assert (number, second) == (2, "A value of this row is too large.")


@pytest.mark.parametrize("kind", [pa.list_, lambda inner: pa.struct([("a", inner)])])
def test_S7_parquet_nested_too_deeply_is_refused(tmp_path: Path, kind: Callable[[Any], Any]) -> None:
    nested = pa.string()
    for _level in range(120):
        nested = kind(nested)
    table = pa.table({"text": ["one", "two"], "deep": pa.array([None, None], nested)})
    parquet.write_table(table, tmp_path / "deep.parquet")
    with pytest.raises(InputError, match="can't be read"):
        read(tmp_path / "deep.parquet")


def test_X13_a_parquet_file_that_lies_about_its_rows_is_refused_or_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "lies.parquet"
    parquet.write_table(pa.table({"text": ["one", "two", "three"]}), path, compression="none")
    whole = path.read_bytes()
    size = int.from_bytes(whole[-8:-4], "little")
    head, footer, refused = whole[: -8 - size], whole[-8 - size : -8], 0
    for at in [n for n, byte in enumerate(footer) if byte == 6]:  # three, as Thrift writes it: rows and values
        for lie in (b"\x00", b"\x02", b"\x08", b"\x7e", b"\xfe\xff\xff\xff\x0f", b"\x05"):
            changed = footer[:at] + lie + footer[at + 1 :]
            path.write_bytes(head + changed + len(changed).to_bytes(4, "little") + b"PAR1")
            try:
                assert [row["text"] for _n, row in read(path)] == ["one", "two", "three"]
            except InputError:
                refused += 1
    assert refused > 5


def test_S7_a_parquet_page_of_zeros_is_refused(tmp_path: Path) -> None:
    table = pa.table({"text": pa.array(["\x00" * 1_000_000] * 100)})
    parquet.write_table(table, tmp_path / "bomb.parquet", compression="zstd", use_dictionary=False)
    with pytest.raises(InputError, match="packed suspiciously well"):
        read(tmp_path / "bomb.parquet")


def test_S7_a_large_json_array_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with path.open("w", encoding="utf-8") as file:
        file.write("[" + '{"text": "a text of some length, one of very many that are all alike"}')
        for _turn in range(500_000):
            file.write(', {"text": "a text of some length, one of very many that are all alike"}')
        file.write("]")
    said, most = rss_of(IMPORTING, path)
    assert said == "read 500001"
    assert most < 100


# A directory


def make_tree(root: Path) -> Path:
    for folder_name, texts in {"ham": ["see you\nthere\n", "bye"], "spam": ["win now"]}.items():
        (root / folder_name / "deep").mkdir(parents=True)
        for n, text in enumerate(texts):
            (root / folder_name / "deep" / f"{n}.txt").write_bytes(text.encode())
    (root / "alone").write_bytes("\ufeffon top".encode())
    (root / ".hidden").write_text("no text")
    return root


def test_a_directory_gives_a_text_a_file_and_labels_by_folder(take: Take, con: Connection, tmp_path: Path) -> None:
    report = take(make_tree(tmp_path / "mail"), label="folder")
    assert (report.lines, report.new, report.refused, report.answers, report.unit) == (4, 4, 0, 3, "file")
    assert added(con) == ["on top", "see you\nthere", "bye", "win now"]
    names = classes.names(con)
    found = {x.example.text: names[json.loads(x.stored)["class"]] for x in examples.labelled(con)}
    assert found == {"see you\nthere": "ham", "bye": "ham", "win now": "spam"}
    assert [x.meta["file"] for x in examples.after(con, 15, 2)] == ["alone", "ham/deep/0.txt"]


def test_M9_links_and_special_files_in_a_directory_are_refused_and_not_opened(
    take: Take, con: Connection, tmp_path: Path
) -> None:
    root = make_tree(tmp_path / "mail")
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.txt").write_text("the secret")
    (root / "link.txt").symlink_to(secret / "key.txt")
    (root / "linked").symlink_to(secret)
    os.mkfifo(root / "pipe.txt")
    (root / "table.csv").write_text("text\na\n")
    (root / "picture").write_bytes(b"\x89PNG\r\n\xff")
    report = take(root)
    assert (report.new, report.refused) == (4, 5)
    reasons = " ".join(reason for _n, reason in report.refusals)
    for said in ("link.txt: no plain file", "linked: a link", "pipe.txt: no plain file", "table.csv", "byte 0x89"):
        assert said in reasons
    assert "the secret" not in added(con)


def test_X12_texts_of_a_directory_are_utf8_or_marked_utf16_or_refused(tmp_path: Path) -> None:
    for n, raw in enumerate(("Grüße".encode("utf-16"), "Grüße".encode("latin-1"), "Grüße".encode())):
        (tmp_path / f"{n}.txt").write_bytes(raw)
    found = read(tmp_path)
    assert found[0][1]["text"] == found[2][1]["text"] == "Grüße"
    assert "byte 0xfc at offset 2" in found[1][1]


def test_a_text_file_that_is_too_long_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "_MOST_BYTES", 10)
    (tmp_path / "a.txt").write_text("x" * 11)
    ((_n, reason),) = read(tmp_path)
    assert reason.startswith("a.txt: longer than")


# Data sets


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def make_data_set(root: Path, ending: str) -> Path:
    (root / "data").mkdir(parents=True)
    rows = [{"text": text, "code": code, "label": n % 2} for n, (text, code) in enumerate(
        [("NA", "007"), ("None", "1e5"), ("null", ""), ("Where is it?", "nan")])]  # fmt: skip
    for split in ("train", "test"):
        WRITERS["a." + ending](root / "data" / f"{split}.{ending}", rows if split == "train" else rows[:1])
    return root


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_X6_a_data_set_directory_keeps_its_values(tmp_path: Path, ending: str) -> None:
    root = make_data_set(tmp_path / "set", ending)
    rows = [values for _n, values in read(Path(f"hf:{root}:train"))]
    assert [row["text"] for row in rows] == ["NA", "None", "null", "Where is it?"]
    assert [row["code"] for row in rows] == ["007", "1e5", "", "nan"]
    assert len(read(Path(f"hf:{root}:test"))) == 1


def test_a_data_set_s_classes_come_with_their_names(take: Take, con: Connection, tmp_path: Path) -> None:
    import datasets

    features = datasets.Features({"text": datasets.Value("string"), "kind": datasets.ClassLabel(names=["ham", "spam"])})
    there = datasets.Dataset.from_dict({"text": ["see you", "win now", "who?"], "kind": [0, 1, -1]}, features=features)
    (tmp_path / "set").mkdir()
    there.to_parquet(str(tmp_path / "set" / "train.parquet"))
    report = take(Path(f"hf:{tmp_path}/set:train"), label="kind")
    assert (report.new, report.answers, report.unit) == (3, 2, "row")
    assert {*classes.names(con).values()} >= {"ham", "spam"}


def test_M3_no_code_of_a_data_set_is_run(tmp_path: Path) -> None:
    root = tmp_path / "evil"
    root.mkdir()
    (root / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(InputError, match="can't be read"):
        read(Path(f"hf:{root}:train"))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("hf:owner/name:train", hub.Address("owner/name", "train")),
        ("hf:o/n/conf@abc/1:test", hub.Address("o/n", "test", "conf", "abc/1")),
        ("hf:o/n@v1.0:train", hub.Address("o/n", "train", None, "v1.0")),
    ],
)
def test_an_address_has_owner_name_config_revision_and_split(text: str, wanted: hub.Address) -> None:
    assert hub.parse(text) == wanted


@pytest.mark.parametrize(
    "text", ["hf:", "hf:name:train", "hf:o/n", "hf:o/n:", "hf:../x:train", "hf:o/n/c/d:x", "hf:o/n@:x"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"no address|no such data set"):
        read(Path(text))


def test_a_data_set_that_is_not_here_and_a_split_that_is_not_there_are_told(tmp_path: Path) -> None:
    root = make_data_set(tmp_path / "set", "csv")
    for address in ("hf:nobody/nothing-at-all:train", f"hf:{root}:validation"):
        with pytest.raises(InputError, match="can't be read"):
            read(Path(address))


def test_every_format_has_a_name_and_no_ending_is_claimed_twice() -> None:
    endings = [ending for known in formats.every() for ending in known.endings]
    assert len(endings) == len(set(endings))
    assert {"CSV", "TSV", "JSON", "JSONL", "Parquet"} <= {known.title for known in formats.every()}
    assert gzipped.GZIP in formats.every()


def test_reading_rows_loads_no_heavy_library_unless_the_format_needs_it(tmp_path: Path) -> None:
    write_array(tmp_path / "a.json", [{"text": "a"}])
    code = (
        "import sys; from pathlib import Path; from core.importing import formats\n"
        "with formats.opened(Path(sys.argv[1])) as rows: list(rows)\n"
        "print(sorted({'pyarrow', 'datasets', 'numpy', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "a.json"], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
