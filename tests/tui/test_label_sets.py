"""Labelling with sets: keys toggle, enter saves, 0 says that none fits; what the model thinks is marked beforehand."""

import pytest
from textual.pilot import Pilot

from core import judged, queue, settings
from core.connection import transaction
from core.judged import JudgedText
from core.project import Project
from core.records import Evaluation, LabelClass, QueueItem, Reason, Suggestion
from core.store import classes, examples, labels, meta, models
from tests.conftest import POOL
from tests.tui.conftest import MakeApp
from tests.tui.driving import run, until
from tests.tui.looks import text_of
from tui.app import HandfulApp
from tui.screens.batch import BatchScreen
from tui.screens.data import DataScreen
from tui.screens.label import LabelScreen


@pytest.fixture
def project(project: Project) -> Project:
    """The project of the other tests, with sets for answers."""
    with project.open() as con:
        meta.put(con, "task", "multilabel")
    return project


def suggest(project: Project, value: list[str], scores: tuple[tuple[int, float], ...]) -> None:
    """Publish a ranking whose first text (number 3) has this suggestion."""
    said = Suggestion(value, 0.4, "head", scores)
    items = [QueueItem(3, "herding", Reason("either", {"label": "login", "p": 0.48}), None, said)]
    (project.scores / "000001").mkdir(parents=True)
    (project.scores / "000001" / "queue.json").write_bytes(queue.encode(items, 0))
    with project.open() as con:
        models.add_ranking(con, "000001", 0, {"source": "head", "n_labels": 6})


def shown(app: HandfulApp) -> str:
    assert isinstance(app.screen, LabelScreen)
    assert app.screen.desk is not None
    return app.screen.desk.shown.example.text if app.screen.desk.shown else ""


def answers(app: HandfulApp) -> dict[str, list[str] | None]:
    con, names, task = app.session.con, app.session.names(), app.session.task
    found = labels.answers_of(con, range(1, 30))
    texts = {example.id: example.text for example in examples.get(con, list(found))}
    return {
        texts[i]: None if given.stored is None else task.to_file(task.decode(given.stored), names)
        for i, given in found.items()
    }


