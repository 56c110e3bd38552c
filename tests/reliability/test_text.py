"""T: text on the terminal."""

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.pilot import Pilot

from core.project import Project
from core.show import visible
from core.worker import launch
from core.worker.lock import holder
from tests.nasty import MARKUP, NASTY, SEQUENCES
from tests.reliability.conftest import Open, goes_red, weakened
from tests.reliability.hostile import assert_harmless, poison
from tests.terminal.session import TerminalSession
from tests.tui.driving import run
from tests.tui.looks import text_of
from tui import screens
from tui import show as shown
from tui.app import HandfulApp
from tui.preferences import Preferences
from tui.session import Session
from tui.widgets.line import Line
from tui.widgets.text_card import TextCard

DIALOGS = ("ctrl+g", "f6", "f4", "n", "?", "ctrl+p", "ctrl+o")
"""Keys on the label screen that open something."""


@pytest.fixture
def visit(home: dict[str, str]) -> Iterator[Callable[..., bytes]]:
    """`visit(root, size, weakness, some)`: open some or every screen and dialog; returns all that was written."""
    sessions: list[TerminalSession] = []

    def go(root: Path, size: tuple[int, int], weakness: str = "", some: Sequence[str] = ()) -> bytes:
        weak = "no_worker" + (f",{weakness}" if weakness else "")
        session = TerminalSession(weakened(weak, "open", root, "--as", "ada"), env=home, size=size)
        sessions.append(session)
        session.wait_for(lambda text: len(text.split()) > 8)
        for entry in [*map(screens.entry, some)] or [*screens.SCREENS, screens.entry("label")]:
            session.press("ctrl+o")
            session.press(entry.key)
            session.settle(0.15)
        for key in () if some else DIALOGS:
            session.press(key)
            session.press("escape")
        session.press("s", "s", "1", "f", "u")
        assert session.process.poll() is None, session.screen
        session.process.kill()
        session.process.wait()
        return session.written

    yield go
    for session in sessions:
        session.__exit__(None, None, None)


@pytest.fixture
def twins(project: Project, tmp_path: Path) -> tuple[Path, Path]:
    """A clean project and a hostile one."""
    shutil.copytree(project.root, tmp_path / "other" / "project")
    return project.root, poison(Project(tmp_path / "other" / "project")).root


_CLEAN: dict[tuple[int, int], bytes] = {}
"""What a visit to a clean project writes, by size: it is always the same kinds of sequences."""


def nothing_acts(visit: Callable[..., bytes], twins: tuple[Path, Path], size: tuple[int, int], weak: str = "") -> None:
    clean, hostile = twins
    if size not in _CLEAN:
        _CLEAN[size] = visit(clean, size)
    assert_harmless(visit(hostile, size, weak), _CLEAN[size])


def test_T1_no_byte_of_data_acts_on_five_screens(visit: Callable[..., bytes], twins: tuple[Path, Path]) -> None:
    clean, hostile = twins
    some = ("data", "rounds", "export", "settings", "label")
    assert_harmless(visit(hostile, (80, 24), "", some), visit(clean, (80, 24), "", some))


@pytest.mark.slow
@pytest.mark.parametrize("weak", ["", "no_guard", "no_marks"])
def test_T1_no_byte_of_data_acts_on_any_screen_and_each_of_two_layers_is_enough(
    visit: Callable[..., bytes], twins: tuple[Path, Path], weak: str
) -> None:
    nothing_acts(visit, twins, (80, 24), weak)


@pytest.mark.slow
@pytest.mark.parametrize("weak", ["", "no_guard", "no_marks"])
@pytest.mark.parametrize("size", [(40, 12), (120, 40)])
def test_T1_the_same_in_other_sizes(
    visit: Callable[..., bytes], twins: tuple[Path, Path], size: tuple[int, int], weak: str
) -> None:
    nothing_acts(visit, twins, size, weak)


@pytest.mark.slow
def test_T1_can_fail(visit: Callable[..., bytes], twins: tuple[Path, Path]) -> None:
    with goes_red():
        nothing_acts(visit, twins, (80, 24), "no_guard,no_marks")


# T2


def hostile_strings(n: int) -> Iterator[str]:
    """Strings that are mostly markup, in every state of being cut off."""
    chance = random.Random(20)
    pieces = [
        *MARKUP,
        *SEQUENCES,
        "[",
        "]",
        "[/",
        "/]",
        "\\",
        "\\\\[",
        "[b]",
        "[@click=app.quit]",
        ":smile:",
        "=",
        "'",
        " ",
    ]
    yield from NASTY
    for _n in range(n - len(NASTY)):
        text = "".join(chance.choice(pieces) for _piece in range(chance.randint(1, 6)))
        yield text[: chance.randint(1, len(text))]


