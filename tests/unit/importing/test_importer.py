"""A file becomes texts: every line is accounted for, answers come over, and what stands is never overwritten."""

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import settings as options
from core.connection import Connection, transaction
from core.errors import InputError
from core.importing.importer import import_file
from core.project import Project
from core.records import ImportReport
from core.store import classes, examples, imports, labels, meta
from core.store.labels import Decision
from core.tasks.classify import CLASSIFY
from tests.acting import undo
from tests.nasty import NASTY, STORABLE, SURROGATES
from tests.unit.importing.states import state

Give = Callable[..., ImportReport]


@pytest.fixture
def give(project: Project, con: Connection, tmp_path: Path) -> Give:
    """Write a file and import it."""

    def run(content: str, name: str = "a.csv", **kwargs: Any) -> ImportReport:
        path = tmp_path / name
        path.write_bytes(content.encode())
        return import_file(project, con, path, **kwargs)

    return run


def added(con: Connection) -> list[str]:
    """The texts beyond the fixture's fifteen, by id."""
    return [example.text for example in examples.after(con, 15, 1_000_000)]


def answers(con: Connection, split: str = "pool") -> dict[str, str]:
    """text → class name of what is labelled."""
    names = classes.names(con)
    found = examples.labelled(con, "test" if split == "test" else "pool")
    return {x.example.text: names[CLASSIFY.decode(x.stored).class_id] for x in found}


def index_size(con: Connection) -> int:
    return int(con.execute("SELECT sum(length(block)) FROM search_data WHERE id > 10").fetchone()[0])


def test_texts_meta_and_counts(give: Give, con: Connection) -> None:
    report = give("id,text,lang\n007,NA,en\n1e5,none,\n")
    assert (report.lines, report.new, report.known, report.refused) == (2, 2, 0, 0)
    found = examples.after(con, 15, 10)
    assert [(x.id, x.text, x.split, x.meta) for x in found] == [
        (16, "NA", "pool", {"id": "007", "lang": "en"}),
        (17, "none", "pool", {"id": "1e5", "lang": ""}),
    ]
    assert meta.counters(con)["pool"] == 14
    assert imports.reports(con)[-1] == report


def test_json_values_stay_what_they_are_in_the_meta(give: Give, con: Connection) -> None:
    give('{"text": "a", "n": 7, "deep": {"x": [null, true, 1.5]}, "s": "\\u0000\\ud800"}\n', "a.jsonl")
    assert examples.after(con, 15, 10)[0].meta == {"n": 7, "deep": {"x": [None, True, 1.5]}, "s": "\x00\ud800"}


def test_X11_the_same_file_twice_brings_nothing_new(give: Give, con: Connection) -> None:
    content = "text,label\na,x\nb,y\na,x\n"
    first = give(content, label="label")
    before, size = state(con), index_size(con)
    second = give(content, label="label")
    assert (first.new, first.known, first.answers) == (2, 1, 2)
    assert (second.new, second.known, second.answers, second.conflicts) == (0, 3, 0, 0)
    after = state(con)
    assert after.pop("imports")[:-1] == before.pop("imports")
    assert after == before
    assert index_size(con) == size


def test_every_refused_line_has_its_number_and_reason(give: Give) -> None:
    report = give('{"text": "ok"}\n{"text": " "}\n{"txt": "x"}\n{"text": 5}\n{"text": "a\\u0000"}\n[]\n'
                  '{"text": "\\ud800"}\n{"text": "n", "x": 1e999}\n', "a.jsonl")  # fmt: skip
    assert (report.lines, report.new, report.refused) == (8, 1, 7)
    assert dict(report.refusals) == {
        2: "The text is empty.",
        3: "The column 'text' holds no text here.",
        4: "The column 'text' holds no text here.",
        5: "The text holds a NUL character.",
        6: "The line is no JSON object.",
        7: "The text holds half a character (a lone surrogate).",
        8: "A value is out of range: Out of range float values are not JSON compliant.",
    }


def test_X13_stored_and_refused_make_up_the_lines(give: Give) -> None:
    lines = [f"text {n}" if n % 400 else "" for n in range(20_000)]
    report = give("\n".join(lines) + "\n", "a.txt")
    assert (report.lines, report.new, report.refused) == (20_000, 19_950, 50)
    assert [line for line, _reason in report.refusals] == [n + 1 for n in range(20_000) if n % 400 == 0]


