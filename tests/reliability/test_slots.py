"""T2: hostile strings through each widget that is given data, painted as it would be sent to the terminal."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.geometry import Region
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from core.project import Project
from core.show import visible
from tests.reliability.test_text import hostile_strings, is_harmless
from tests.tui.driving import run
from tui import show as shown
from tui.app import HandfulApp
from tui.dialogs.go import _Choices
from tui.preferences import Preferences
from tui.session import Session
from tui.widgets.about import About
from tui.widgets.bars import KeyBar, TopBar, _Bar
from tui.widgets.line import Line
from tui.widgets.lines import LineWidget
from tui.widgets.progress import ProgressLine
from tui.widgets.row_list import Column, ListRows, RowList
from tui.widgets.side_by_side import Side, SideBySide
from tui.widgets.span_card import SpanCard
from tui.widgets.spark import Spark
from tui.widgets.text_card import TextCard
from tui.widgets.who_said import Said, WhoSaid

WITHOUT_DATA = {_Bar, KeyBar, Spark, _Choices}
"""They show numbers, and names that are Handful's own."""
WIDTH, HEIGHT = 100, 12
SAME = 10
"""Letters at a text's beginning that must be there whatever is cut off behind them."""


@dataclass(frozen=True)
class Slot:
    """A place for data: how the widget is made, and how so many texts get into it."""

    make: Callable[[], Widget]
    put: Callable[[Widget, Sequence[str]], object]
    at_once: int = 1


def _about(widget: Widget, texts: Sequence[str]) -> None:
    assert isinstance(widget, About)
    widget._parts = [(text, text) for text in texts]
    widget.redraw()


def _top(widget: Widget, texts: Sequence[str]) -> None:
    assert isinstance(widget, TopBar)
    widget._project = texts[0]
    widget.redraw()


SLOTS = {
    "text card": Slot(TextCard, lambda w, t: w.show(t[0])),  # type: ignore[attr-defined]
    "card of spans": Slot(lambda: SpanCard(None), lambda w, t: w.show(t[0])),  # type: ignore[arg-type, attr-defined]
    "line": Slot(Line, lambda w, t: w.show([(t[0], "key")], [(t[1], "muted")]), 2),  # type: ignore[attr-defined]
    "rows": Slot(
        lambda: RowList((Column(), Column())),
        lambda w, t: w.show(ListRows([((a, "text"), (b, "guess")) for a, b in zip(t[::2], t[1::2], strict=True)])),  # type: ignore[attr-defined]
        20,
    ),
    "no rows": Slot(lambda: RowList((Column(),)), lambda w, t: w.say_empty(t[0])),  # type: ignore[attr-defined]
    "side by side": Slot(
        SideBySide,
        lambda w, t: w.show((Side(t[0], ((t[1], True), (t[2], False))), Side(t[3], ((t[4], False),)))),  # type: ignore[attr-defined]
        5,
    ),
    "who said": Slot(WhoSaid, lambda w, t: w.show([Said(t[0], (t[1], t[2])), Said(t[3], (t[4],))]), 5),  # type: ignore[attr-defined]
    "about": Slot(About, _about, 3),
    "top bar": Slot(lambda: TopBar("label", "", lambda _id: None), _top),
    "progress": Slot(ProgressLine, lambda w, t: w.show(0.3, t[0])),  # type: ignore[attr-defined]
    "words": Slot(Static, lambda w, t: w.update(shown.content("\n".join(t), multiline=True)), 8),  # type: ignore[attr-defined]
    "field": Slot(Input, lambda w, t: setattr(w, "value", t[0])),
    "hint": Slot(Input, lambda w, t: setattr(w, "placeholder", t[0])),
    "area": Slot(TextArea, lambda w, t: w.load_text("\n".join(t)), 8),  # type: ignore[attr-defined]
}


def painted(widget: Widget) -> list[Strip]:
    """What is sent for this widget, behind the filter that every line passes."""
    return widget.render_lines(Region(0, 0, *widget.outer_size))


def pieces(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """So many at a time; a rest that does not make up one is left out."""
    return (texts[at : at + size] for at in range(0, len(texts) - size + 1, size))


async def through(app: HandfulApp, pilot: Pilot[None], name: str, texts: Sequence[str]) -> int:
    """Show them all; returns in how many it was looked for the letters themselves."""
    slot, looked = SLOTS[name], 0
    widget = slot.make()
    widget.styles.width, widget.styles.height = WIDTH, HEIGHT
    await app.screen.mount(widget)
    await pilot.pause()
    assert widget.size.width > WIDTH // 2
    for some in pieces(texts, slot.at_once):
        slot.put(widget, some)
        strips = painted(widget)
        for strip in strips:
            is_harmless(list(strip))
        first = visible(some[0])[:SAME]
        if first.isascii() and len(first) == SAME and " " not in first and "\n" not in some[0][:SAME]:
            looked += 1
            assert first in "".join(strip.text for strip in strips), (name, some[0])
    await widget.remove()
    return looked


def play(project: Project, names: Sequence[str], n: int) -> None:
    texts = [text for text in hostile_strings(n) if len(text) < 2000]

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        for name in names:
            assert await through(app, pilot, name, texts) > 0, name
        assert app.is_running

    chosen = Preferences(tour_done=True)
    run(HandfulApp(project.root, "ada", chosen=chosen, headless=True), story, (WIDTH + 20, 60))


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    monkeypatch.setattr(Session, "wake", lambda _session: None)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", SLOTS)
def test_T2_T3_twenty_thousand_strings_through_every_slot_as_they_are_painted(project: Project, name: str) -> None:
    play(project, [name], 20_000)


def test_T2_T3_some_strings_through_every_slot_as_they_are_painted(project: Project) -> None:
    play(project, list(SLOTS), 400)


def test_T2_every_widget_for_data_is_among_the_slots() -> None:
    def below(kind: type[Widget]) -> set[type[Widget]]:
        return {kind}.union(*(below(inner) for inner in kind.__subclasses__()))

    made = {type(slot.make()) for slot in SLOTS.values()}
    drawn_by_us = {kind for kind in below(LineWidget) - {LineWidget} if kind.__module__.startswith("tui.widgets")}
    assert drawn_by_us - WITHOUT_DATA == {kind for kind in made if issubclass(kind, LineWidget)}
