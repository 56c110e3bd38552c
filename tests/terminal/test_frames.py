"""However little is written, the terminal shows what it should."""

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tests.terminal.vt import Screen
from tui.terminal.frames import Frames

WIDTH, HEIGHT = 24, 4
CONSOLE = Console(force_terminal=True, color_system="256")
STYLES = (Style(), Style(bold=True), Style(color="red"), Style(color="red", bgcolor="blue"), Style(underline=True))
TEXTS = ("a", "word ", "退款", "é", "👩‍👩‍👧", "🇩🇪", "  ", "12", "❤️")

Line = list[tuple[str, Style]]
LINES = st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(STYLES)), max_size=12)


def strip(line: Line) -> Strip:
    return Strip(Segment(text, style) for text, style in line).adjust_cell_length(WIDTH, Style())


def update(lines: list[Strip], y: int = 0) -> LayoutUpdate:
    return LayoutUpdate([[line] for line in lines], Region(0, y, WIDTH, len(lines)))


@given(st.lists(st.tuples(st.integers(0, HEIGHT - 1), LINES), max_size=12))
def test_the_terminal_shows_what_was_painted_last(changes: list[tuple[int, Line]]) -> None:
    frames, screen = Frames(), Screen(WIDTH, HEIGHT)
    whole = [strip([]) for _row in range(HEIGHT)]
    screen.feed(frames.compact(update(whole), (WIDTH, HEIGHT), CONSOLE).render_segments(CONSOLE))
    for y, line in changes:
        whole[y] = strip(line)
        screen.feed(frames.compact(update([whole[y]], y), (WIDTH, HEIGHT), CONSOLE).render_segments(CONSOLE))
    assert screen.strange == []
    fresh = Screen(WIDTH, HEIGHT)
    fresh.feed(Frames().compact(update(whole), (WIDTH, HEIGHT), CONSOLE).render_segments(CONSOLE))
    assert screen.text == fresh.text
    assert [row.replace(" ", "") for row in screen.text.split("\n")] == [line.text.replace(" ", "") for line in whole]


def test_what_is_there_already_is_not_written_again() -> None:
    frames = Frames()
    line = strip([("12 labelled", STYLES[2])])
    frames.compact(update([line]), (WIDTH, HEIGHT), CONSOLE)
    again = frames.compact(update([line]), (WIDTH, HEIGHT), CONSOLE)
    assert again.render_segments(CONSOLE) == ""
    other = frames.compact(update([strip([("13 labelled", STYLES[2])])]), (WIDTH, HEIGHT), CONSOLE)
    assert other.render_segments(CONSOLE) == "\x1b[1;2H\x1b[31m3\x1b[39m"


def test_a_style_that_ends_is_taken_off() -> None:
    frames = Frames()
    text = frames.compact(update([strip([("a", STYLES[1]), ("b", STYLES[3])])]), (WIDTH, HEIGHT), CONSOLE)
    assert text.render_segments(CONSOLE).startswith("\x1b[1;1H\x1b[0;1ma\x1b[0;31;44mb")


def test_after_another_size_or_a_stop_everything_is_written() -> None:
    frames = Frames()
    line = strip([("a", STYLES[0])])
    frames.compact(update([line]), (WIDTH, HEIGHT), CONSOLE)
    frames.forget()
    assert "a" in frames.compact(update([line]), (WIDTH, HEIGHT), CONSOLE).render_segments(CONSOLE)
    assert "a" in frames.compact(update([line]), (WIDTH, HEIGHT + 1), CONSOLE).render_segments(CONSOLE)
