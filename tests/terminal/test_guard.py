"""The second line of defence, alone."""

import asyncio

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.widgets import Static

from tests.nasty import NASTY
from tests.tui.looks import text_of
from tui.terminal.guard import Guard, install_guard

BLACK = Color(0, 0, 0)


def test_T1_nothing_that_acts_passes_and_no_cell_moves() -> None:
    for text in NASTY:
        segments = [Segment(line) for line in text.split("\n")]
        after = Guard().apply(segments, BLACK)
        for before, found in zip(segments, after, strict=True):
            assert not [c for c in found.text if ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0x202A <= ord(c) <= 0x202E]
            assert found.cell_length == before.cell_length or "\ud800" <= max(before.text, default="") <= "\udfff"


def test_T2_links_and_actions_are_taken_off() -> None:
    evil = Style(meta={"@click": "app.quit()"}) + Style(link="http://x", bold=True)
    (found,) = Guard().apply([Segment("read more", evil)], BLACK)
    assert found.style is not None
    assert found.style.link is None
    assert not any(key.startswith("@") for key in found.style.meta)
    assert found.style.bold


def test_clean_lines_are_left_alone() -> None:
    clean = [Segment("plain", Style(bold=True)), Segment("text")]
    assert Guard().apply(clean, BLACK) is clean


def test_every_painted_line_passes_it() -> None:
    class Naive(App[None]):
        def __init__(self) -> None:
            super().__init__()
            install_guard(self)

        def compose(self) -> ComposeResult:
            yield Static("a\x1b[2Jbc", markup=False)

    async def play() -> None:
        app = Naive()
        async with app.run_test() as pilot:
            await pilot.pause()
            assert text_of(app).startswith("a[2Jbc")

    asyncio.run(play())
