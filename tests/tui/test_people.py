"""The screen People: what people disagree on is settled by one key; the numbers are those of the command."""

import pytest
from textual.pilot import Pilot

from core.project import Project
from core.store import labels
from core.store.labels import Decision
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.conftest import POOL
from tests.tui.conftest import MakeApp
from tests.tui.driving import run, until
from tests.tui.looks import SIZES, compare, text_of
from tui.app import HandfulApp

REFUND, LOGIN, SPEED = (CLASSIFY.encode(ClassAnswer(c)) for c in (1, 2, 3))


def decide(project: Project, who: str, given: dict[int, str | None], seconds: float = 2.0) -> None:
    with project.open() as con:
        for example_id, stored in given.items():
            labels.decide(con, CLASSIFY, [Decision(example_id, stored, seconds=seconds)], who)


@pytest.fixture
def disputed(project: Project) -> Project:
    """Texts 1, 2 and 7 are contested; 3 has a majority; 4 and 5 are agreed on; one answer of cy's is a skip."""
    decide(project, "ada", {1: REFUND, 2: LOGIN, 3: SPEED, 4: REFUND, 5: LOGIN, 7: REFUND}, 2.0)
    decide(project, "bo", {1: LOGIN, 2: SPEED, 3: SPEED, 4: REFUND, 5: LOGIN, 7: LOGIN}, 4.0)
    decide(project, "cy", {2: REFUND, 3: LOGIN, 7: None}, 3.0)
    return project


def current(app: HandfulApp, example_id: int) -> tuple[str | None, str]:
    given = labels.answers_of(app.session.con, [example_id])[example_id]
    return given.stored, given.annotator


def contested(app: HandfulApp) -> int:
    return app.session.counters().get("pool.contested", 0)


def test_one_key_settles_each_and_undo_brings_it_back(make_app: MakeApp, disputed: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert contested(app) == 3
        found = text_of(app)
        assert POOL[0] in found
        assert "3 texts to settle · 1 of 3" in found
        assert "1 refund" in found
        assert "2 login" in found
        await pilot.press("2")
        assert current(app, 1) == (LOGIN, "ada")
        assert "settled: login" in text_of(app)
        assert POOL[1] in text_of(app)
        await pilot.press("3")
        assert current(app, 2) == (REFUND, "ada")
        assert "skipped by cy" in text_of(app)
        await pilot.press("9")
        assert "There is no answer 9" in text_of(app)
        assert contested(app) == 1
        await pilot.press("u")
        assert contested(app) == 2
        assert POOL[1] in text_of(app)
        await pilot.press("y")
        assert current(app, 2) == (REFUND, "ada")
        await pilot.press("1")
        assert "Nobody disagrees" in text_of(app)
        assert contested(app) == 0
        await pilot.press("1", "space", "left", "enter")
        assert contested(app) == 0

    run(make_app("people"), story)


def test_another_answer_than_those_that_were_given(make_app: MakeApp, disputed: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("space")
        assert POOL[1] in text_of(app)
        await pilot.press("h")
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("3")
        await pilot.pause()
        await pilot.pause()
        assert current(app, 1) == (SPEED, "ada")
        with app.session.project.open() as con:
            assert labels.answer_of(con, 1, "bo").stored == LOGIN  # type: ignore[union-attr]

    run(make_app("people"), story)


def test_the_numbers_and_what_is_settled_does_not_change_them(make_app: MakeApp, disputed: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "alpha" in text_of(app), "the numbers")
        await pilot.press("t")
        await pilot.pause()
        before = text_of(app)
        for words in ("ada and bo", "cy", "on 6 texts", "Fleiss' kappa", "1,800", "refund"):
            assert words in before
        await pilot.press("1")
        assert contested(app) == 3, "what is not shown is not settled"
        await pilot.press("t", "1", "t")
        await until(pilot, lambda: "2 texts to settle" in text_of(app), "the numbers")
        await pilot.pause(0.2)
        after = text_of(app)
        assert [line for line in before.splitlines() if " and " in line] == [
            line for line in after.splitlines() if " and " in line
        ]

    run(make_app("people"), story)


def test_where_nobody_shares_a_text_it_is_said_what_to_do(make_app: MakeApp, project: Project) -> None:
    decide(project, "ada", {1: REFUND})

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert "The options overlap and overlap_people" in " ".join(text_of(app).split())
        await until(pilot, lambda: app.screen._report is not None, "the numbers")  # type: ignore[attr-defined]
        await pilot.press("t")
        await pilot.pause()
        assert "No text was answered by two people." in text_of(app)

    run(make_app("people"), story)


def test_an_answer_elsewhere_is_seen(make_app: MakeApp, disputed: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        decide(disputed, "cy", {1: LOGIN})
        await until(pilot, lambda: "2 texts to settle" in text_of(app), "the other's answer")
        assert POOL[1] in text_of(app)

    run(make_app("people"), story)


def test_it_looks_as_it_did_in_three_sizes(make_app: MakeApp, disputed: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "alpha" in text_of(app), "the numbers")
        await pilot.press("space")
        compare(app, "people-full")
        await pilot.press("t")
        await pilot.pause()
        compare(app, "people-numbers")

    for size in SIZES:
        run(make_app("people"), story, size)
