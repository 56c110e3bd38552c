"""Several people at one project, as one of them sees it."""

from textual.pilot import Pilot

from core import queue
from core.connection import BUSY_MS, transaction
from core.project import Project
from core.serving import Serving, serve
from core.store import labels, leases
from core.store.labels import Decision
from core.store.leases import Holder
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.tui.conftest import MakeApp
from tests.tui.driving import run
from tests.tui.looks import text_of
from tui.app import HandfulApp
from tui.desk import Desk
from tui.screens.label import LabelScreen
from tui.session import KEEP_MS, Session


def desk_of(app: HandfulApp) -> Desk:
    assert isinstance(app.screen, LabelScreen)
    assert app.screen.desk is not None
    return app.screen.desk


def answer(project: Project, example_id: int, class_id: int, who: str = "bo") -> None:
    with project.open() as con:
        labels.decide(con, CLASSIFY, [Decision(example_id, CLASSIFY.encode(ClassAnswer(class_id)))], who)


def shown(desk: Desk) -> int:
    assert desk.shown is not None
    return desk.shown.example.id


def test_C3_two_terminals_never_show_the_same_text(make_app: MakeApp, project: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        mine: list[int] = []
        theirs: list[int] = []
        with Session.at(project.root, "bo") as other:
            desk = Desk(other)
            desk.start()
            while desk_of(app).shown is not None and desk.shown is not None:
                mine.append(shown(desk_of(app)))
                theirs.append(shown(desk))
                assert mine[-1] != theirs[-1]
                await pilot.press("1")
                desk.give("login")
        assert len({*mine, *theirs}) == len(mine) + len(theirs) == 12

    run(make_app(), story)


def test_C3_a_clean_end_gives_texts_back_and_the_same_person_gets_the_same_one(
    make_app: MakeApp, project: Project
) -> None:
    seen: list[int] = []

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        seen.append(shown(desk_of(app)))

    for _turn in range(2):
        run(make_app(), story)
        with project.open() as con:
            assert con.execute("SELECT count(*) FROM leases").fetchone()[0] == 0
    assert seen[0] == seen[1]


def test_U5_an_answer_that_comes_too_late_is_told_and_the_next_text_is_shown(
    make_app: MakeApp, project: Project
) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        late = shown(desk_of(app))
        with project.open() as con:  # the lease lapsed while the machine slept
            con.execute("DELETE FROM leases")
        answer(project, late, 2)
        await pilot.press("1")
        assert shown(desk_of(app)) != late
        assert "bo answered this text meanwhile" in text_of(app)
        assert labels.answers_of(app.session.con, [late])[late].annotator == "bo"
        await pilot.press("1")
        assert app.session.counters()["pool.answered"] == 2

    run(make_app(), story)


def test_a_batch_leaves_out_what_others_look_at(make_app: MakeApp, project: Project) -> None:
    from tui.screens.batch import BatchScreen

    with project.open() as con:
        serve(con, Serving({3: {}}, Holder("bo", "b1")))

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        app.open_batch_of([2, 3, 4], "some")
        await pilot.pause()
        assert isinstance(app.screen, BatchScreen)
        assert app.screen._ids() == [2, 4]

    run(make_app(), story)


def test_another_answer_on_data_overrules_what_others_said(make_app: MakeApp, project: Project) -> None:
    answer(project, 1, 2)
    answer(project, 1, 2, who="cy")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await pilot.press("1")
        await pilot.pause()
        given = labels.answers_of(app.session.con, [1])[1]
        assert (given.stored, given.annotator) == (CLASSIFY.encode(ClassAnswer(1)), "ada")
        assert labels.answer_of(app.session.con, 1, "cy") is not None

    run(make_app("data"), story)


def test_a_terminal_keeps_what_it_shows(make_app: MakeApp, project: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        first = app.session.con.execute("SELECT expires FROM leases").fetchone()[0]
        app.session.keep()
        assert app.session.con.execute("SELECT expires FROM leases").fetchone()[0] > first
        assert [i.example_id for i in queue.upcoming(project, app.session.con, 99, leases.script("bo"))].count(
            shown(desk_of(app))
        ) == 0

    run(make_app(), story)


def test_D10_a_lock_held_by_another_delays_nobody_s_lease_for_long(make_app: MakeApp, project: Project) -> None:
    with Session.at(project.root, "ada") as session, project.open() as other:
        said: list[str] = []
        session.con.set_trace_callback(said.append)
        with transaction(other):
            session.keep()
        session.con.set_trace_callback(None)
    timeouts = [one for one in said if "busy_timeout" in one]
    assert timeouts == [f"PRAGMA busy_timeout={KEEP_MS}", f"PRAGMA busy_timeout={BUSY_MS}"]
