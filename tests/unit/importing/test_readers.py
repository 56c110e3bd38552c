"""Each format gives rows with their lines, refuses what is wrong in place, and never lets a quote swallow the file."""

import codecs
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError
from core.importing import delimited, lines
from core.importing.formats import opened


def read(path: Path) -> list[tuple[int, Any]]:
    with opened(path) as found:
        return list(found)


@pytest.fixture
def give(tmp_path: Path) -> Any:
    """Write bytes under a name and read them back as rows."""

    def rows(name: str, content: bytes | str) -> list[tuple[int, Any]]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read(path)

    return rows


def test_csv_values_stay_the_strings_they_are(give: Any) -> None:
    rows = give("a.csv", "text,code\nNA,007\nNone,1e5\n nan ,\n")
    assert rows == [
        (2, {"text": "NA", "code": "007"}),
        (3, {"text": "None", "code": "1e5"}),
        (4, {"text": " nan ", "code": ""}),
    ]


def test_a_quoted_value_may_hold_lines_commas_and_quotes(give: Any) -> None:
    rows = give("a.csv", 'text,n\n"one\r\ntwo, ""three""",1\nfour,2\n')
    assert rows == [(2, {"text": 'one\r\ntwo, "three"', "n": "1"}), (4, {"text": "four", "n": "2"})]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('text,n\na,1\n"b,2\nc,3\nd,4\n', 3),
        ('text,n\na,1\n"b,2\nc,3\n"d",4\n', 3),
        ('text,n\n"a\nb",1\n"c\nd","e\nf,2\n', 5),
        ('text,n\n"a" b,"c\nd",1\n', 2),
        ('text,n\n"a ""\n"",1\nb,2\n', 2),
        ('"text,n\na,1\n', 1),
    ],
)
def test_a_quote_that_is_not_closed_is_refused_with_its_line(give: Any, content: str, line: int) -> None:
    with pytest.raises(InputError) as caught:
        give("a.csv", content)
    assert f"opened in line {line}," in caught.value.what


def test_a_quote_never_closed_does_not_read_the_rest_of_a_large_file(
    give: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "MAX_LINE", 10_000)
    with pytest.raises(InputError) as caught:
        give("a.csv", 'text,n\na,1\n"b,2\n' + "c,3\n" * 100_000)
    assert "opened in line 3, still open or wrongly closed in line 25" in caught.value.what


def test_wrong_quotes_within_one_line_refuse_that_row_alone(give: Any) -> None:
    rows = give("a.csv", 'text,n\n"a" said "b",1\nc,2\n')
    assert rows[0][0] == 2
    assert "no valid CSV" in rows[0][1]
    assert rows[1] == (3, {"text": "c", "n": "2"})


def test_ragged_and_empty_csv_lines_are_refused_with_what_was_found(give: Any) -> None:
    rows = give("a.csv", "text,n\na\nb,1,2\n\nc,3\n")
    assert rows == [
        (2, "The row has 1 values; the header has 2."),
        (3, "The row has 3 values; the header has 2."),
        (4, "The line is empty."),
        (5, {"text": "c", "n": "3"}),
    ]


@pytest.mark.parametrize(("name", "mark"), [("a.csv", ";"), ("a.csv", "\t"), ("a.tsv", "\t"), ("a.tab", "\t")])
def test_semicolons_and_tabs_part_values_too(give: Any, name: str, mark: str) -> None:
    assert give(name, f"text{mark}n\na, b{mark}1\n") == [(2, {"text": "a, b", "n": "1"})]


def test_columns_without_a_name_get_one_and_doubled_names_are_an_error(give: Any) -> None:
    assert give("a.csv", ", text \n0,a\n") == [(2, {"column_1": "0", "text": "a"})]
    with pytest.raises(InputError, match="same name"):
        give("b.csv", "text,text\na,b\n")


def test_a_value_of_ten_megabytes_is_read(give: Any) -> None:
    long = "x" * 10_000_000
    assert give("a.csv", f'text,n\n"{long}",1\n') == [(2, {"text": long, "n": "1"})]


def test_jsonl_keeps_values_and_counts_every_line(give: Any) -> None:
    rows = give("a.jsonl", '{"text": "a", "n": 1, "deep": {"x": [null]}}\n\n["a"]\n{"text": NaN}\n"b"')
    assert rows == [
        (1, {"text": "a", "n": 1, "deep": {"x": [None]}}),
        (2, "The line is empty."),
        (3, "The line is no JSON object."),
        (4, {"text": None}),
        (5, "The line is no JSON object."),
    ]


@pytest.mark.parametrize(
    ("line", "column"),
    [('{"text": "a"', 13), ('{"text": a}', 10), ('  {"a" 1}', 8), ('{"a": 1} x', 10), ('{"a": "b', 7)],
)
def test_broken_json_is_told_with_line_and_column(give: Any, line: str, column: int) -> None:
    with pytest.raises(InputError) as caught:
        give("a.jsonl", '{"text": "a"}\n' * 6 + line + "\n")
    assert f"line 7, column {column}:" in caught.value.what


