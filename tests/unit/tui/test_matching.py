"""A few letters find a name."""

from hypothesis import given
from hypothesis import strategies as st

from tui.answering.matching import best, rank

NAMES = ["card_arrival", "card_not_working", "lost_or_stolen_card", "café order", "退款", "exchange rate"]


def found(query: str) -> list[str]:
    return [NAMES[i] for i in best(query, NAMES)]


def test_the_beginning_of_a_name_goes_before_the_beginning_of_a_word() -> None:
    assert found("card")[:3] == ["card_arrival", "card_not_working", "lost_or_stolen_card"]


def test_words_may_be_shortened_in_any_order() -> None:
    assert found("no ca") == ["card_not_working"]
    assert found("cafe") == ["café order"]
    assert found("退") == ["退款"]


def test_letters_in_order_count_only_if_nothing_is_nearer() -> None:
    assert found("xrt") == ["exchange rate"]
    assert "exchange rate" not in found("ca")


def test_nothing_typed_keeps_the_order_and_nonsense_finds_nothing() -> None:
    assert found("") == NAMES
    assert found("zzz") == []


@given(st.text(max_size=20), st.text(max_size=40))
def test_no_string_fails(query: str, name: str) -> None:
    assert rank(query, name) in {None, 0, 1, 2, 3, 4, 5}
    assert rank(name, name) == 0
