"""Every screen and dialog: in its table, reachable by keys, upright in all sizes, unmoved by hostile data."""

import ast
import json
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

import tui
from core import clock
from core.connection import transaction
from core.project import Project
from core.store import classes, guidelines, marks
from tests.conftest import AddTexts
from tests.tui.conftest import MakeApp
from tests.tui.driving import run, until
from tests.tui.looks import SIZES, compare, text_of
from tui import dialogs, keymap, screens
from tui.app import HandfulApp
from tui.dialogs.new_project import NewProjectDialog
from tui.screens.base import HandfulScreen

ROOT = Path(tui.__file__).parent
IDS = [entry.id for entry in screens.SCREENS]
EVIL = "[@click=app.quit()]x[/] \x1b]52;c;aGk=\x07\x1b[2J [/bold] [link=http://x]y \u202eabc :smile: \x9b31m"
SHOWN = "[@click=app.quit()]x[/]"


def screen_classes() -> dict[str, set[str]]:
    """Class names by module of everything below tui that is a Screen or Dialog by its bases' names."""
    found: dict[str, set[str]] = {}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            bases = {ast.unparse(base).partition("[")[0] for base in getattr(node, "bases", [])}
            if isinstance(node, ast.ClassDef) and bases & {
                "HandfulScreen",
                "Screen",
                "ModalScreen",
                "Dialog",
                "FileDialog",
            }:
                found.setdefault(path.relative_to(ROOT).as_posix(), set()).add(node.name)
    return found


def test_a_screen_or_dialog_that_is_in_no_table_fails() -> None:
    listed = {f"screens/{e.id}.py": {e.cls} for e in screens.SCREENS}
    listed |= {f"dialogs/{e.id}.py": {e.cls} for e in dialogs.DIALOGS}
    bases = {"screens/base.py": {"HandfulScreen"}, "dialogs/base.py": {"Dialog"}}
    assert screen_classes() == listed | bases
    for entry in screens.SCREENS:
        assert entry.id == screens.load(entry.id).ID
    for dialog in dialogs.DIALOGS:
        assert getattr(import_module(f"tui.dialogs.{dialog.id}"), dialog.cls)


def test_every_screen_is_two_keys_away(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        for entry in (*screens.SCREENS, screens.entry("label")):
            await pilot.press("ctrl+o", entry.key)
            await pilot.pause()
            assert isinstance(app.screen, HandfulScreen)
            assert entry.id == app.screen.ID

    run(make_app(), story)


@pytest.mark.parametrize("screen_id", IDS)
def test_it_looks_as_it_did_in_three_sizes(make_app: MakeApp, screen_id: str) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.pause(0.3)
        compare(app, screen_id)

    if screen_id in ("home", "label"):
        pytest.skip("they have tests of their own, with something to show")
    for size in SIZES:
        run(make_app(screen_id), story, size)


@pytest.mark.parametrize("screen_id", IDS)
def test_any_size_is_survived(make_app: MakeApp, screen_id: str) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        for size in ((40, 10), (200, 60), (1, 1), (41, 11), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert "Too small" not in text_of(app)

    run(make_app(screen_id), story)


@pytest.fixture
def hostile(project: Project, add_texts: AddTexts) -> Project:
    """Every place for data is taken by text that would act."""
    with project.open() as con:
        add_texts(con, [EVIL, EVIL + " 退款 👩‍👩‍👧 \u0627\u0644", "x" * 20_000])
        ids = [row[0] for row in con.execute("SELECT id FROM examples WHERE id > 15 ORDER BY id")]
        first = classes.create(con, EVIL, "ada")
        classes.describe(con, first, EVIL, "ada")
        guidelines.write(con, EVIL, "ada")
        marks.note(con, ids[0], EVIL, EVIL)
        with transaction(con):
            con.execute("UPDATE examples SET meta = ? WHERE id = ?", (json.dumps({EVIL: EVIL}), ids[0]))
            con.execute("INSERT INTO meta(key, value) VALUES ('served:ada', ?)", (str(ids[0]),))
            con.execute("INSERT INTO bundles(path, job_id, info, created) VALUES (?, 1, '{}', 0)", (EVIL,))
            con.execute(
                "INSERT INTO jobs(kind, args, state, created, error) VALUES ('embed', '{}', 'failed', 0, ?)",
                (json.dumps({"title": EVIL, "what": EVIL, "hint": EVIL}),),
            )
    return project


@pytest.mark.parametrize("screen_id", IDS)
def test_T1_T2_hostile_data_is_shown_letter_for_letter_everywhere(
    make_app: MakeApp, hostile: Project, screen_id: str
) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.pause(0.3)
        found = text_of(app)
        assert not [c for c in found if ord(c) < 32 and c != "\n"]
        assert not [c for c in found if 0x7F <= ord(c) < 0xA0 or c in "\u202e\u200b"]
        strips = app.screen._compositor.render_strips(app.size)
        metas = [s.style for strip in strips for s in strip if s.style]
        assert not [style for style in metas if style.link or any(key.startswith("@") for key in style.meta)]
        if screen_id in ("label", "data"):
            assert SHOWN in found

    for size in ((80, 24), (200, 60)):
        run(make_app(screen_id), story, size)


def test_T1_dialogs_show_hostile_data_letter_for_letter(make_app: MakeApp, hostile: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        for keys in (["f6"], ["ctrl+g"], ["ctrl+n"], ["f4"]):
            await pilot.press(*keys)
            await pilot.pause(0.1)
            found = text_of(app)
            assert "\x1b" not in found
            assert "\u202e" not in found
            await pilot.press("escape")
            await pilot.pause()

    run(make_app("label"), story)


def test_T1_a_hostile_file_is_shown_letter_for_letter_before_a_project_is_made_of_it(
    make_app: MakeApp, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    data = folder / (EVIL.replace("/", "") + ".jsonl")
    data.write_text("".join(json.dumps({"text": f"{i} {EVIL}", EVIL: EVIL}) + "\n" for i in range(3)), "utf-8")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("n")
        await pilot.pause(0.1)
        for typed in (str(folder) + "/", str(data)):
            app.screen.query_one(Input).value = typed
            await pilot.pause(0.2)
            assert not [c for c in text_of(app) if (ord(c) < 32 and c != "\n") or c in "\x7f\x9b\u202e"]
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, NewProjectDialog), "the first look", 30)
        await pilot.pause()
        found = text_of(app)
        assert SHOWN in found
        assert not [c for c in found if (ord(c) < 32 and c != "\n") or c in "\x7f\x9b\u202e"]

    run(make_app("home"), story, (120, 40))


def test_home_lists_recent_projects_and_a_broken_one_with_its_error(
    make_app: MakeApp, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui import preferences

    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "labels.db").write_bytes(b"this is no database" * 100)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(preferences, "recent", lambda: [Path("project"), Path("broken")])

    monkeypatch.setattr(clock, "local", lambda _moment: "2026-01-02 03:04")

    async def looks(app: HandfulApp, pilot: Pilot[None]) -> None:
        compare(app, "home")

    for size in SIZES:
        run(make_app("home"), looks, size)

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        found = text_of(app)
        assert "0 / 12" in found
        assert "broken" in found
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, HandfulScreen) and app.screen.ID == "label", "the project")

    run(make_app("home"), story, (120, 40))


