"""All texts, and texts that are alike: searched, filtered, answered one by one or together, and taken back."""

import json

import numpy as np
import pytest
from textual.pilot import Pilot

from core import judged
from core.connection import transaction
from core.judged import JudgedText
from core.project import Project
from core.store import acts, classes, examples, labels, marks, meta
from core.vectors import VectorStore
from tests.conftest import POOL
from tests.tui.conftest import MakeApp
from tests.tui.driving import run, until
from tests.tui.looks import text_of
from tests.tui.test_label import answers, shown
from tui.app import HandfulApp
from tui.screens.data import DataScreen


def rows(app: HandfulApp) -> list[str]:
    """The texts in the list."""
    screen = app.screen
    assert isinstance(screen, DataScreen)
    return [row.example.text for row in screen.rows.rows.texts if row]  # type: ignore[attr-defined]


async def settle(app: HandfulApp, pilot: Pilot[None]) -> None:
    await pilot.pause(0.15)


def test_search_finds_as_one_types_and_escape_shows_all(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert len(rows(app)) == len(POOL)
        await pilot.press("slash", *"refu")
        await settle(app, pilot)
        assert rows(app) == ["Where is my refund?"]
        assert "“refu”" in text_of(app)
        await pilot.press(*'"(*', "enter", "escape")
        await settle(app, pilot)
        assert len(rows(app)) == len(POOL)

    run(make_app("data"), story)


def test_filters_say_what_is_shown(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        con = app.session.con
        marks.flag(con, 3, True, "ada")
        app.session.touched()
        await pilot.press("f")
        await settle(app, pilot)
        assert rows(app) == [POOL[2]]
        assert "flagged" in text_of(app)
        await pilot.press("z", "s")
        await settle(app, pilot)
        assert "unlabelled" in text_of(app)
        await pilot.press("z", "t")
        await settle(app, pilot)
        assert len(rows(app)) == 3
        assert "to read only" in text_of(app)
        await pilot.press("r", "enter")
        await settle(app, pilot)
        await pilot.press("1", "escape")
        assert labels.last_seq(con) > 0
        assert not labels.answers_of(con, [13, 14, 15]), "the test set is never relabelled"

    run(make_app("data"), story)


def test_a_text_is_answered_in_place_and_taken_back(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("down", "enter")
        await settle(app, pilot)
        assert POOL[1] in text_of(app)
        await pilot.press("2")
        await settle(app, pilot)
        assert answers(app) == {POOL[1]: "login"}
        await pilot.press("u")
        await settle(app, pilot)
        assert answers(app) == {}

    run(make_app("data"), story)


def test_every_class_has_its_place_where_a_text_is_answered_again(make_app: MakeApp, project: Project) -> None:
    names = ["fault", "delivery", "charge", "access", "cancel"]
    with project.open() as con:
        for name in names:
            classes.create(con, name, "ada")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await pilot.pause(0.1)
        for width in (80, 60):
            await pilot.resize_terminal(width, 24)
            await pilot.pause(0.1)
            assert [name for name in names if name not in text_of(app)] == [], f"at {width} columns"

    run(make_app("data"), story)


def test_marked_texts_get_one_answer_as_one_act(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("space", "space", "x", "r")
        await settle(app, pilot)
        assert "One answer for 3 texts" in text_of(app)
        await pilot.press("3")
        await settle(app, pilot)
        assert list(answers(app).values()) == ["speed"] * 3
        assert acts.undo(app.session.con, app.session.task, "ada") is not None
        assert answers(app) == {}

    run(make_app("data"), story)


def test_texts_the_model_answers_otherwise(make_app: MakeApp, project: Project) -> None:
    judged.publish(project, "head", "out-of-fold", 1, [JudgedText(4, '{"class": 1}', '{"class": 2}')])

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("m")
        await settle(app, pilot)
        assert rows(app) == [POOL[3]]
        found = text_of(app)
        assert "head says otherwise" in found
        line = next(line for line in found.splitlines() if POOL[3] in line)
        assert line.split()[-1] == "login", "what it says is shown where texts are labelled, too"

    run(make_app("data"), story)


def test_a_text_is_shown_on_the_label_screen(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("down", "down", "g")
        await pilot.pause(0.2)
        assert shown(app) == POOL[2]

    run(make_app("data"), story)


@pytest.fixture
def embedded(project: Project) -> None:
    """Twelve texts in three directions."""
    directory = project.embeddings / "space"
    directory.mkdir()
    (directory / "space.json").write_text(json.dumps({"dim": 3}), encoding="utf-8")
    vectors = np.zeros((12, 3), np.float16)
    for row in range(12):
        vectors[row, row // 4] = 1.0
        vectors[row, (row // 4 + 1) % 3] = 0.01 * row
    VectorStore(directory, 3).append(np.arange(1, 13), vectors)
    with project.open() as con, transaction(con):
        meta.put(con, "space", "space")


@pytest.mark.usefixtures("embedded")
def test_a_group_is_answered_with_one_key_less_what_was_taken_out(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "4 texts · group" in text_of(app), "the first group")
        assert "the answer is for these 4 texts" in text_of(app)
        await pilot.press("space")
        assert "3 texts, 1 left out · group" in text_of(app)
        assert "the answer is for these 3 texts" in text_of(app)
        await pilot.press("2")
        await settle(app, pilot)
        assert list(answers(app).values()) == ["login"] * 3
        assert "3 texts: login" in text_of(app)
        pick = labels.pick_of(app.session.con, labels.last_seq(app.session.con))
        assert pick == {"strategy": "batch", "probability": None}
        await pilot.press("u")
        await settle(app, pilot)
        assert answers(app) == {}
        assert "taken back: 3 labels: login" in text_of(app)

    run(make_app("batch"), story)


@pytest.mark.usefixtures("embedded")
def test_texts_like_the_one_on_the_label_screen(make_app: MakeApp, project: Project) -> None:
    with project.open() as con:
        labels.record_served(con, {1: {}}, "ada")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert shown(app) == POOL[0]
        await pilot.press("b")
        await until(pilot, lambda: "like “Where is my refund?”" in text_of(app), "its neighbours")
        lines = text_of(app).splitlines()
        assert [POOL[i] in lines[4 + i] for i in range(3)] == [True] * 3, "itself first, then the nearest"

    run(make_app("label"), story)


def test_before_anything_is_embedded_it_says_so(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "not embedded yet" in text_of(app), "the words")

    run(make_app("batch"), story)


def test_what_a_search_found_is_taken_to_the_batch_screen(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("slash", *"my", "enter")
        await settle(app, pilot)
        found = rows(app)
        await pilot.press("b")
        await until(pilot, lambda: f"the answer is for these {len(found)} texts" in text_of(app), "the batch")
        await pilot.press("1")
        await settle(app, pilot)
        assert set(answers(app)) == set(found)
        assert examples.open_ids(app.session.con)

    run(make_app("data"), story)
