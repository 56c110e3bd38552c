"""Settings, classes, guidelines, the tour and the guided new project, by keys."""

import sys
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from core.project import Project
from core.store import classes, examples, guidelines
from tests.tui.conftest import MakeApp
from tests.tui.driving import run, until
from tests.tui.looks import text_of
from tests.tui.test_label import answers, shown
from tui import preferences
from tui.app import HandfulApp
from tui.dialogs.new_project import NewProjectDialog
from tui.preferences import Preferences
from tui.screens.base import HandfulScreen


def test_an_option_is_found_changed_and_given_its_default_back(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("slash", *"audit", "enter", "enter")
        await pilot.pause(0.1)
        app.screen.query_one(Input).value = "0.3"
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert app.session.project.settings().audit_share == 0.3
        assert "0.3 *" in text_of(app)
        await pilot.press("enter")
        await pilot.pause(0.1)
        app.screen.query_one(Input).value = "7"
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert app.session.project.settings().audit_share == 0.3
        assert "from 0.0 to 1.0" in text_of(app)
        await pilot.press("r")
        await pilot.pause(0.1)
        assert app.session.project.settings().audit_share == 0.1

    run(make_app("settings"), story)


def test_theme_and_keys_are_kept_for_every_project(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await pilot.pause(0.1)
        await pilot.press("down", "enter")
        await pilot.pause(0.1)
        assert app.theme == "handful-light"
        await pilot.press("down", "enter")
        await pilot.pause(0.1)
        await pilot.press("down", "enter")
        await pilot.pause(0.1)
        assert app.preferences.preset == "vim"

    run(make_app("settings"), story)
    assert preferences.load().theme == "handful-light"
    assert preferences.load().preset == "vim"


def test_a_key_is_given_by_pressing_it_and_a_clash_is_refused(make_app: MakeApp) -> None:
    from tui import keymap

    position = [key.id for key in keymap.KEYS].index("label.skip")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("down", "down", "enter")
        await pilot.pause(0.1)
        for pressed in ("f", "w"):
            app.screen.query_one("RowList").move_to(position)  # type: ignore[attr-defined]
            await pilot.press("enter")
            await pilot.pause(0.1)
            await pilot.press(pressed)
            await pilot.pause(0.1)
        assert app.preferences.keys == {"label.skip": "w,space,s"}
        assert "both label.skip and label.flag" in text_of(app)

    run(make_app("settings"), story, (100, 30))


def test_damaged_preferences_are_told_and_do_not_stop_anything(make_app: MakeApp) -> None:
    path = preferences.config_dir() / preferences.CONFIG
    path.parent.mkdir(parents=True)
    path.write_text("theme = [", encoding="utf-8")
    found = preferences.load()
    assert found.problems
    assert found.theme == Preferences().theme


def test_classes_live_and_every_change_is_taken_back(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        con = app.session.con
        await pilot.press("1", "f6")
        await pilot.pause(0.1)

        async def fill(key: str, text: str) -> None:
            await pilot.press(key)
            await pilot.pause(0.1)
            app.screen.query_one(Input).value = text
            await pilot.press("enter")
            await pilot.pause(0.1)

        await fill("r", "money back")
        assert classes.names(con)[1] == "money back"
        await fill("n", "praise")
        assert "praise" in classes.ids(con)
        await fill("t", "m")
        assert classes.all_classes(con)[0].key == "m"
        await pilot.press("m")
        await pilot.pause(0.1)
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert "money back" not in classes.ids(con)
        assert set(answers(app).values()) == {"login"}
        await pilot.press("u", "u", "u", "u")
        await pilot.pause(0.1)
        assert set(answers(app).values()) == {"refund"}
        assert list(classes.ids(con)) == ["refund", "login", "speed"]
        await pilot.press("x", "y")
        await pilot.pause(0.1)
        assert "refund" not in classes.ids(con)
        assert "out of use" in text_of(app)
        await pilot.press("end", "v")
        await pilot.pause(0.1)
        assert "refund" in classes.ids(con)

    run(make_app("label"), story, (100, 30))


def test_guidelines_are_edited_in_place_and_old_versions_come_back(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        for text in ("be kind", "be kind and quick"):
            await pilot.press("ctrl+g")
            await pilot.pause(0.1)
            app.screen.query_one(TextArea).text = text
            await pilot.press("ctrl+s", "escape")
            await pilot.pause(0.1)
        assert guidelines.current(app.session.con) == "be kind and quick"
        await pilot.press("ctrl+g", "ctrl+r")
        await pilot.pause(0.1)
        await pilot.press("down", "enter")
        await pilot.pause(0.1)
        await pilot.press("ctrl+s")
        assert [v.text for v in guidelines.versions(app.session.con)] == ["be kind", "be kind and quick", "be kind"]

    run(make_app("label"), story)


def test_L9_guidelines_that_were_not_saved_are_there_again(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+g")
        await pilot.pause(0.1)
        await pilot.press(*"be kind", "escape", "ctrl+g")
        await pilot.pause(0.1)
        assert "not saved yet" in text_of(app)
        assert guidelines.current(app.session.con) == ""
        await pilot.press("ctrl+s", "escape", "ctrl+g")
        await pilot.pause(0.1)
        assert "not saved yet" not in text_of(app)
        assert guidelines.current(app.session.con) == "be kind"

    run(make_app("label"), story)


def test_the_tour_takes_five_steps_and_no_key_labels_meanwhile(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        before = shown(app)
        app.action_tour()
        await pilot.pause(0.1)
        for step in range(1, 6):
            assert f"{step} of 5" in text_of(app)
            await pilot.press("1", "2", "n")
            await pilot.pause(0.05)
        assert shown(app) == before
        assert answers(app) == {}
        assert preferences.load().tour_done

    run(make_app("label"), story)


def test_a_new_project_is_made_step_by_step_in_a_process_of_its_own(
    make_app: MakeApp, tmp_path: Path, monkeypatch: object
) -> None:
    data = tmp_path / "mail.csv"
    data.write_text("id,body,kind\n1,where is it,delivery\n2,too dear,billing\n3,,x\n", encoding="utf-8")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        import sys

        before = set(sys.modules)
        await pilot.press("n")
        await pilot.pause(0.1)
        app.screen.query_one(Input).value = str(data)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, NewProjectDialog), "the first look", 30)
        await pilot.pause()
        found = text_of(app)
        assert "where is it" in found
        assert "id, body, kind" in found
        fields = {field.id: field for field in app.screen.query(Input)}
        assert fields["field-text"].value == "body"
        fields["field-label"].value = "knd"
        fields["field-root"].value = str(tmp_path / "made")
        await pilot.press("ctrl+s")
        await pilot.pause(0.1)
        assert "Did you mean 'kind'?" in text_of(app)
        fields["field-label"].value = "kind"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "refused" in text_of(app), "the report", 30)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, HandfulScreen) and app.screen.ID == "label", "the project")
        assert len(examples.labelled(app.session.con)) == 2
        assert not {"pandas", "sqlite_utils", "datasets"} & (set(sys.modules) - before)

    run(make_app("home"), story, (100, 40))


def test_a_file_is_added_and_what_was_refused_is_told(make_app: MakeApp, project: Project, tmp_path: Path) -> None:
    data = tmp_path / "more.jsonl"
    data.write_text('{"text": "a new one"}\n{"text": 7}\n', encoding="utf-8")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("i")
        await pilot.pause(0.1)
        app.screen.query_one(Input).value = str(data)
        await pilot.press("enter")
        await until(pilot, lambda: "line 2" in text_of(app), "the report", 30)
        await pilot.press("enter")
        await until(pilot, lambda: "13 texts" in text_of(app), "the new text")

    run(make_app("data"), story)


def test_texts_come_from_parquet_a_directory_or_a_data_set(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    table = tmp_path / "mail" / "mail.parquet"
    table.parent.mkdir()
    parquet.write_table(pa.table({"body": ["where is it", "thank you"], "n": [1, 2]}), table)
    folder = tmp_path / "texts" / "ham"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("see you\n")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        for typed, keys, seen in (
            (str(table), ("enter",), ("where is it", "body, n")),
            (f"hf:{table.parent}:train", ("enter",), ("thank you", "body, n")),
            (f"{folder.parent}/", ("enter", "ctrl+d"), ("see you", "text, folder, file")),
        ):
            await pilot.press("n")
            await pilot.pause(0.1)
            assert "mail.parquet" not in text_of(app)
            app.screen.query_one(Input).value = typed
            await pilot.press(*keys)
            await until(pilot, lambda: isinstance(app.screen, NewProjectDialog), "the first look", 30)
            await pilot.pause()
            for words in seen:
                assert words in text_of(app)
            await pilot.press("escape")
        await pilot.press("n")
        await pilot.pause(0.1)
        app.screen.query_one(Input).value = "hf:nobody/nothing:train"
        await pilot.press("enter")
        await until(pilot, lambda: "data set can't be read" in " ".join(text_of(app).split()), "the refusal", 30)
        await pilot.press("enter")
        assert isinstance(app.screen, HandfulScreen)
        assert not {"pyarrow", "datasets", "pandas"} & (set(sys.modules) - before)

    before = set(sys.modules)
    run(make_app("home"), story, (100, 40))