def letter_for_letter(n: int) -> None:
    for text in hostile_strings(n):
        wanted, lines = visible(text), visible(text, multiline=True)
        made = shown.content(text)
        assert made.plain == wanted
        assert not made.spans
        assert shown.content(text, multiline=True).plain == lines
        assert shown.sentence(text, (text, "bold")).plain == wanted + wanted
        assert shown.segment(text, Style()).text == wanted
        assert len(shown.clip(text, 30)) <= 30 or "\u200d" in text or any(ord(c) > 127 for c in text)
        assert {str(span.style) for span in shown.content(text, "bold").spans} <= {"bold"}


def test_T2_T3_twenty_thousand_hostile_strings_are_shown_letter_for_letter() -> None:
    letter_for_letter(20_000)


def test_T2_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text that is taken for markup."""

    class Marked(Content):
        def __new__(cls, text: str = "", *_rest: object) -> "Content":  # type: ignore[misc]
            return Content.from_markup(text)

    monkeypatch.setattr(shown, "Content", Marked)
    with pytest.raises(Exception):  # noqa: B017, PT011 (a check that is red, or markup that is none)
        letter_for_letter(500)


def is_harmless(pieces: list[Segment]) -> None:
    """No character that acts, no link, no action."""
    assert not [c for piece in pieces for c in piece.text if ord(c) < 32 or 0x7F <= ord(c) < 0xA0]
    styles = [piece.style for piece in pieces if piece.style]
    assert not [s for s in styles if s.link or any(key.startswith("@") for key in s.meta)]


@pytest.mark.slow
def test_T2_T3_on_the_label_screen_and_in_notices(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    monkeypatch.setattr(Session, "wake", lambda _session: None)
    texts = list(hostile_strings(20_000))
    some = [text for text in texts if text.strip() and "\n" not in text and len(text) < 60][:: len(texts) // 50]

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        card, line = app.screen.query_one(TextCard), app.screen.query_one("#now", Line)
        for text in texts:
            card.show(text)
            line.show([(text, "key")])
            for row in (*card.build(60, 6), *line.build(60, 1)):
                is_harmless(list(row))
        for text in some:
            card.show(text)
            app.clear_notifications()
            app.say(text)
            await pilot.pause()
            found = text_of(app)
            if text.isascii() and text.isprintable() and "  " not in text.strip():
                assert text.strip() in found, (text, found)
            for strip in app.screen._compositor.render_strips(app.size):
                is_harmless(list(strip))
        assert app.is_running

    run(HandfulApp(project.root, "ada", chosen=Preferences(tour_done=True), headless=True), story, (120, 40))


# T8


def test_T8_a_hundred_sizes_in_a_moment_are_survived_and_too_small_takes_no_label(
    quiet_app: Open, project: Project
) -> None:
    session = quiet_app()
    session.wait_for("accept")
    for n in range(100):
        session.resize(*((200, 60), (20, 5), (1, 1), (80, 24))[n % 4])
        if n % 10 == 0:
            session.settle(0.02)
    session.resize(20, 5)
    session.settle(0.3)
    session.send(b"123")
    session.settle(0.2)
    with project.open(readonly=True) as con:
        assert con.execute("SELECT count(*) FROM answers").fetchone()[0] == 0
    session.resize(80, 24)
    session.wait_for("accept")
    session.resize(20, 5, tell=False)  # the signal is late
    session.send(b"1")
    session.wait_for("Too small", 5)
    with project.open(readonly=True) as con:
        assert con.execute("SELECT count(*) FROM answers").fetchone()[0] == 0
    session.resize(80, 24)
    session.wait_for("accept")
    assert session.process.poll() is None
    assert holder(project.worker_lock) is None or launch.stop(project)


# T5


def test_T5_halves_of_characters_are_refused_with_their_lines(project: Project, tmp_path: Path) -> None:
    from core.importing.importer import import_file

    lines = [f'{{"text": "line {n}"}}' for n in range(1, 51)]
    for n in (7, 19, 40):
        lines[n - 1] = f'{{"text": "half {n} \\ud800 of one"}}'
    path = tmp_path / "halves.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with project.open() as con:
        report = import_file(project, con, path)
    assert (report.lines, report.new, report.refused) == (50, 47, 3)
    assert [line for line, _why in report.refusals] == [7, 19, 40]