def test_only_the_first_thousand_refusals_are_kept(give: Give) -> None:
    report = give("x\n" + "\n" * 1500, "a.txt")
    assert (report.refused, len(report.refusals)) == (1500, 1000)


def test_a_text_longer_than_ten_million_characters_is_refused(give: Give) -> None:
    report = give("short\n" + "x" * 10_000_001 + "\n", "a.txt")
    assert report.refusals == ((2, "The text is longer than 10,000,000 characters."),)


def test_answers_come_over_and_classes_follow_the_file(give: Give, con: Connection) -> None:
    report = give("text,label\na,zebra\nb, refund \nc,\ne,  \nd,ape\n", label="label")
    assert report.answers == 3
    assert answers(con) == {"a": "zebra", "b": "refund", "d": "ape"}
    assert list(classes.ids(con)) == ["refund", "login", "speed", "zebra", "ape"]
    assert examples.after(con, 15, 1)[0].meta == {}
    assert {x.annotator for x in examples.labelled(con)} == {"import"}
    assert meta.counters(con)["pool.answered"] == 3
    assert classes.counts(con) == {1: 1, 4: 1, 5: 1}


def test_json_labels_may_be_numbers_or_missing(give: Give, con: Connection) -> None:
    give('{"text":"a","label":3}\n{"text":"b","label":null}\n{"text":"c"}\n{"text":"d","label":true}\n'
         '{"text":"e","label":["x"]}\n', "a.jsonl", label="label")  # fmt: skip
    assert answers(con) == {"a": "3", "d": "true"}
    assert added(con) == ["a", "b", "c", "d"]


def test_of_contradicting_answers_in_a_file_the_first_is_kept(give: Give, con: Connection) -> None:
    report = give("text,label\na,x\na,y\na,z\nb,x\nb,x\n", label="label")
    assert (report.answers, report.conflicts) == (2, 1)
    assert answers(con) == {"a": "x", "b": "x"}


def test_a_doubled_text_takes_the_answer_that_comes_later(give: Give, con: Connection) -> None:
    report = give("text,label\na,\nb,y\na,x\n", label="label")
    assert (report.new, report.known, report.answers, report.conflicts) == (2, 1, 2, 0)
    assert answers(con) == {"a": "x", "b": "y"}


def test_what_a_person_answered_stands(give: Give, con: Connection) -> None:
    labels.decide(con, CLASSIFY, [Decision(1, '{"class": 1}'), Decision(2, '{"class": 2}'), Decision(3, None)], "ann")
    report = give(
        "text,label\nWhere is my refund?,speed\nI can't log in since yesterday,login\n"
        "The internet is so slow tonight,speed\n",
        label="label",
    )
    assert (report.known, report.answers, report.conflicts) == (3, 1, 1)
    assert answers(con) == {
        "Where is my refund?": "refund",
        "I can't log in since yesterday": "login",
        "The internet is so slow tonight": "speed",
    }
    assert meta.counters(con)["pool.answered"] == 3
    assert meta.counters(con)["pool.skipped"] == 0


def test_one_undo_takes_all_answers_of_a_file_back(give: Give, con: Connection) -> None:
    give("text,label\na,x\nb,y\n", label="label")
    assert undo(con, CLASSIFY, imports.ANNOTATOR) == [16, 17]
    assert answers(con) == {}
    assert give("text,label\na,y\n", label="label").answers == 1
    assert answers(con) == {"a": "y"}


def test_a_test_file_is_held_out_and_takes_known_texts_from_the_pool(give: Give, con: Connection) -> None:
    labels.decide(con, CLASSIFY, [Decision(1, '{"class": 1}')], "ann")
    labels.decide(con, CLASSIFY, [Decision(3, None)], "ann")
    give("text,label\nhi,speed\n", label="label")
    report = give(
        "text,label\nfresh,login\nhi,speed\nThe internet is so slow tonight,speed\nWhere is my refund?,speed\n"
        "wifi drops every hour,speed\nhi,login\n",
        split="test",
        label="label",
    )
    assert (report.new, report.known, report.moved, report.refused) == (1, 4, 2, 1)
    assert report.refusals == ((5, "A person has answered this text in the pool; it stays there."),)
    assert report.conflicts == 1
    assert answers(con, "test") == {
        "fresh": "login",
        "hi": "speed",
        "The internet is so slow tonight": "speed",
        "wifi drops every hour": "speed",
    }
    assert answers(con) == {"Where is my refund?": "refund"}
    assert {name: n for name, n in meta.counters(con).items() if n} == {
        "pool": 10,
        "test": 6,
        "pool.answered": 1,
        "test.answered": 4,
    }
    assert classes.counts(con, "test") == {2: 1, 3: 3}
    assert classes.counts(con) == {1: 1}
    assert {3, 12}.isdisjoint(examples.open_ids(con))


