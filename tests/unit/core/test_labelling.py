"""Answers from a file: every error names its line and changes nothing; what is right is one act."""

import json
from dataclasses import replace
from typing import Any

import pytest

from core import labelling
from core.connection import Connection
from core.errors import InputError
from core.labelling import take_answers
from core.settings import Settings
from core.store import classes, examples
from core.tasks.classify import CLASSIFY, Classify
from tests.acting import undo
from tests.conftest import POOL, AddTexts
from tests.nasty import NASTY, STORABLE

OPEN = Settings()
CLOSED = replace(OPEN, open_classes=False)


def take(con: Connection, *rows: Any, settings: Settings = OPEN, who: str = "ann") -> tuple[int, int]:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    return take_answers(con, CLASSIFY, settings, lines, who)


def answers(con: Connection) -> dict[int, str]:
    names = classes.names(con)
    return {i.example.id: str(CLASSIFY.to_file(CLASSIFY.decode(i.stored), names)) for i in examples.labelled(con)}


def everything(con: Connection) -> list[Any]:
    """All that a refused file could have changed."""
    tables = ("events", "decisions", "answers", "classes", "counters", "class_counts")
    rows = [[tuple(r) for r in con.execute(f"SELECT * FROM {table}")] for table in tables]
    return [*rows, [tuple(r) for r in con.execute("SELECT id, state, answer_seq FROM examples")]]


def test_lines_by_id_by_text_and_skips_are_one_act(con: Connection) -> None:
    taken = take(
        con,
        {"id": 1, "label": "refund"},
        "",
        "   \n",
        {"text": POOL[1], "label": "login"},
        {"id": 3, "skip": True},
        {"id": 6, "label": "退款", "uuid": "my own"},
    )
    assert taken == (4, 0)
    assert answers(con) == {1: "refund", 2: "login", 6: "退款"}
    assert examples.states(con, [3])[3] == ("pool", "skipped")
    assert undo(con, CLASSIFY, "ann") == [1, 2, 3, 6]
    assert answers(con) == {}


def test_the_same_file_twice_is_known_by_its_uuids(con: Connection) -> None:
    rows = [{"id": 1, "label": "refund", "uuid": "a"}, {"id": 2, "label": "login", "uuid": "b"}]
    assert take(con, *rows) == (2, 0)
    assert take(con, *rows, {"id": 3, "label": "speed", "uuid": "c"}) == (1, 2)
    assert take(con, *rows) == (0, 2)
    assert con.execute("SELECT count(*) FROM events WHERE kind = 'label'").fetchone()[0] == 3


def test_of_two_lines_about_one_text_the_later_stands(con: Connection) -> None:
    take(con, {"id": 1, "label": "refund"}, {"id": 1, "label": "login"})
    assert answers(con) == {1: "login"}


def test_a_name_with_blanks_around_it_is_the_same_class(con: Connection) -> None:
    take(con, {"id": 1, "label": " refund "}, {"id": 2, "label": "refund\n"})
    assert answers(con) == {1: "refund", 2: "refund"}
    assert len(classes.names(con)) == 3


DEEP = "[" * 100_000
BAD = {
    "no JSON": '{"id": 1, "label": "refund"',
    "no JSON either": "id,label",
    "a list": "[1]",
    "a number": "5",
    "null": "null",
    "nesting": DEEP,
    "nesting in a row": f'{{"id": 1, "label": {DEEP}',
    "neither id nor text": {"label": "refund"},
    "no label": {"id": 1},
    "skip that is no yes": {"id": 1, "skip": "yes"},
    "skip that is no": {"id": 1, "skip": False},
    "unknown id": {"id": 99, "label": "refund"},
    "id zero": {"id": 0, "label": "refund"},
    "id below zero": {"id": -1, "label": "refund"},
    "huge id": {"id": 2**63, "label": "refund"},
    "huger id": '{"id": 1' + "0" * 5000 + ', "label": "refund"}',
    "id as text": {"id": "1", "label": "refund"},
    "id as fraction": {"id": 1.0, "label": "refund"},
    "id as yes": {"id": True, "label": "refund"},
    "id as nothing": {"id": None, "label": "refund"},
    "id as list": {"id": [1], "label": "refund"},
    "unknown text": {"text": "never seen", "label": "refund"},
    "half a text": {"text": "\ud800", "label": "refund"},
    "text as number": {"text": 5, "label": "refund"},
    "test text by id": {"id": 13, "label": "refund"},
    "test text by text": {"text": "can not sign in", "label": "login"},
    "skip of a test text": {"id": 13, "skip": True},
    "empty label": {"id": 1, "label": ""},
    "blank label": {"id": 1, "label": "  "},
    "label nothing": {"id": 1, "label": None},
    "label as number": {"id": 1, "label": 5},
    "label as list": {"id": 1, "label": ["refund"]},
    "long label": {"id": 1, "label": "x" * 201},
    "NUL in label": {"id": 1, "label": "a\x00b"},
    "half a label": {"id": 1, "label": "\ud800"},
    "uuid as number": {"id": 1, "label": "refund", "uuid": 5},
    "long uuid": {"id": 1, "label": "refund", "uuid": "x" * 65},
    "half a uuid": {"id": 1, "label": "refund", "uuid": "\udc80"},
}


