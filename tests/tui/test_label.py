"""The label screen: one key, one decision, the next text; and the way back."""

from collections.abc import Callable, Iterator

import pytest
from textual.pilot import Pilot

from core import settings
from core.project import Project
from core.store import acts, classes, examples, guidelines, jobs, labels, marks, meta
from tests.conftest import POOL
from tests.tui.conftest import MakeApp
from tests.tui.driving import run
from tests.tui.looks import SIZES, compare, text_of
from tui.app import HandfulApp
from tui.screens.base import HandfulScreen
from tui.screens.label import LabelScreen


def label_screen(app: HandfulApp) -> LabelScreen:
    screen = app.screen
    assert isinstance(screen, LabelScreen)
    return screen


def shown(app: HandfulApp) -> str:
    desk = label_screen(app).desk
    assert desk is not None
    return desk.shown.example.text if desk.shown else ""


def answers(app: HandfulApp) -> dict[str, str | None]:
    """text → class name (None: skipped) as it is on record."""
    con, names = app.session.con, app.session.names()
    found = labels.answers_of(con, range(1, 30))
    texts = {example.id: example.text for example in examples.get(con, list(found))}
    task = app.session.task
    return {texts[i]: None if g.stored is None else names[task.decode(g.stored).class_id] for i, g in found.items()}