def test_a_text_answered_while_the_test_file_loads_stays_in_the_pool(con: Connection) -> None:
    import_id = imports.begin(con, "t", "test")
    imports.add_rows(con, import_id, [imports.Row(1, "hi", "{}", '"refund"')])
    labels.decide(con, CLASSIFY, [Decision(12, '{"class": 3}')], "ann")
    report = imports.finish(con, import_id, CLASSIFY, ["refund"], ImportReport("t", "test", lines=1, known=1))
    assert (report.moved, report.answers, report.conflicts) == (0, 0, 1)
    assert examples.get(con, [12])[0].split == "pool"
    assert meta.counters(con)["pool"] == 12


def test_a_pool_file_never_takes_texts_from_the_test_set(give: Give, con: Connection) -> None:
    report = give("text\ncan not sign in\nx\n")
    assert (report.new, report.known) == (1, 1)
    assert examples.get(con, [14])[0].split == "test"


def test_with_a_closed_list_unknown_labels_are_refused_with_the_nearest(
    give: Give, con: Connection, project: Project
) -> None:
    options.save(project.root, options.changed(project.settings(), "open_classes", "false"))
    report = give("text,label\na,refund\nb,refnud\nc,xyz\n", label="label")
    assert report.refusals == (
        (3, "There is no class called 'refnud'. Did you mean 'refund'?"),
        (4, "There is no class called 'xyz'."),
    )
    assert added(con) == ["a"]
    assert len(classes.ids(con)) == 3


def test_impossible_labels_refuse_their_row_and_make_no_class(give: Give, con: Connection) -> None:
    report = give(f'text,label\na,{"x" * 201}\nb,"x\x00"\nc,ok\n', label="label")
    assert [line for line, _reason in report.refusals] == [2, 3]
    assert list(classes.ids(con))[3:] == ["ok"]


def test_a_label_column_with_too_many_values_is_an_error_with_the_count(give: Give, con: Connection) -> None:
    before = state(con)
    with pytest.raises(InputError) as caught:
        give("text,user\n" + "".join(f"text {n},user {n}\n" for n in range(5000)), label="user")
    assert "The column 'user' of" in caught.value.what
    assert "has 5,000; up to 1,000 are taken" in caught.value.what
    assert caught.value.hint
    with pytest.raises(InputError, match="has 2,000; up to 1,000"):  # seen only after some batches were written
        give("text,user\n" + "".join(f"text {n},user {max(n - 2500, 0)}\n" for n in range(4500)), label="user")
    assert state(con) == before
    assert give("text,user\na,1\nb,2\n", label="user", limit_classes=2).answers == 2


def test_a_column_that_is_not_there_is_an_error(give: Give, con: Connection) -> None:
    before = state(con)
    with pytest.raises(InputError, match="no column called 'txt'"):
        give("text,label\na,b\n", text="txt")
    with pytest.raises(InputError) as caught:
        give("text,label\na,b\n", label="lable")
    assert caught.value.hint == "Did you mean 'label'?"
    with pytest.raises(InputError, match="no column called 'label'"):
        give('{"text": "a"}\n' * 3000, "a.jsonl", label="label")
    assert state(con) == before


def test_a_label_may_come_late_in_a_long_file(give: Give, con: Connection) -> None:
    lines = [{"text": f"text {n}"} for n in range(2500)] + [{"text": "last", "label": "x"}]
    report = give("".join(json.dumps(line) + "\n" for line in lines), "a.jsonl", label="label")
    assert report.answers == 1
    assert answers(con) == {"last": "x"}


