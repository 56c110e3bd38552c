"""Long texts in lines: nothing is lost, nothing is too wide, and what is not looked at costs nothing."""

import time

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.wrapping import PIECE, Wrapped, graphemes

FAMILY = "👩‍👩‍👧"
PARTS = st.sampled_from(
    ["a", "word ", "  ", "退款", "什么时候", FAMILY, "é", "🇩🇪", "\n", "\t", "longerthanthat", "שלום"]
)


def lines(text: str, width: int) -> list[str]:
    wrapped = Wrapped(text, width)
    wrapped.upto(1_000_000)
    assert wrapped.complete
    return wrapped.lines


@given(st.lists(PARTS, max_size=80).map("".join), st.integers(2, 60))
def test_no_line_is_too_wide_and_no_letter_is_lost(text: str, width: int) -> None:
    found = lines(text, width)
    assert all(cell_len(line) <= width for line in found)
    letters = [c for c in text if c not in " \n\t"]
    assert [c for line in found for c in line if c != " "] == letters


@given(st.lists(st.sampled_from([FAMILY, "é", "🇩🇪", "退"]), min_size=1, max_size=40).map("".join), st.integers(2, 9))
def test_T7_no_grapheme_is_split(text: str, width: int) -> None:
    whole = {text[start:end] for start, end, _cells in graphemes(text)}
    assert all({line[s:e] for s, e, _c in graphemes(line)} <= whole for line in lines(text, width))


def test_lines_break_between_words_and_line_ends_are_kept() -> None:
    assert lines("one two three\n\nfour\r\n  five", 8) == ["one two", "three", "", "four", "  five"]


def test_a_word_wider_than_the_window_is_cut() -> None:
    assert lines("abcdefghij", 4) == ["abcd", "efgh", "ij"]


def test_T6_a_megabyte_is_looked_at_in_pieces() -> None:
    for text in ("x" * 1_000_000, "退款 " * 330_000, "e" + "́" * 200_000, "a\n" * 50_000):
        begin = time.perf_counter()
        wrapped = Wrapped(text, 76)
        wrapped.upto(30)
        assert time.perf_counter() - begin < 2.0, "a guard against reading it all, not a measurement"
        assert wrapped.rest > len(text) // 2 or wrapped.rest > len(text) - 60 * PIECE


def test_T4_what_can_not_be_seen_becomes_a_mark() -> None:
    assert lines("a\x1b[2Jb\u202ec", 40) == ["a␛[2Jb⟨202E⟩c"]