def test_the_footer_and_the_help_come_from_one_table(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert "accept" in text_of(app)
        await pilot.press("question_mark")
        await pilot.pause()
        found = text_of(app)
        assert "Take the model's suggestion." in found
        assert "1-9" in found, "what a choice does is in no table, and stands first"
        assert "handful next" in found

    run(make_app(), story, (100, 40))


@pytest.mark.parametrize("screen_id", IDS)
def test_help_and_the_other_screens_are_in_every_footer(make_app: MakeApp, screen_id: str) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        for width in (80, 60, 40):
            await pilot.resize_terminal(width, 24)
            await pilot.pause(0.1)
            last = text_of(app).splitlines()[-1]
            assert "? help" in last
            assert "^o go" in last

    run(make_app(screen_id), story)


@pytest.mark.parametrize("preset", list(keymap.PRESETS))
def test_no_two_actions_of_a_screen_share_a_key(preset: str) -> None:
    assert keymap.conflicts(keymap.PRESETS[preset]) == []


@pytest.mark.parametrize("preset", list(keymap.PRESETS))
def test_everything_has_a_key_without_enter_backspace_or_shift(preset: str) -> None:
    for key in keymap.KEYS:
        hard = {"enter", "backspace", "question_mark", "colon", "asterisk", "dollar_sign"}
        easy = [k for k in key.pressed(keymap.PRESETS[preset]) if k not in hard and not k.isupper()]
        assert easy or key.id == "list.choose", f"{key.id} in {preset}"


def test_a_key_that_can_not_be_taken_is_told_and_the_table_s_own_stays() -> None:
    own = {"label.skp": "x", "label.skip": "f", "label.flag": "ctrl+ö", "label.note": "w"}
    found, problems = keymap.resolve("default", own)
    assert found == {"label.note": "w"}
    assert any("'label.skip'" in problem for problem in problems)
    assert any("both label.skip and label.flag" in problem for problem in problems)
    assert any("no list of keys" in problem for problem in problems)


def test_an_overridden_key_works_and_is_shown(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert "w flag" in text_of(app)
        await pilot.press("w")
        assert "⚑" in text_of(app)

    run(make_app(keys={"label.flag": "w"}), story)


def test_the_palette_finds_actions_and_screens(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+p")
        await pilot.pause(0.3)
        await pilot.press(*"metr")
        await pilot.pause(0.6)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, HandfulScreen) and app.screen.ID == "metrics", "the screen")

    run(make_app(), story)


def test_the_palette_finds_actions_of_other_screens_but_never_answers_a_text_unseen(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+p")
        await pilot.pause(0.3)
        await pilot.press(*"skip")
        await pilot.pause(0.6)
        assert "Put this text aside" not in text_of(app)
        await pilot.press(*["backspace"] * 4, *"start rule")
        await until(pilot, lambda: "Rounds: start rule" in text_of(app), "the row")
        await pilot.press("enter")
        await until(pilot, lambda: "a round starts by itself after so many" in text_of(app), "the question")
        assert app.screen_stack[-2] is app.open_screen("rounds")

    run(make_app("metrics"), story)


def test_while_the_app_ends_nobody_looks_at_screens_that_lose_their_widgets(make_app: MakeApp) -> None:
    app = make_app()

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("1")

    run(app, story)
    told: list[bool] = []
    app._watch = SimpleNamespace(look=lambda: told.append(True))  # type: ignore[assignment]
    app._look()
    assert told == []
