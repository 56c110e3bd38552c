"""Any text can be found by its words or letters, and no query can fail."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.connection import Connection
from core.store import imports, labels
from core.store.labels import Decision
from core.store.search import find, indexed, open_with
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.nasty import NASTY, STORABLE


def test_ascii_goes_into_the_index_untouched() -> None:
    text = "plain text, 12 €"[:-2]
    assert indexed(text) is text


def test_letters_of_unspaced_scripts_become_words() -> None:
    assert indexed("退款ok").split() == ["退", "款", "ok"]
    assert indexed("ガがｶﾞ").split() == ["ガ", "が", "ガ"]
    assert indexed("환불").split() == ["환", "불"]
    assert indexed("１２ ＡＢ").split() == ["12", "AB"]
    assert indexed("Straße").split() == ["Straße"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("refund", [1]),
        ("REF", [1]),
        ("my", [1, 7, 9, 13]),
        ("my card", [7]),
        ("card my", [7]),
        ("ccount", []),
        ("退款", [6]),
        ("款", [6]),
        ("款退", []),
        ("到账？", [6]),
        ("100", [11]),
        ("can't", [2]),
        ("hi", [12]),
        ("i", [2, 10, 11]),
        ("", []),
        ("  \x00 ", []),
        ("?!", []),
        ("refund ?!", [1]),
        ("return my money", [13]),
    ],
)
def test_words_are_prefixes_and_chinese_runs_are_phrases(con: Connection, query: str, found: list[int]) -> None:
    assert find(con, query) == found


def test_thai_and_korean_are_found_inside_words(con: Connection, add_texts: Callable[..., object]) -> None:
    add_texts(con, ["สวัสดีครับ ไม่มีช่องว่าง", "환불받고 싶어요", "قهوة é"])
    assert find(con, "ช่อง") == [16]
    assert find(con, "불받") == [17]
    assert find(con, "قهو e\u0301") == [18]


def test_the_limit_holds(con: Connection) -> None:
    assert find(con, "my", limit=2) == [1, 7]


def test_an_import_that_is_not_whole_is_not_found(con: Connection) -> None:
    import_id = imports.begin(con, "a", "pool")
    imports.add_rows(con, import_id, [imports.Row(1, "an unseen zebra", "{}", None)])
    assert find(con, "zebra") == []


def test_D12_no_nasty_string_makes_search_fail(con: Connection) -> None:
    for text in NASTY:
        find(con, text)
        find(con, f'"{text} -{text}* ({text}')


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(st.characters(codec=None) | st.sampled_from('"*()-:^+ \x00退')))
def test_D12_no_string_makes_search_fail(con: Connection, query: str) -> None:
    find(con, query)


# --- keywords


@pytest.mark.parametrize(
    ("keywords", "found"),
    [
        (["refund"], [1]),
        (["REFUNDED"], []),
        (["acco"], [9]),
        (["car"], []),
        (["money back"], [4]),
        (["back money"], []),
        (["back"], [4, 10]),
        (["money back", "login", "退款"], [4, 6]),
        (["log in", "speed test"], [2, 11]),
        (["款"], [6]),
        (["return"], []),
        (["I can't"], [2]),
        ([], []),
        (["", "?!", "😄", " \x00 "], []),
        (["?!", "refund"], [1]),
    ],
)
def test_keywords_are_words_or_phrases_of_open_texts(con: Connection, keywords: list[str], found: list[int]) -> None:
    assert open_with(con, keywords, 100) == found


def test_answered_and_skipped_texts_are_no_longer_found_by_keywords(con: Connection) -> None:
    decisions = [Decision(4, CLASSIFY.encode(ClassAnswer(1))), Decision(10, None)]
    labels.decide(con, CLASSIFY, decisions[:1], "ann")
    assert open_with(con, ["back"], 100) == [10]
    labels.decide(con, CLASSIFY, decisions[1:], "ann")
    assert open_with(con, ["back"], 100) == []


def test_of_many_texts_with_a_keyword_some_from_everywhere_are_taken(
    con: Connection, add_texts: Callable[..., object]
) -> None:
    add_texts(con, [f"lost parcel number {n}" for n in range(1000)])
    found = open_with(con, ["parcel"], 50)
    assert len(set(found)) == 50
    assert found == sorted(found) == open_with(con, ["parcel"], 50)
    assert min(found) < 200
    assert max(found) > 800


@pytest.mark.parametrize("word", STORABLE)
def test_no_keyword_can_fail(con: Connection, word: str) -> None:
    assert set(open_with(con, [word, "refund"], 100)) >= {1}