def test_keys_toggle_and_enter_saves_the_set(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        first = shown(app)
        await pilot.press("3", "1", "2", "2")
        assert shown(app) == first
        assert "= refund, speed" in text_of(app)
        assert answers(app) == {}
        await pilot.press("enter")
        assert answers(app) == {first: ["refund", "speed"]}
        assert "✓ refund, speed saved" in text_of(app)
        assert "= no label" in text_of(app)

    run(make_app(), story)


def test_an_empty_set_is_an_answer_and_skipping_is_none(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        texts = []
        for keys in (("enter",), ("1", "0"), ("space",)):
            texts.append(shown(app))
            await pilot.press(*keys)
        assert answers(app) == {texts[0]: [], texts[1]: [], texts[2]: None}
        await pilot.press("u", "u")
        assert answers(app) == {texts[0]: []}
        assert shown(app) == texts[1]

    run(make_app(), story)


def test_a_suggestion_is_marked_with_each_label_s_probability_and_can_be_half_taken(
    make_app: MakeApp, project: Project
) -> None:
    suggest(project, ["refund", "speed"], ((1, 0.93), (3, 0.61), (2, 0.48)))

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert shown(app) == POOL[2]
        found = text_of(app)
        assert "login or not, 0.48" in found
        rows = {name: next(line for line in found.splitlines() if name in line and "■" in line) for name in ("refund",)}
        assert ".93" in rows["refund"]
        assert found.count("■") == 2
        assert ".48" in found
        assert "refund, speed 0.40" not in found, (
            "the marks say it; beside the text, where there is room, it has a name"
        )
        await pilot.press("3")
        assert text_of(app).count("■") == 1
        assert "□" in text_of(app)
        await pilot.press("enter")
        assert answers(app) == {POOL[2]: ["refund"]}

    run(make_app(), story)


def test_a_right_suggestion_is_one_key(make_app: MakeApp, project: Project) -> None:
    suggest(project, ["refund", "speed"], ((1, 0.93), (3, 0.61)))

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("a")
        assert answers(app) == {POOL[2]: ["refund", "speed"]}
        await pilot.press("left")
        assert "answered: refund, speed" in text_of(app)
        assert "= refund, speed" in text_of(app)
        await pilot.press("1", "enter")
        assert answers(app) == {POOL[2]: ["speed"]}

    run(make_app(), story)


def test_beside_the_text_the_suggestion_has_the_name_of_its_model(make_app: MakeApp, project: Project) -> None:
    suggest(project, ["refund", "speed"], ((1, 0.93), (3, 0.61)))

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        found = text_of(app)
        assert "Suggested by instant head" in found
        assert "refund, speed 0.40" in found

    run(make_app(), story, (120, 30))


def test_rules_hold_while_one_toggles(make_app: MakeApp, project: Project) -> None:
    with project.open() as con, transaction(con):
        ruled = [LabelClass(0, "good", group="mood"), LabelClass(0, "bad", group="mood")]
        classes.add(con, [*ruled, LabelClass(0, "furious", implies=("bad",))], "ada")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("4", "6")
        assert "= bad, furious" in text_of(app)
        await pilot.press("4")
        assert "= good" in text_of(app)
        assert "furious" not in text_of(app).split("= good")[1]
        first = shown(app)
        await pilot.press("enter")
        assert answers(app) == {first: ["good"]}

    run(make_app(), story)


def test_sixty_labels_are_found_as_one_types(make_app: MakeApp, project: Project) -> None:
    with project.open() as con, transaction(con):
        classes.add(con, [LabelClass(0, f"topic {number}") for number in range(60)], "ada")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        first = shown(app)
        await pilot.press(*"topic 57", "enter")
        await pilot.press(*"speed", "enter")
        assert "= speed, topic 57" in text_of(app)
        await pilot.press("enter")
        assert answers(app) == {first: ["speed", "topic 57"]}

    run(make_app(), story)


def test_a_new_name_joins_the_set_where_the_list_is_open(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        first = shown(app)
        await pilot.press("1", "slash", *"Thanks", "enter", "enter")
        assert answers(app) == {first: ["refund", "Thanks"]}
        assert [item.name for item in app.session.classes()] == ["refund", "login", "speed", "Thanks"]
        await pilot.press("escape", "u")
        assert [item.name for item in app.session.classes()] == ["refund", "login", "speed"]

    run(make_app(), story)


def test_a_closed_list_stays_closed(make_app: MakeApp, project: Project) -> None:
    settings.save(project.root, settings.changed(project.settings(), "open_classes", "false"))

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("slash", *"Thanks")
        assert "nothing fits" in text_of(app)

    run(make_app(), story)


def test_a_batch_gets_one_set(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        screen = app.screen
        assert isinstance(screen, BatchScreen)
        screen._show([(i, None) for i in (1, 2, 3)], "three")
        await until(pilot, lambda: not app.fence.is_up, "the list")
        await pilot.press("1", "3", "enter")
        assert answers(app) == {POOL[i]: ["refund", "speed"] for i in range(3)}

    run(make_app("batch"), story)


def cell(gold: tuple[int, ...], said: tuple[int, ...]) -> tuple[int, ...]:
    return (len(gold), *gold, *said)


def test_the_metrics_show_what_comes_together_and_what_is_taken_for_what(make_app: MakeApp, project: Project) -> None:
    counts = {cell((1, 2), (1, 2)): 18, cell((1,), (3,)): 3, cell((), (2,)): 2, cell((3,), (3,)): 2}
    with project.open() as con:
        models.add_evaluation(con, Evaluation("head", "test", 7, {"": counts}))
        models.add_ranking(con, "000001", 7, {"source": "head", "n_labels": 6})
    texts = [JudgedText(i, '{"classes": [1]}', '{"classes": [3]}') for i in (2, 4, 6)]
    texts.append(JudgedText(1, '{"classes": [1, 2]}', '{"classes": [1, 2]}'))
    judged.publish(project, "head", "test", 7, texts, {1: 0.9})

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert "AP 0.90" in text_of(app)
        await pilot.press("4")
        await pilot.pause(0.1)
        found = text_of(app)
        assert "of ↓ also →" in found
        assert "21 texts have refund" in found
        await pilot.press("right")
        assert "18 texts have refund and login" in text_of(app)
        await pilot.press("5")
        await pilot.pause(0.1)
        lines = [line for line in text_of(app).splitlines() if "refund" in line or "—" in line]
        assert "speed" in lines[0]
        assert lines[0].rstrip().endswith("3")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DataScreen), "the list")
        await pilot.pause(0.1)
        assert "missed refund, answered speed" in text_of(app)

    run(make_app("metrics"), story, (120, 30))


def test_at_eighty_columns_no_number_of_sets_is_cut(make_app: MakeApp, project: Project) -> None:
    counts = {cell((1, 2), (1, 2)): 18, cell((1,), (3,)): 3, cell((), (2,)): 2, cell((3,), (3,)): 2}
    with project.open() as con:
        models.add_evaluation(con, Evaluation("head", "test", 7, {"": counts}))
        models.add_ranking(con, "000001", 7, {"source": "head", "n_labels": 6})

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        first, second = text_of(app).splitlines()[1:3]
        assert "macro-F1" in first
        assert first.rstrip().endswith(")")
        assert second.strip().startswith("micro-F1 0.")
        assert "samples-F1 0." in second

    run(make_app("metrics"), story)