@pytest.mark.parametrize("content", ["text,n\n", "\n\n \n", "text\n\n"])
def test_a_file_with_no_usable_row_is_an_error(give: Give, con: Connection, content: str) -> None:
    before = state(con)
    with pytest.raises(InputError, match="No row"):
        give(content)
    assert state(con) == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"text": "good"}\n' * 3000 + '{"text": "bad"'),
        ("a.csv", "text,n\n" + "".join(f"good {n},1\n" for n in range(3000)) + '"never closed,1\n'),
        ("a.txt", "".join(f"good {n}\n" for n in range(20_000)) + "\udce9\n"),
    ],
)
def test_X10_what_is_broken_near_the_end_leaves_nothing(
    project: Project, con: Connection, tmp_path: Path, name: str, content: str
) -> None:
    before = state(con)
    path = tmp_path / name
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(InputError):
        import_file(project, con, path)
    assert state(con) == before


def test_progress_is_told_in_bytes_and_ends_at_the_whole(give: Give) -> None:
    told: list[tuple[int, int]] = []
    give("text\n" + "".join(f"text {n}\n" for n in range(3000)), progress=lambda *at: told.append(at))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] > 20_000


def test_X6_nasty_texts_come_through_jsonl_and_csv_unchanged(give: Give, con: Connection, tmp_path: Path) -> None:
    kept = [text for text in STORABLE if text.strip() and "\x00" not in text]
    report = give("".join(json.dumps({"text": text}) + "\n" for text in NASTY), "a.jsonl")
    assert report.new + report.known == len(kept)
    assert report.refused == len(NASTY) - len(kept) >= len(SURROGATES)
    assert sorted([*added(con), "hi"] if "hi" in kept else added(con)) == sorted(kept)
    before = state(con)["examples"]
    with (tmp_path / "b.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["text", "n"], *([text, "1"] for text in STORABLE)])
    again = give((tmp_path / "b.csv").read_bytes().decode(), "c.csv")
    assert (again.new, again.known) == (0, len(kept))
    assert state(con)["examples"] == before


VALUES = st.none() | st.text() | st.floats() | st.integers() | st.lists(st.text())
ROWS = st.dictionaries(st.sampled_from(["text", "label", "x\ud800", "n"]), VALUES, max_size=4)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, min_size=1, max_size=30))
def test_any_jsonl_is_accounted_for_and_comes_back_as_it_was(
    project: Project, con: Connection, tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    rows = [{"text": "one that will do", "label": None}, *rows]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    had = {example.text for example in examples.walk(con)}
    report = import_file(project, con, path, text="text", label="label")
    assert report.new + report.known + report.refused == report.lines == len(rows)
    assert [line for line, _reason in report.refusals] == sorted({line for line, _reason in report.refusals})
    bad = {line for line, _reason in report.refusals}
    kept = {row["text"]: row for number, row in reversed(list(enumerate(rows, 1))) if number not in bad}
    found = {example.text: example.meta for example in examples.walk(con)}
    assert found.keys() - had == kept.keys() - had
    assert len(kept.keys() - had) == report.new
    for text in kept.keys() - had:
        meta = {name: value for name, value in kept[text].items() if name not in {"text", "label"}}
        assert found[text] == {n: None if isinstance(v, float) and not math.isfinite(v) else v for n, v in meta.items()}


def test_a_newer_answer_of_a_person_during_the_import_is_not_lost(
    give: Give, con: Connection, project: Project
) -> None:
    def label(_done: int, _total: int) -> None:
        with project.open() as other:
            labels.decide(other, CLASSIFY, [Decision(12, '{"class": 1}')], "ann")
            assert examples.total(other) == 15
            assert added(other) == []

    report = give("text,label\nhi,speed\nnew,speed\n", label="label", progress=label)
    assert (report.answers, report.conflicts) == (1, 1)
    assert answers(con) == {"hi": "refund", "new": "speed"}


def test_an_archived_class_stays_archived_and_its_name_makes_a_new_one(give: Give, con: Connection) -> None:
    with transaction(con):
        con.execute("UPDATE classes SET active = 0 WHERE name = 'speed'")
    give("text,label\na,speed\n", label="label")
    assert classes.ids(con)["speed"] == 4
    assert classes.counts(con) == {4: 1}
