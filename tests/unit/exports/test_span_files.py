"""Marked texts through the formats of others and back, to the code point."""

import itertools
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from core.conll import escaped, found_spans, unescaped
from core.errors import InputError
from core.importing.formats import opened
from core.intake import new_project
from core.project import Project
from core.spans import Span, apart, touching
from core.store import classes, examples
from core.words import words
from exports import span_files
from exports.dataset import write_labels
from tests import nasty

LABELS = ("person", "a place", "时间", "I-odd", "back\\u0020slash")


def marked(text: str, rng: random.Random) -> list[Span[str]]:
    """Some spans that share no characters, at any code points."""
    found = []
    for _try in range(4):
        start = rng.randrange(len(text))
        span = Span(start, rng.randint(start + 1, min(len(text), start + 12)), rng.choice(LABELS))
        if not text[span.start : span.end].isspace():
            found.append(span)
    return apart(sorted(found, key=lambda span: span.start - span.end))


def texts() -> list[str]:
    rng = random.Random(7)
    usable = [text for text in nasty.STORABLE if text.strip() and "\x00" not in text and not _half(text)]
    joined = [" ".join(rng.sample(usable, 3)) for _ in range(120)]
    return list(dict.fromkeys([*usable, *joined]))


def _half(text: str) -> bool:
    return any(0xD800 <= ord(c) < 0xE000 for c in text)


ROWS = [(text, marked(text, random.Random(i))) for i, text in enumerate(texts())]


def in_rows(rows: Sequence[tuple[str, list[Span[str]]]]) -> list[dict[str, Any]]:
    return [
        {"text": text, "spans": [{"start": s.start, "end": s.end, "label": s.label} for s in spans]}
        for text, spans in rows
    ]


def test_there_are_enough_nasty_texts() -> None:
    assert len(ROWS) >= 200
    assert sum(bool(spans) for _text, spans in ROWS) >= 200


def test_conll_brings_back_every_span_to_the_code_point(tmp_path: Path) -> None:
    content, left = span_files.conll("spans", in_rows(ROWS))
    assert left == 0
    file = tmp_path / "data.conll"
    file.write_bytes(content.encode())
    with opened(file) as lines:
        found = [values for _line, values in lines]
    back = {row["text"]: [Span(s["start"], s["end"], s["label"]) for s in row["spans"]] for row in map(_row, found)}
    assert back == dict(ROWS)


def _row(values: dict[str, Any] | str) -> dict[str, Any]:
    assert isinstance(values, dict), values
    return values


def test_spacy_s_tokens_and_their_blanks_make_up_the_text() -> None:
    content, _left = span_files.spacy("spans", in_rows(ROWS))
    for doc, (text, spans) in zip(json.loads(content), ROWS, strict=True):
        assert [(e["start"], e["end"], e["label"]) for e in doc["ents"]] == [(s.start, s.end, s.label) for s in spans]
        pieces = [(token["start"], token["end"]) for token in doc["tokens"]]
        assert all(b[0] - a[1] in {0, 1} and text[a[1] : b[0]] in {"", " "} for a, b in itertools.pairwise(pieces))
        assert pieces[0][0] == 0
        assert text[pieces[-1][1] :] in {"", " "}
        edges = {edge for piece in pieces for edge in piece}
        assert {edge for span in spans for edge in (span.start, span.end)} <= edges


def test_spans_that_share_characters_are_left_out_of_conll_and_a_group_in_spacy() -> None:
    rows = [("Anna Maria", [Span(0, 10, "person"), Span(5, 10, "person")]), ("Bo", [Span(0, 2, "person")])]
    content, left = span_files.conll("spans", in_rows(rows))
    assert (left, content.count("# text")) == (1, 1)
    doc = json.loads(span_files.spacy("spans", in_rows(rows))[0])[0]
    assert (doc["ents"], len(doc["spans"]["sc"])) == ([], 2)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["I-a", "I-a", "B-a", "O"], [Span(0, 3, "a"), Span(4, 5, "a")]),  # IOB1
        (["B-a", "I-a", "B-b", "I-a"], [Span(0, 3, "a"), Span(4, 5, "b"), Span(6, 7, "a")]),
        (["B-a", "L-a", "U-a", "O"], [Span(0, 3, "a"), Span(4, 5, "a")]),  # BILOU
        (["S-a", "B-a", "I-a", "E-a"], [Span(0, 1, "a"), Span(2, 7, "a")]),  # IOBES
    ],
)
def test_every_scheme_of_tags_is_read(tags: list[str], expected: list[Span[str]]) -> None:
    assert found_spans([(0, 1), (2, 3), (4, 5), (6, 7)], tags) == expected