def test_a_digit_labels_and_the_next_text_is_there(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        first = shown(app)
        assert first in text_of(app)
        await pilot.press("2")
        assert answers(app) == {first: "login"}
        assert shown(app) not in ("", first)
        assert shown(app) in text_of(app)
        assert "✓ login saved" in text_of(app)

    run(make_app(), story)


def test_undo_and_redo_reach_back_over_restarts(make_app: MakeApp) -> None:
    done: list[str] = []

    async def label(app: HandfulApp, pilot: Pilot[None]) -> None:
        for key in ("1", "2", "space", "3"):
            done.append(shown(app))
            await pilot.press(key)

    async def go_back(app: HandfulApp, pilot: Pilot[None]) -> None:
        for text in reversed(done):
            await pilot.press("backspace")
            assert shown(app) == text
        assert answers(app) == {}
        await pilot.press("u")
        assert "nothing to undo" in text_of(app)
        for _turn in done:
            await pilot.press("r")
        assert list(answers(app).values()).count(None) == 1
        assert len(answers(app)) == 4

    run(make_app(), label)
    run(make_app(), go_back)


def test_what_was_taken_back_is_told_by_its_name(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("2", "backspace")
        assert "taken back: 1 label: login" in text_of(app)
        await pilot.press("r")
        assert "brought back: 1 label: login" in text_of(app)
        await pilot.press("space", "backspace")
        assert "taken back: skip of 1 text" in text_of(app)

    run(make_app(), story)


def test_a_job_that_a_dead_worker_left_is_not_told_as_at_work(make_app: MakeApp, project: Project) -> None:
    with project.open() as con:
        jobs.enqueue(con, "embed")
        jobs.claim(con, "a worker that is gone")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert "worker: asleep" in text_of(app)
        assert "reading the texts" not in text_of(app)

    run(make_app(), story)


def test_one_looks_back_and_changes_an_answer_and_comes_forward_again(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        first = shown(app)
        await pilot.press("1")
        second = shown(app)
        await pilot.press("1")
        third = shown(app)
        await pilot.press("left", "left")
        assert shown(app) == first
        assert "answered: refund" in text_of(app)
        await pilot.press("3")
        assert answers(app)[first] == "speed"
        assert shown(app) == second
        await pilot.press("right")
        assert shown(app) == third

    run(make_app(), story)


def test_flag_and_note_stay_with_the_text(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("f")
        assert "⚑" in text_of(app)
        await pilot.press("n")
        await pilot.pause()
        await pilot.press(*"ask Bo", "ctrl+s")
        await pilot.pause()
        assert marks.of(app.session.con, range(1, 20)).popitem()[1] == marks.Mark(flagged=True, note="ask Bo")
        await pilot.press("u", "u")
        assert marks.of(app.session.con, range(1, 20)) == {}

    run(make_app(), story)


def test_L9_a_half_written_note_is_there_again(make_app: MakeApp) -> None:
    async def torn(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("n")
        await pilot.pause()
        await pilot.press(*"ask")
        await pilot.pause(0.8)

    async def again(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("n")
        await pilot.pause()
        assert "as you left it, not saved yet" in text_of(app)
        await pilot.press(*" Bo", "ctrl+s")
        await pilot.pause()
        assert marks.of(app.session.con, range(1, 20)).popitem()[1].note == "ask Bo"
        await pilot.press("n")
        await pilot.pause()
        assert "not saved yet" not in text_of(app)
        await pilot.press(*"?", "escape", "n")
        await pilot.pause(0.8)
        assert "ask Bo" in text_of(app)
        assert "ask Bo?" not in text_of(app), "escape leaves it as it was"

    run(make_app(), torn)
    run(make_app(), again)


@pytest.fixture
def locked(project: Project) -> Iterator[Callable[[HandfulApp], None]]:
    """Somebody else holds the database; call it with the app to make it give up at once."""
    with project.open() as con:
        con.execute("BEGIN IMMEDIATE")
        yield lambda app: app.session.con.execute("PRAGMA busy_timeout = 1") and None
        con.execute("ROLLBACK")


def test_L5_what_can_not_be_saved_is_told_the_text_stays_and_the_app_goes_on(
    make_app: MakeApp, locked: Callable[[HandfulApp], None]
) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        first = shown(app)
        for key in ("u", "r", "f"):  # of labels that wait tells L3
            app.clear_notifications()
            await pilot.press(key)
            await pilot.pause(0.1)
            assert "Another process keeps" in text_of(app), f"{key}: {text_of(app)}"
            assert " saved" not in text_of(app)
            assert shown(app) == first
        await pilot.press("n")
        await pilot.pause()
        await pilot.press(*"a note", "ctrl+s")
        await pilot.pause(0.1)
        await pilot.press("ctrl+g")
        await pilot.pause(0.1)
        await pilot.press(*"guide", "ctrl+s", "escape")
        await pilot.press("f6")
        await pilot.pause(0.1)
        await pilot.press("u", "escape")
        assert answers(app) == {}
        for screen, keys in (("d", ["u", "enter", "1"]), ("b", ["u"])):
            await pilot.press("ctrl+o", screen)
            await pilot.pause(0.2)
            for key in keys:
                await pilot.press(key)
                await pilot.pause(0.1)
        assert app.is_running
        assert answers(app) == {}

    app = make_app()
    locked(app)
    run(app, story)


def test_minutes_to_the_target_are_told_once_there_is_a_pace(
    make_app: MakeApp, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.save(project.root, settings.changed(project.settings(), "target", "100"))

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press(*"1212121")
        monkeypatch.setattr(labels, "pace", lambda _con, _annotator: 6.0)
        await pilot.press("right")
        app.session.touched()
        await pilot.pause(0.3)
        assert "7 of 100 labelled" in text_of(app) or "newest" in text_of(app)
        assert "min to go" not in text_of(app), "seven decisions are no pace"
        await pilot.press("1", "left", "right")
        assert "8 of 100 labelled · about 9 min to go" in text_of(app)

    run(make_app(), story)


def test_beside_the_text_stand_the_last_answers(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        first = shown(app)
        await pilot.press("2")
        second = shown(app)
        await pilot.press("space")
        found = text_of(app)
        assert f"login        {first[:20]}" in found
        assert f"skipped      {second[:20]}" in found

    run(make_app(), story, (120, 40))


def test_with_a_s_key_taken_by_a_class_the_suggestion_has_another_letter(make_app: MakeApp, project: Project) -> None:
    with project.open() as con:
        classes.set_key(con, 1, "a", "ada")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        first = shown(app)
        await pilot.press("y")
        assert "There is no suggestion for this text." in text_of(app)
        await pilot.press("a")
        assert answers(app) == {first: "refund"}

    run(make_app(), story)


def test_the_first_class_is_made_by_typing_its_name(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        con = app.session.con
        for class_id in list(classes.active_ids(con)):
            classes.archive(con, class_id, "bo")
        app.session.touched()
        await pilot.pause(0.2)
        first = shown(app)
        await pilot.press(*"late mail", "enter")
        assert answers(app) == {first: "late mail"}
        await pilot.press("u")
        await pilot.pause()
        assert "late mail" not in classes.ids(con), "the class belongs to the act"

    run(make_app(), story)


def test_what_is_typed_stays_in_its_line_and_names_that_begin_alike_are_told_apart(
    make_app: MakeApp, project: Project
) -> None:
    with project.open() as con:
        for how in ("bank transfer", "cheque or cash deposit", *(f"way {n}" for n in range(9))):
            classes.create(con, f"balance not updated after {how}", "ada")

    def line_of_typing(app: HandfulApp) -> int:
        return next(n for n, line in enumerate(text_of(app).splitlines()) if line.startswith("  › "))

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        before = line_of_typing(app)
        await pilot.press(*"balance")
        found = text_of(app)
        assert line_of_typing(app) == before
        assert "transfer " in found
        assert "deposit " in found
        await pilot.press(*" not updated after bank")
        assert line_of_typing(app) == before

    run(make_app(), story)


def test_with_many_classes_typing_finds_one(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        for number in range(74):
            classes.create(app.session.con, f"topic_{number} about {'xyz'[number % 3] * 3}", "bo")
        app.session.touched()
        await pilot.pause(0.2)
        first, second = shown(app), ""
        await pilot.press(*"topic 71")
        assert "topic_71 about zzz" in text_of(app)
        await pilot.press("enter")
        assert answers(app)[first] == "topic_71 about zzz"
        second = shown(app)
        await pilot.press(*"spe", "1")
        assert answers(app)[second] == "speed"
        await pilot.press("escape", "s")
        assert list(answers(app).values()).count(None) == 1, "after escape letters are commands"

    run(make_app(), story)


def test_L10_of_a_name_typed_before_the_text_appeared_no_letter_is_lost_and_only_enter_waits(
    make_app: MakeApp,
) -> None:
    from textual import events

    from tui.terminal.fence import Fence

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        for number in range(12):
            classes.create(app.session.con, f"topic {number}", "bo")
        app.session.touched()
        await pilot.pause(0.2)
        screen = label_screen(app)
        screen.fence = app.fence = Fence(app, always=True)
        for key in ("s", "p", "e", "enter", "l", "o"):  # at once, as a slow link hands them over
            app.simulate_key(key)
        await pilot.pause(0.1)
        second = shown(app)
        assert list(answers(app).values()) == ["speed"]
        await pilot.press("g", "enter")
        assert len(answers(app)) == 1, "the text was not certainly on screen"
        app.post_message(events.CursorPosition(app.fence.column, 1))
        await pilot.pause(0.05)
        assert "› log" in text_of(app)
        await pilot.press("enter")
        assert answers(app)[second] == "login"
        app.post_message(events.CursorPosition(app.fence.column, 1))
        await pilot.pause(0.05)
        await pilot.press("x", "left")
        assert "› x" not in text_of(app), "what is typed for one text stays with it"

    run(make_app(), story)


def test_a_paste_never_labels(make_app: MakeApp) -> None:
    from textual import events

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        app.post_message(events.Paste("1232231\r2"))
        await pilot.pause(0.1)
        assert answers(app) == {}
        assert "ignored" in text_of(app)

    run(make_app(), story)


def test_L10_keys_pressed_before_the_text_appeared_are_dropped_and_told(make_app: MakeApp) -> None:
    from textual import events

    from tui.terminal.fence import Fence

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        screen = label_screen(app)
        screen.fence = app.fence = Fence(app, always=True)
        await pilot.press("1")
        await pilot.pause(0.05)
        second = shown(app)
        await pilot.press("2", "3", "u", "space", "a")
        assert shown(app) == second
        assert len(answers(app)) == 1
        assert "5 keys ignored" in text_of(app)
        app.post_message(events.CursorPosition(app.fence.column, 1))
        await pilot.pause(0.05)
        await pilot.press("2")
        assert answers(app)[second] == "login"

    run(make_app(), story)


def test_L10_a_screen_left_before_it_was_painted_blocks_no_other(make_app: MakeApp) -> None:
    from textual import events

    from tui.terminal.fence import Fence

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        screen = label_screen(app)
        screen.fence = app.fence = Fence(app, always=True)
        app.go("batch")
        await pilot.pause(0.2)
        app.fence.raise_(lambda: False)
        app.go("label")
        await pilot.pause(0.2)
        app.post_message(events.CursorPosition(app.fence.column, 1))
        await pilot.pause(0.05)
        await pilot.press("1")
        assert len(answers(app)) == 1

    run(make_app(), story)


def test_U5_keys_typed_ahead_never_leave_the_person_without_a_screen(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        for key in ("ctrl+o", "b", "ctrl+o", "l"):
            app.simulate_key(key)
        await pilot.pause(0.3)
        assert isinstance(app.screen, HandfulScreen)

    run(make_app(), story)


def test_U1_a_reconnect_shows_the_same_text(make_app: MakeApp) -> None:
    seen: list[str] = []

    async def first(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("1", "2")
        seen.append(shown(app))

    async def second(app: HandfulApp, pilot: Pilot[None]) -> None:
        seen.append(shown(app))

    run(make_app(), second)
    run(make_app(), second)
    assert seen[0] == seen[1], "before anything was decided, too"
    run(make_app(), first)
    run(make_app(), second)
    run(make_app(), second)
    assert seen[2] == seen[3] == seen[4], "however often one comes back"


def test_seconds_are_recorded_and_the_pace_is_their_median(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.pause(0.1)
        await pilot.press("1")
        pace = labels.pace(app.session.con, "ada")
        assert pace is not None
        assert 0.05 <= pace < 5

    run(make_app(), story)


def test_nothing_left_says_what_to_do(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press(*("1" for _ in POOL))
        assert "Nothing is left to ask." in text_of(app)
        await pilot.press("1", "space", "enter", "f")
        assert len(answers(app)) == len(POOL)

    run(make_app(), story)


def test_T8_too_small_a_terminal_takes_no_labels(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.resize_terminal(20, 5)
        await pilot.pause()
        assert "Too small" in text_of(app)
        await pilot.press("1", "2", "enter")
        assert answers(app) == {}
        for size in ((1, 1), (200, 60), (39, 9), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await pilot.press("1")
        assert len(answers(app)) == 1

    run(make_app(), story)


def test_it_looks_as_it_did_in_three_sizes(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("1", "2")
        compare(app, "label")

    for size in SIZES:
        app = make_app()
        con = app.session.con
        while acts.undo(con, app.session.task, "ada"):
            pass
        meta.put(con, "served:ada", 1)
        run(app, story, size)


def test_an_answer_elsewhere_is_seen_within_a_moment(make_app: MakeApp) -> None:
    from core.tasks.classify import CLASSIFY, ClassAnswer

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        desk = label_screen(app).desk
        assert desk is not None
        assert desk.shown is not None
        coming = desk.upcoming()[0][1]
        with app.session.project.open() as other:
            labels.decide(other, CLASSIFY, [labels.Decision(coming.id, CLASSIFY.encode(ClassAnswer(1)))], "bo")
            guidelines.write(other, "be kind", "bo")
        await pilot.pause(0.3)
        assert coming.id not in [example.id for _item, example in desk.upcoming()]

    run(make_app(), story)
