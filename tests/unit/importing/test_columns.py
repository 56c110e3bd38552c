"""The text column is the one that was named, or the likeliest; a wrong name is answered with the nearest right one."""

from typing import Any

import pytest

from core.errors import InputError
from core.importing.columns import text_column


def choose(*rows: dict[str, Any], wanted: str | None = None, label: str | None = None) -> str:
    return text_column(rows, wanted, label, "a.csv")


def test_a_usual_name_is_taken_whatever_its_case() -> None:
    assert choose({"id": "a very long identifier", "Message": "hi"}) == "Message"
    assert choose({"body": "a long one of some kind", "text": "hi"}) == "text"


def test_the_only_column_besides_the_label_is_taken() -> None:
    assert choose({"x": "hi"}) == "x"
    assert choose({"x": "hi", "y": "a longer label"}, label="y") == "x"


def test_else_the_longest_on_average_is_taken() -> None:
    rows = [
        {"a": "short", "b": "a bit longer", "c": 1},
        {"a": "a very very long one", "b": "a bit longer, too", "c": 2},
    ]
    assert choose(*rows) == "b"


def test_the_named_column_is_taken() -> None:
    assert choose({"text": "a", "other": "b"}, wanted="other") == "other"


def test_a_wrong_name_lists_the_columns_and_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        choose({"Text": "a", "label": "b"}, wanted="txet")
    assert caught.value.what == "a.csv has: Text, label."
    assert caught.value.hint == "Did you mean 'Text'?"


def test_names_from_a_file_are_made_visible() -> None:
    with pytest.raises(InputError) as caught:
        choose({"a\x1b[2J": 1, "b": 2})
    assert "\x1b" not in str(caught.value)


def test_text_and_label_are_two_columns() -> None:
    with pytest.raises(InputError, match="same column"):
        choose({"text": "a", "x": "b"}, wanted="text", label="text")


def test_without_any_string_it_asks_for_a_name() -> None:
    with pytest.raises(InputError) as caught:
        choose({"a": 1, "b": None})
    assert "--text" in caught.value.hint