@pytest.mark.parametrize("kind", BAD)
def test_every_error_names_its_line_and_changes_nothing(kind: str, con: Connection) -> None:
    before = everything(con)
    with pytest.raises(InputError) as caught:
        take(con, {"id": 1, "label": "quite new"}, "", {"id": 2, "skip": True}, BAD[kind], {"id": 4, "label": "speed"})
    assert "Line 4 " in caught.value.title
    assert "nothing was changed" in caught.value.hint
    assert len(str(caught.value)) < 500
    assert everything(con) == before


def test_a_line_beyond_measure_is_refused_unread(con: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelling, "MAX_LINE", 100)
    with pytest.raises(InputError, match=r"Line 2 .*longer than 100"):
        take(con, {"id": 1, "label": "refund"}, {"id": 2, "label": "refund", "note": "x" * 100})
    assert answers(con) == {}


def test_broken_json_is_told_with_its_column(con: Connection) -> None:
    with pytest.raises(InputError, match=r"Line 1 .*column 10"):
        take(con, '{"id": 1 "label": "refund"}')


@pytest.mark.parametrize("lines", [[], ["", "  \n"]])
def test_a_file_without_answers_is_refused(lines: list[str], con: Connection) -> None:
    with pytest.raises(InputError, match="no answers in the file") as caught:
        take(con, *lines)
    assert '{"id": 5, "label": "refund"}' in caught.value.hint


def test_a_closed_list_of_classes_refuses_others_and_guesses_what_was_meant(con: Connection) -> None:
    before = everything(con)
    with pytest.raises(InputError) as caught:
        take(con, {"id": 1, "label": "login"}, {"id": 2, "label": "refnd"}, settings=CLOSED)
    assert caught.value.title == "Line 2: there is no class 'refnd'."
    assert "refund, login, speed" in caught.value.what
    assert caught.value.hint == "Did you mean 'refund'?"
    with pytest.raises(InputError, match="open_classes true"):
        take(con, {"id": 2, "label": "zzz"}, settings=CLOSED)
    assert everything(con) == before
    assert take(con, {"id": 1, "label": "login"}, {"id": 2, "skip": True}, settings=CLOSED) == (2, 0)


def test_an_archived_class_can_not_be_chosen_in_a_closed_list(con: Connection) -> None:
    con.execute("UPDATE classes SET active = 0 WHERE name = 'speed'")
    with pytest.raises(InputError, match="no class 'speed'"):
        take(con, {"id": 1, "label": "speed"}, settings=CLOSED)


def test_an_open_list_grows_by_what_is_named(con: Connection) -> None:
    take(con, {"id": 1, "label": "new"}, {"id": 2, "label": "newer"}, {"id": 3, "label": "new"})
    assert list(classes.ids(con)) == ["refund", "login", "speed", "new", "newer"]


def test_X6_nasty_texts_are_found_by_themselves(con: Connection, add_texts: AddTexts) -> None:
    texts = [text for text in STORABLE if text]
    add_texts(con, texts)
    assert take(con, *({"text": text, "label": "refund"} for text in texts)) == (len(texts), 0)
    assert sorted(item.example.text for item in examples.labelled(con)) == sorted(texts)


def test_X6_nasty_class_names_come_back_or_are_refused(con: Connection) -> None:
    for text in NASTY:
        row = {"id": 1, "label": text}
        name = text.strip()
        if not name or len(text) > 200 or "\x00" in text or text not in STORABLE:
            with pytest.raises(InputError):
                take(con, row)
        else:
            take(con, row)
            assert answers(con) == {1: name}


class Failing(Classify):
    """A task whose second answer can't be stored."""

    stored = 0

    def encode(self, answer: Any) -> str:
        self.stored += 1
        if self.stored == 2:
            raise KeyboardInterrupt
        return super().encode(answer)


def test_a_failure_in_the_middle_leaves_neither_answers_nor_classes(con: Connection) -> None:
    before = everything(con)
    lines = ['{"id": 1, "label": "one"}', '{"id": 2, "label": "two"}']
    with pytest.raises(KeyboardInterrupt):
        take_answers(con, Failing(), OPEN, lines, "ann")
    assert everything(con) == before
