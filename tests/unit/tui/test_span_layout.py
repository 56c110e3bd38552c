"""Where characters stand: cells and code points lead to each other, and what is drawn is as wide as was reckoned."""

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from core.show import is_acting
from core.spans import Guess, Span
from tests.hostile import texts
from tests.nasty import NASTY
from tui.spans.drawing import bars, strokes
from tui.spans.hints import LETTERS, hints
from tui.spans.layout import Layout
from tui.wrapping import graphemes


def whole(text: str, width: int) -> Layout:
    layout = Layout(text, width)
    layout.upto(10**9)
    return layout


@settings(max_examples=300, deadline=None)
@given(texts, st.integers(4, 100))
def test_every_code_point_stands_in_one_place_and_lines_are_as_wide_as_they_say(text: str, width: int) -> None:
    layout = whole(text, width)
    glyphs = [glyph for line in layout.lines for glyph in line]
    assert "".join(text[g.start : g.end] for g in glyphs) == text
    for number, line in enumerate(layout.lines):
        drawn = "".join(glyph.shown for glyph in line)
        assert sum(g.cells for g in line) == cell_len(drawn) == sum(c for _s, _e, c in graphemes(drawn)) <= width
        assert not any(is_acting(char) for char in drawn)
        for glyph, edge in zip(line, layout.columns(number), strict=False):
            assert glyph.cells >= 1
            assert layout.line_of(glyph.start) == number
            assert all(layout.glyph_at(number, x) == glyph for x in range(edge, edge + glyph.cells))
            assert layout.cells_of(number, glyph.start, glyph.end) == (edge, edge + glyph.cells)


def test_nasty_texts_lie_in_lines_of_any_width() -> None:
    for text in NASTY:
        for width in (10, 77):
            layout = whole(text, width)
            assert all(sum(g.cells for g in line) <= width for line in layout.lines), repr(text[:40])


def test_lines_break_behind_blanks_and_between_wide_characters() -> None:
    assert lines_of("one two three", 9) == ["one two ", "three"]
    assert lines_of("名前名前名前", 7) == ["名前名", "前名前"]
    assert lines_of("a\r\nb\n\nc", 20) == ["a ", "b ", " ", "c"]
    assert lines_of("unbreakable", 5) == ["unbr", "eaka", "ble"]
    assert lines_of("a\tb", 20) == ["a   b"]


def lines_of(text: str, width: int) -> list[str]:
    return ["".join(g.shown for g in line) for line in whole(text, width).lines]


def test_what_joins_nothing_is_a_mark_and_a_lone_mark_has_a_letter_to_stand_on() -> None:
    assert lines_of("a\u200d b", 30) == ["a⟨200D⟩ b"]
    assert lines_of("\u0301x", 30) == ["◌\u0301x"]
    assert lines_of("👩‍👩‍👧‍👦", 30) == ["👩‍👩‍👧‍👦"]


def drawn(text: str, spans: list[Span[str]], guesses: list[Guess], width: int = 40) -> list[str]:
    rows = [[" "] * width]
    for bar in bars(whole(text, width), 0, spans, guesses):
        while len(rows) <= bar.level:
            rows.append([" "] * width)
        for x, char in enumerate(strokes(bar, width - bar.first), bar.first):
            rows[bar.level][x] = char
    return ["".join(row).rstrip() for row in rows]


def test_bars_are_as_long_as_spans_and_tell_answers_from_suggestions_without_colour() -> None:
    text = "Angela Merkel in Berlin"
    assert drawn(text, [Span(0, 13, "PER")], [Guess(Span(17, 23, "LOC"), 0.5, "head")]) == [
        "PER━━━━━━━━━╸    LOC?┄╴",
    ]
    assert drawn("张三在北京", [Span(0, 2, "PER"), Span(3, 5, "L")], []) == ["PER╸  L━━╸"]


def test_overlapping_spans_lie_below_each_other_the_shortest_first() -> None:
    text = "University of New York City"
    spans = [Span(0, 27, "ORG"), Span(14, 27, "LOC"), Span(14, 22, "X")]
    assert drawn(text, spans, []) == [
        "              X━━━━━━╸",
        "              LOC━━━━━━━━━╸",
        "ORG━━━━━━━━━━━━━━━━━━━━━━━╸",
    ]


@settings(max_examples=100, deadline=None)
@given(texts, st.integers(8, 60), st.data())
def test_bars_never_leave_their_line(text: str, width: int, data: st.DataObject) -> None:
    layout = whole(text, width)
    edges = st.integers(0, len(text))
    spans = [Span(min(a, b), max(a, b), "a class") for a, b in data.draw(st.lists(st.tuples(edges, edges), max_size=5))]
    for line in range(len(layout.lines)):
        found = bars(layout, line, [s for s in spans if s.start < s.end], [])
        for bar in found:
            assert 0 <= bar.first < bar.behind <= width
            assert cell_len(strokes(bar, bar.behind - bar.first)) == bar.behind - bar.first
            same = [o for o in found if o is not bar and o.level == bar.level]
            assert all(o.behind <= bar.first or bar.behind <= o.first for o in same)


@given(st.integers(0, 900), st.integers(1, 12))
def test_no_hint_begins_another_and_none_covers_another(n: int, apart: int) -> None:
    places = [(i, i // 20, (i % 20) * apart) for i in range(n)]
    found = hints(places, frozenset(range(0, n, 7)))
    assert not any(one != other and other.startswith(one) for one in found for other in found if one[0] == other[0])
    ends: dict[int, int] = {}
    for letters, offset in sorted(found.items(), key=lambda pair: pair[1]):
        _offset, line, cell = places[offset]
        assert cell >= ends.get(line, 0)
        ends[line] = cell + len(letters)
    if apart > 1:
        assert len(found) == min(n, len(LETTERS) ** 2)


def test_what_looks_like_a_name_gets_a_single_letter() -> None:
    found = hints([(i, 0, 3 * i) for i in range(60)], frozenset({59}))
    assert found[LETTERS[0]] == 59