def test_what_breaks_columns_is_escaped_and_nothing_else() -> None:
    assert escaped("plain-字👍") == "plain-字👍"
    for text, _spans in ROWS:
        safe = escaped(text)
        assert unescaped(safe) == text
        assert " " not in safe
        assert safe.isprintable() or any(ord(c) > 0xFFFF for c in safe)


FILE = """-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
rejects VBZ B-VP O
German JJ B-NP I-MISC

# # B-NP O
bad line
word O

lonely

x Q-PER
"""


def test_conll_2003_is_imported_and_wrong_lines_are_refused_with_their_number(tmp_path: Path) -> None:
    file = tmp_path / "eng.conll"
    file.write_text(FILE, encoding="utf-8")
    project, (report,) = new_project(tmp_path / "p", data=file, task="spans", label="spans")
    assert (report.new, report.refused, report.lines) == (1, 3, 4)
    assert [line for line, _why in report.refusals] == [8, 11, 13]
    assert answers(project) == [("EU rejects German", [[0, 2, "ORG"], [11, 17, "MISC"]])]


def answers(project: Project) -> list[tuple[str, list[list[Any]]]]:
    with project.open() as con:
        task, names = project.task(con), classes.names(con)
        found = [(x.example.text, task.to_file(task.decode(x.stored), names)) for x in examples.labelled(con)]
    return [(text, [[s["start"], s["end"], s["label"]] for s in spans]) for text, spans in found]


def test_jsonl_spans_are_checked_against_what_they_quote(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    rows = [
        {"text": "👍🏽 Anna", "spans": [{"start": 3, "end": 7, "label": "person", "text": "Anna"}]},
        {"text": "👍🏽 Ben and Cleo", "spans": [{"start": 5, "end": 8, "label": "person", "text": "Ben"}]},
        {"text": "Cleo", "spans": [{"start": 0, "end": 9, "label": "person"}]},
        {"text": "nobody", "spans": []},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    project, (report,) = new_project(tmp_path / "p", data=file, task="spans", label="spans")
    assert [line for line, _why in report.refusals] == [2, 3]
    assert "Ben" in report.refusals[0][1]
    assert answers(project) == [("👍🏽 Anna", [[3, 7, "person"]]), ("nobody", [])]


def test_tokens_are_words_but_for_the_edges_of_spans() -> None:
    assert touching(ROWS[0][1]) is None
    assert len(words("EU rejects")) == 2


@pytest.mark.parametrize("ending", ["conll", "jsonl"])
def test_labels_go_out_and_come_in_again_the_same(tmp_path: Path, ending: str) -> None:
    source = tmp_path / "source.jsonl"
    rows = in_rows(ROWS)
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    first, (report,) = new_project(tmp_path / "first", data=source, task="spans", label="spans")
    assert (report.refused, report.new) == (0, len(rows))
    out = tmp_path / f"out.{ending}"
    with first.open() as con:
        assert write_labels(first, con, out) == (len(rows), 0)
    second, _reports = new_project(tmp_path / "second", data=out, task="spans", label="spans")
    assert sorted(answers(second)) == sorted(answers(first))


def test_what_was_answered_in_part_is_left_out_of_other_formats(tmp_path: Path) -> None:
    source = tmp_path / "source.jsonl"
    source.write_text(json.dumps({"text": "Anna", "spans": {"spans": [], "complete": False}}) + "\n", encoding="utf-8")
    project, _reports = new_project(tmp_path / "p", data=source, task="spans", label="spans")
    with project.open() as con:
        assert write_labels(project, con, tmp_path / "o.conll") == (0, 1)
        assert write_labels(project, con, tmp_path / "o.json") == (0, 1)
        assert write_labels(project, con, tmp_path / "o.jsonl") == (1, 0)
        with pytest.raises(InputError, match="conll"):
            write_labels(project, con, tmp_path / "o.spacy")
