"""No text can act on the terminal, hide a character, or be changed more than it must."""

import json
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.show import json_line, shorten, visible
from tests.nasty import MARKUP, NASTY

JOINERS = {"\u200c", "\u200d"}
BARRED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
INVISIBLE = set(
    "\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060\u2065\u3164\ufeff\uffa0\uffff\ufdd0"
)
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

texts = st.one_of(st.text(), st.text(alphabet=st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Lo"])))


def acts(text: str, kept: set[str] | frozenset[str] = frozenset()) -> list[str]:
    """The characters of a shown text that should not be there."""
    bad = (c for c in text if c not in JOINERS and c not in kept)
    return [c for c in bad if unicodedata.category(c) in BARRED or c in INVISIBLE or c in BIDI]


def test_T1_nothing_nasty_survives_to_act_on_a_terminal() -> None:
    for text in NASTY:
        assert not acts(visible(text)), repr(text)
        assert not acts(visible(text, multiline=True), {"\n", "\t"}), repr(text)
        assert not acts(shorten(text, 40)), repr(text)
        assert not acts(json_line({"text": text, text: [text]})), repr(text)


@given(texts)
def test_T1_no_character_at_all_survives_to_act_on_a_terminal(text: str) -> None:
    assert not acts(visible(text))
    assert not acts(visible(text, multiline=True), {"\n", "\t"})
    assert not acts(shorten(text, 20))


def test_T4_a_code_point_is_either_shown_as_it_is_or_marked() -> None:
    """Nearly all: of the thousands of Chinese and Korean letters and the empty planes, every 97th."""
    for code in (*range(0x3400), *range(0x3400, 0x110000, 97), *range(0xD7A0, 0x11000), *range(0xE0000, 0xE1000)):
        char = chr(code)
        shown = visible(char)
        if shown == char:
            assert not acts(char), hex(code)
        else:
            assert shown == (chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else f"⟨{code:04X}⟩")


def test_letters_of_all_scripts_and_joined_emoji_are_shown_as_they_are() -> None:
    for text in ("你好，世界", "می\u200cخواهم", "👩‍👩‍👧‍👦 👍🏽 ❤️", "é e\u0301", "สวัสดี", "🫨", "\U0001fae9"):
        assert visible(text) == text


def test_line_breaks_and_tabs_are_kept_only_where_asked_for() -> None:
    assert visible("a\n\tb\r", multiline=True) == "a\n\tb␍"
    assert visible("a\n\tb\r") == "a␊␉b␍"


@pytest.mark.parametrize("text", MARKUP)
def test_T2_markup_stays_letter_for_letter(text: str) -> None:
    assert visible(text, multiline=True) == text
    assert json.loads(json_line(text)) == text


@given(texts)
def test_showing_twice_is_showing_once(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(texts, st.integers(1, 80))
@example("x" * 500, 80)
@example("\x1b" * 50, 10)
@example("a " * 300, 10)
def test_a_shortened_text_fits_and_says_that_it_was_cut(text: str, width: int) -> None:
    short = shorten(text, width)
    assert len(short) <= width
    whole = visible(" ".join(text.split()))
    assert short == whole or short.endswith("…")
    if len(text) <= width * 4 and len(whole) <= width:
        assert short == whole


def half_pairs(text: str) -> bool:
    """Two halves side by side are one character to JSON; there is no writing them apart."""
    return any("\ud800" <= a <= "\udbff" and "\udc00" <= b <= "\udfff" for a, b in pairwise(text))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


@given(json_values)
@example({"\ud800": "\udfff"})
@example(["\x7f", "\u0080", "\u2028", "\U000e0041"])
def test_a_line_of_json_says_exactly_the_value_and_acts_on_nothing(value: object) -> None:
    line = json_line(value)
    assert not acts(line)
    line.encode()
    if not half_pairs(json.dumps(value, ensure_ascii=False)):
        assert json.loads(line) == value


def test_json_stays_readable_in_any_script() -> None:
    assert json_line({"text": "你好 👍🏽", "n": 1}) == '{"text": "你好 👍🏽", "n": 1}'


def test_a_long_text_is_shown_without_delay() -> None:
    """A million characters, wide ones among them: linear, whatever they are."""
    assert len(visible("字a\x1b" * 300_000)) == 900_000
    assert len(shorten("字a\x1b" * 300_000, 40)) == 40