def test_json_too_deep_or_with_too_many_digits_refuses_the_row(give: Any) -> None:
    rows = give("a.jsonl", '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}\n" + '{"a": ' + "9" * 5000 + "}\n")
    assert rows[0] == (1, "The JSON is nested too deeply.")
    assert "A number can't be read" in rows[1][1]


def test_a_json_array_that_calls_itself_jsonl_is_refused_with_the_way_out(give: Any) -> None:
    with pytest.raises(InputError) as caught:
        give("a b.jsonl", '[\n {"text": "a"}\n]')
    assert "the ending .json" in caught.value.hint


def test_plain_text_is_one_text_a_line_and_only_line_feeds_end_one(give: Any) -> None:
    rows = give("a.txt", "one\r\n two \u2028 2\x0b\x85 \n\n{no json}\nlast")
    assert [values["text"] for _line, values in rows] == ["one", " two \u2028 2\x0b\x85 ", "", "{no json}", "last"]


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.jsonl"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_X12_utf8_and_utf16_with_a_mark_are_recognised(give: Any, name: str, codec: str) -> None:
    text = "Straße 退款 👍🏽"
    content = {"a.csv": f"text\n{text}\n", "a.txt": f"{text}\n", "a.jsonl": f'{{"text": "{text}"}}\n'}[name]
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(codec, b"")
    rows = give(name, mark + content.encode(codec))
    assert [values for _line, values in rows] == [{"text": text}]


def test_X12_latin_1_is_refused_with_line_offset_and_the_command_that_mends_it(give: Any) -> None:
    with pytest.raises(InputError) as caught:
        give("it's.csv", b"text\nok\n" + "caf\xe9\n".encode("latin-1"))
    assert "line 3: byte 0xe9 at offset 11" in caught.value.what
    assert "iconv -f latin1 -t utf-8 '" in caught.value.hint


def test_X12_a_wrong_byte_late_in_a_marked_file_is_counted_from_the_start(give: Any) -> None:
    with pytest.raises(InputError) as caught:
        give("a.txt", codecs.BOM_UTF8 + b"x" * 100_000 + b"\n\xff\n")
    assert "line 2: byte 0xff at offset 100004" in caught.value.what


@pytest.mark.parametrize(
    "content",
    [
        b"\x1f\x8b\x08\x00" + bytes(range(256)),
        b"PK\x03\x04" + bytes(range(256)),
        b"PAR1" + bytes(range(256)),
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        bytes(1000),
        "text\nutf-16 without a mark\n".encode("utf-16-le"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.txt", "a"])
def test_a_binary_file_is_refused_as_one(give: Any, name: str, content: bytes) -> None:
    unpacked = {b"\x1f\x8b": "gzip file is broken", b"PAR1"[:2]: "Parquet file can't be read"}
    match = unpacked.get(content[:2], "not a text file") if name == "a" else "not a text file"
    with pytest.raises(InputError, match=match):
        give(name, content)


def test_utf16_that_is_cut_off_is_refused(give: Any) -> None:
    with pytest.raises(InputError, match="not whole"):
        give("a.txt", "one\ntwo\n".encode("utf-16")[:-1])


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(
    give: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE", 1000)
    for content in (b"a\n" + b"x" * 1001, ("a\n" + "x" * 1001).encode("utf-16")):
        with pytest.raises(InputError, match="line 2"):
            give("a.txt", content)


def test_old_line_ends_are_told(give: Any) -> None:
    with pytest.raises(InputError, match="carriage returns"):
        give("a.csv", "text,n\ra,1\rb,2\r")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"text": "a"}\n', [(1, {"text": "a"})]),
        ("text\tn\na\t1\n", [(2, {"text": "a", "n": "1"})]),
        ("text,n\na,1\n", [(2, {"text": "a", "n": "1"})]),
        ("Well, yes\nno\n", [(1, {"text": "Well, yes"}), (2, {"text": "no"})]),
    ],
)
def test_a_file_with_an_unknown_ending_is_told_by_its_content(give: Any, content: str, expected: Any) -> None:
    assert give("a.dat", content) == expected
    assert give("a", content) == expected


def test_missing_directory_empty_and_unreadable_files_are_told_apart(give: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(InputError, match="no file in this directory"):
        read(tmp_path)
    with pytest.raises(InputError, match="can't be read"):
        read(tmp_path / ("x" * 300))
    with pytest.raises(InputError, match="empty"):
        give("a.csv", b"")


def test_a_pipe_can_be_read_and_its_size_is_not_known(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"text,n\na,1\n",))
    writer.start()
    with opened(pipe) as found:
        assert found.total == 0
        assert list(found) == [(2, {"text": "a", "n": "1"})]
    writer.join()
