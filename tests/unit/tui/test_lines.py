"""Only what differs is painted again."""

from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.widgets.lines import difference

BOLD, PLAIN = Style(bold=True), Style()
PIECES = st.lists(
    st.tuples(st.sampled_from(["a", "bc", "退", "👩‍👩‍👧", " "]), st.sampled_from([BOLD, PLAIN])), max_size=8
)


def strip(pieces: list[tuple[str, Style]]) -> Strip:
    return Strip(Segment(text, style) for text, style in pieces).adjust_cell_length(20, PLAIN)


@given(PIECES, PIECES)
def test_outside_of_the_difference_both_are_the_same(
    before: list[tuple[str, Style]], after: list[tuple[str, Style]]
) -> None:
    old, new = strip(before), strip(after)
    span = difference(old, new)
    if span is None:
        assert [(s.text, s.style) for s in old.simplify()] == [(s.text, s.style) for s in new.simplify()] or old == new
        return
    first, last = span
    assert 0 <= first < last <= 20
    for part in ((0, first), (last, 20)):
        assert old.crop(*part).text == new.crop(*part).text


def test_one_changed_digit_is_one_cell() -> None:
    assert difference(strip([("12 labelled", PLAIN)]), strip([("13 labelled", PLAIN)])) == (1, 2)


def test_another_colour_is_a_difference() -> None:
    assert difference(strip([("same", PLAIN)]), strip([("same", BOLD)])) == (0, 4)
