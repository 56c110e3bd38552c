"""Only what differs is painted again."""

from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.widgets.line import _clip
from tui.widgets.lines import differences

BOLD, PLAIN = Style(bold=True), Style()
PIECES = st.lists(
    st.tuples(st.sampled_from(["a", "bc", "退", "👩‍👩‍👧", " "]), st.sampled_from([BOLD, PLAIN])), max_size=8
)


def strip(pieces: list[tuple[str, Style]]) -> Strip:
    return Strip(Segment(text, style) for text, style in pieces).adjust_cell_length(20, PLAIN)


@given(PIECES, PIECES)
def test_outside_of_the_differences_both_are_the_same(
    before: list[tuple[str, Style]], after: list[tuple[str, Style]]
) -> None:
    old, new = strip(before), strip(after)
    spans = differences(old, new)
    edges = [0, *(edge for span in spans for edge in span), 20]
    assert edges == sorted(edges)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        assert old.crop(start, end).text == new.crop(start, end).text


def test_one_changed_digit_is_one_cell() -> None:
    assert differences(strip([("12 labelled", PLAIN)]), strip([("13 labelled", PLAIN)])) == [(1, 2)]


def test_another_colour_is_a_difference() -> None:
    assert differences(strip([("same", PLAIN)]), strip([("same", BOLD)])) == [(0, 4)]


def test_what_lies_far_apart_is_painted_apart() -> None:
    wide = [Strip([Segment(a + " " * 30 + b)]) for a, b in (("1", "2"), ("3", "4"))]
    assert differences(*wide) == [(0, 1), (31, 32)]


def test_a_piece_that_is_cut_keeps_the_blank_before_it() -> None:
    assert _clip(" · accuracy 0.53 (0.43-0.63)", 12) == " · accuracy…"
    assert _clip(" · ", 2) == ""
