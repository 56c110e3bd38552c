"""Marking spans by keys and mouse: what is on record afterwards, and how few keys it takes."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from core import queue, settings
from core.intake import new_project
from core.project import Project
from core.records import QueueItem, Reason
from core.spans import Guess, Span, suggestion_of
from core.store import classes, examples, labels, meta, models
from exports.dataset import write_labels
from tests.conftest import AddTexts
from tests.nasty import STORABLE
from tests.tui.conftest import MakeApp
from tests.tui.driving import run, until
from tests.tui.looks import SIZES, compare, text_of
from tui.answering.spans import SpanPanel
from tui.app import HandfulApp
from tui.dialogs.patterns import PatternsDialog
from tui.screens.batch import BatchScreen
from tui.screens.label import LabelScreen
from tui.spans.steps import steps
from tui.widgets.span_card import SpanCard

MERKEL = "Angela Merkel visited the offices of Acme Corp in Berlin, then Jean-Luc Picard of Starfleet Inc. on 3 May."
NAMES = ("person", "organisation", "place", "date")
Said = tuple[str, str, float | None]
"""(characters, class, probability) of a suggestion"""


@pytest.fixture
def project(project: Project, add_texts: AddTexts) -> Project:
    """A project of spans, whose first text is `MERKEL` (number 16)."""
    with project.open() as con:
        meta.put(con, "task", "spans")
        for class_id in range(1, 4):
            classes.rename(con, class_id, NAMES[class_id - 1], "import")
        classes.create(con, NAMES[3], "import")
        add_texts(con, [MERKEL, "张三昨天在北京见了李四。"])
    suggest(project, MERKEL)
    return project


def suggest(project: Project, text: str, *said: Said, number: int = 1) -> None:
    """Publish a ranking whose first text is this one, with these suggestions."""
    guesses = [Guess(Span(text.index(s), text.index(s) + len(s), label), p, "head") for s, label, p in said]
    name = f"{number:06d}"
    with project.open() as con:
        found = next(e for e in examples.get(con, range(1, 400)) if e.text == text)
        there = [e.id for e in examples.get(con, range(1, 400)) if e.split == "pool" and e.id != found.id]
        first = QueueItem(found.id, "random", Reason("random", {}), None, suggestion_of(guesses, "head", 0.3))
        items = [first, *(QueueItem(i, "random", Reason("random", {})) for i in sorted(there, reverse=True))]
        (project.scores / name).mkdir(parents=True)
        (project.scores / name / "queue.json").write_bytes(queue.encode(items, 0))
        models.add_ranking(con, name, number, {"source": "head", "n_labels": 6})


def screen(app: HandfulApp) -> LabelScreen:
    assert isinstance(app.screen, LabelScreen)
    return app.screen


def shown(app: HandfulApp) -> str:
    desk = screen(app).desk
    assert desk is not None
    return desk.shown.example.text if desk.shown else ""


def panel(app: HandfulApp) -> SpanPanel:
    return app.screen.query_one(SpanPanel)


def marked(app: HandfulApp) -> str:
    editor = panel(app).editor
    return editor.text[slice(*editor.at)]


def answers(app: HandfulApp) -> dict[str, list[tuple[str, str]]]:
    """text → (characters, class) of its spans on record; `…` behind an answer in part."""
    con, names, task = app.session.con, app.session.names(), app.session.task
    found = labels.answers_of(con, range(1, 400))
    said = {}
    for example in examples.get(con, list(found)):
        stored = found[example.id].stored
        if stored is not None:
            answer = task.decode(stored)
            rows = [(example.text[s.start : s.end], names[s.label]) for s in answer.spans]
            said[example.text] = rows + ([] if answer.complete else [("…", "")])
    return said


def test_one_key_labels_the_word_and_enter_says_that_the_text_is_complete(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert shown(app) == MERKEL
        await pilot.press("full_stop", "1", "right", "right", "2", "full_stop")
        assert answers(app) == {}
        found = text_of(app)
        assert "person━━━━━━╸" in found
        assert "= the offices: organisation" in found
        await pilot.press("z", "enter")
        assert answers(app) == {MERKEL: [("Angela Merkel", "person"), ("visited the offices", "organisation")]}
        assert "✓ person, organisation saved" in text_of(app)
        assert shown(app) != MERKEL

    run(make_app(), story)


HALF_RIGHT: dict[str, tuple[Sequence[Said], Sequence[str]]] = {
    "one right, one of another class, one missing": (
        [("Angela Merkel", "person", 0.9), ("Acme Corp", "place", 0.6)],
        ["a", "2", "i", "3", "enter"],
    ),
    "one right, one too short, one missing": (
        [("Angela Merkel", "person", 0.9), ("Acme", "organisation", 0.6)],
        ["a", "full_stop", "i", "3", "enter"],
    ),
    "one right, one too long, one of another class and too short": (
        [("Angela Merkel", "person", 0.9), ("Acme Corp in", "organisation", 0.6), ("Berlin", "person", 0.4)],
        ["a", "comma", "tab", "3", "enter"],
    ),
    "two right, one spurious, one missing": (
        [("Angela Merkel", "person", 0.9), ("offices", "place", 0.6), ("Berlin", "place", 0.6)],
        ["a", "d", "a", "left", "left", "z", "2", "enter"],
    ),
    "one right, one of another class, two words missing that do not look like a name": (
        [("Acme Corp", "organisation", 0.9), ("Berlin", "person", 0.6)],
        ["a", "3", "home", "full_stop", "1", "enter"],
    ),
}
GOLD = {MERKEL: [("Angela Merkel", "person"), ("Acme Corp", "organisation"), ("Berlin", "place")]}


@pytest.mark.parametrize("case", HALF_RIGHT)
def test_three_entities_with_suggestions_half_right_take_eight_keys_at_most(
    make_app: MakeApp, project: Project, case: str
) -> None:
    said, keys = HALF_RIGHT[case]
    assert len(keys) <= 8
    suggest(project, MERKEL, *said, number=2)

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        assert answers(app) == GOLD

    run(make_app(), story)


def test_suggestions_look_otherwise_and_are_taken_one_by_one_by_class_or_all(
    make_app: MakeApp, project: Project
) -> None:
    suggest(
        project, MERKEL, ("Angela Merkel", "person", 0.97), ("Acme Corp", "organisation", 0.61),
        ("Berlin", "place", None), ("Jean-Luc Picard", "person", 0.5), number=2,
    )  # fmt: skip

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        found = text_of(app)
        assert "person?┄┄┄┄┄╴" in found
        assert "= Angela Merkel: person? 0.97 by head" in found
        assert "0 marked · 4 suggested" in found
        await pilot.press("t")
        assert "2 marked · 2 suggested" in text_of(app)
        assert "person━━━━━━╸" in text_of(app)
        await pilot.press("u", "a")
        assert marked(app) == "Acme Corp"
        await pilot.press("d")
        assert marked(app) == "Berlin"
        await pilot.press("y", "enter")
        assert answers(app)[MERKEL] == [("Angela Merkel", "person"), ("Berlin", "place"), ("Jean-Luc Picard", "person")]

    run(make_app(), story)


def test_open_suggestions_that_nobody_looked_at_are_left_out_on_the_second_enter_only(
    make_app: MakeApp, project: Project
) -> None:
    suggest(project, MERKEL, ("Berlin", "place", 0.9), number=2)

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        assert answers(app) == {}
        assert "1 suggestions are open: y takes all" in text_of(app)
        await pilot.press("right", "enter")
        assert answers(app) == {}
        await pilot.press("enter")
        assert answers(app) == {MERKEL: []}

    run(make_app(), story)


def test_undo_goes_back_within_the_text_then_over_texts_and_redo_forth(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("1", "right", "2", "enter")
        second = shown(app)
        await pilot.press("3")
        assert "1 marked" in text_of(app)
        await pilot.press("u")
        assert shown(app) == second
        assert "a digit labels" in text_of(app).splitlines()[-3], "nothing is marked any more"
        await pilot.press("u")
        assert shown(app) == MERKEL
        assert answers(app) == {}
        assert "2 marked" in text_of(app), "what was labelled is there as it was"
        await pilot.press("u", "u", "u")
        assert "There is nothing to undo." in text_of(app)
        await pilot.press("r", "r", "r")
        assert answers(app) == {MERKEL: [("Angela", "person"), ("Merkel", "organisation")]}

    run(make_app(), story)


def test_what_is_not_saved_is_there_when_one_comes_back_to_the_text(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        second = shown(app)
        await pilot.press("1", "p")
        assert shown(app) == MERKEL
        assert "answered: —" in text_of(app)
        await pilot.press("o")
        assert shown(app) == second
        assert [s.label for s in panel(app).editor.spans] == ["person"]
        await pilot.press("u")
        assert panel(app).editor.spans == ()

    run(make_app(), story)


def test_L9_spans_that_were_not_saved_are_there_again_after_a_lost_connection(make_app: MakeApp) -> None:
    async def torn(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("full_stop", "1", "right", "right", "right", "2")
        await pilot.pause(0.8)

    async def again(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert shown(app) == MERKEL
        assert "2 marked" in text_of(app)
        assert answers(app) == {}
        await pilot.press("u")
        assert panel(app).editor.spans == ()
        await pilot.press("r", "enter")
        assert answers(app) == {MERKEL: [("Angela Merkel", "person"), ("offices", "organisation")]}

    run(make_app(), torn)
    run(make_app(), again)


def test_a_changed_answer_that_was_not_saved_does_not_hide_the_one_on_record(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("1", "enter", "p", "2", "o", "p")
        assert shown(app) == MERKEL
        assert [s.label for s in panel(app).editor.spans] == ["person"]

    run(make_app(), story)


def test_a_text_can_be_answered_in_part_and_finished_later(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("e")
        assert "Nothing is labelled yet" in text_of(app)
        await pilot.press("full_stop", "1", "e")
        assert answers(app) == {MERKEL: [("Angela Merkel", "person"), ("…", "")]}
        assert "✓ person, in part saved" in text_of(app)
        await pilot.press("p")
        assert "answered: person, in part" in text_of(app)
        await pilot.press("enter")
        assert answers(app) == {MERKEL: [("Angela Merkel", "person")]}

    run(make_app(), story)


@pytest.mark.parametrize("allowed", ["none", "nested"])
def test_overlap_is_refused_with_the_reason_unless_the_project_allows_it(
    make_app: MakeApp, project: Project, allowed: str
) -> None:
    settings.save(project.root, settings.changed(project.settings(), "span_overlap", allowed))

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("full_stop", "1", "home", "2")
        if allowed == "none":
            assert "It would share characters with “Angela Merkel” (person)" in text_of(app)
            await pilot.press("right")
            assert "It would share" not in text_of(app)
        await pilot.press("enter")
        inner = [("Angela", "organisation")] if allowed == "nested" else []
        assert answers(app) == {MERKEL: [*inner, ("Angela Merkel", "person")]}

    run(make_app(), story)


def test_letters_on_the_words_lead_there_and_a_large_one_extends(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("w")
        hints = {offset: letters for letters, offset in panel(app)._hints.items()}
        wanted = hints[MERKEL.index("Acme")]
        assert len(wanted) == 1
        assert f"{wanted}cme" in text_of(app)
        await pilot.press(wanted)
        assert marked(app) == "Acme"
        assert "Acme Corp" in text_of(app)
        await pilot.press("w", {o: h for h, o in panel(app)._hints.items()}.get(MERKEL.index("Corp"), "").upper())
        await pilot.press("w")
        wanted = {o: h for h, o in panel(app)._hints.items()}[MERKEL.index("Corp")]
        await pilot.press(wanted.upper(), "2", "enter")
        assert answers(app) == {MERKEL: [("Acme Corp", "organisation")]}

    run(make_app(), story)


def test_the_first_class_is_named_by_typing_and_a_new_one_too(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("full_stop", "slash", *"politician", "enter", "enter")
        assert answers(app) == {MERKEL: [("Angela Merkel", "politician")]}
        await pilot.press("u")
        await pilot.pause()
        assert [item.name for item in app.session.classes()] == list(NAMES)

    run(make_app(), story)


def test_more_than_nine_classes_are_found_by_typing_and_letters_stay_commands(
    make_app: MakeApp, project: Project
) -> None:
    with project.open() as con:
        for number in range(14):
            classes.create(con, f"kind {number}", "ada")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("l", "slash", *"kind 12", "enter", "l", "1", "enter")
        found = answers(app)[MERKEL]
        assert found[0] == ("Merkel", "kind 12")
        assert found[1][0] == "visited"

    run(make_app(), story)


def test_every_other_occurrence(make_app: MakeApp, project: Project, add_texts: AddTexts) -> None:
    text = "Ann met Anna, then Ann left; Ann's dog stayed. Ann"
    with project.open() as con:
        add_texts(con, [text])
    suggest(project, text, number=2)

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("1", "m")
        assert "3 more labelled" in text_of(app)
        await pilot.press("m")
        assert "There is no other place to label." in text_of(app)
        await pilot.press("enter")
        assert answers(app)[text] == [("Ann", "person")] * 4

    run(make_app(), story)


def test_the_mouse_marks_by_press_and_by_drawing_and_a_press_on_a_span_marks_all_of_it(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        card = app.screen.query_one(SpanCard)
        x = MERKEL.index("Acme") + 2
        await pilot.mouse_down(card, offset=(x + 1, 0))
        await pilot.hover(card, offset=(x + 6, 0))
        await pilot.mouse_up(card, offset=(x + 6, 0))
        assert marked(app) == "Acme Corp"
        await pilot.press("2")
        await pilot.click(card, offset=(3, 0))
        assert marked(app) == "Angela"
        await pilot.click(card, offset=(x + 7, 0))
        assert marked(app) == "Acme Corp"
        await pilot.click(card, offset=(3, 2))
        assert marked(app) in MERKEL[60:]
        await pilot.press("enter")
        assert answers(app) == {MERKEL: [("Acme Corp", "organisation")]}

    run(make_app(), story)


def test_a_press_on_a_class_below_labels_what_is_marked(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.click(panel(app), offset=(4, 1))
        await pilot.press("enter")
        assert answers(app) == {MERKEL: [("Angela", "organisation")]}

    run(make_app(), story)


def test_lines_up_and_down_and_long_texts_follow_the_cursor(
    make_app: MakeApp, project: Project, add_texts: AddTexts
) -> None:
    text = " ".join(f"word{number}" for number in range(400))
    with project.open() as con:
        add_texts(con, [text])
    suggest(project, text, number=2)

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        first = marked(app)
        await pilot.press("down", "down", "up")
        assert marked(app) != first
        await pilot.press("up")
        assert marked(app) == first
        assert "characters more" in text_of(app)
        await pilot.press("end", "1")
        assert marked(app) == "word399"
        assert "word399" in text_of(app)
        assert "the end" in text_of(app)
        await pilot.press("pageup")
        assert marked(app) in text_of(app)
        await pilot.press("pagedown", "pagedown", "enter")
        assert answers(app)[text] == [("word399", "person")]

    run(make_app(), story)


def test_an_empty_queue_and_keys_of_spans_do_no_harm(make_app: MakeApp, project: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        for _turn in range(14):
            await pilot.press("0")
        assert "Nothing is left to ask." in text_of(app)
        await pilot.press("1", "left", "a", "tab", "w", "escape", "enter", "e", "d", "v", "down", "m", "full_stop")
        assert app.is_running
        assert len(answers(app)) == 14

    run(make_app(), story)


def test_a_batch_has_no_spans_but_it_can_have_none(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        batch = app.screen
        assert isinstance(batch, BatchScreen)
        batch._show([(i, None) for i in (1, 2, 3)], "three")
        await until(pilot, lambda: not app.fence.is_up, "the list")
        await pilot.press("1")
        assert "Spans are marked text by text" in text_of(app)
        await pilot.press("0")
        assert list(answers(app).values()) == [[], [], []]

    run(make_app("batch"), story)


def test_on_the_data_screen_an_answer_is_changed_in_place(make_app: MakeApp, project: Project) -> None:
    async def label(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("full_stop", "1", "enter")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "texts" in text_of(app), "the list")
        await pilot.press("slash", *"Merkel", "enter")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert "person━━━━━━╸" in text_of(app)
        await pilot.press("i", "2", "enter")
        await pilot.pause(0.2)
        assert answers(app)[MERKEL] == [("Angela Merkel", "person"), ("Acme Corp", "organisation")]

    run(make_app(), label)
    run(make_app("data"), story, (120, 40))


def test_help_footer_and_palette_know_the_keys_of_spans(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        last = text_of(app).splitlines()[-1]
        assert "↵ done  a take  y take all" in last
        await pilot.press("question_mark")
        await until(pilot, lambda: "Take all suggestions." in text_of(app), "the help")
        assert "Label every other place" in text_of(app)
        assert "Give what is marked the class beside the digit" in text_of(app)
        await pilot.press("escape", "ctrl+p")
        await pilot.pause(0.3)
        await pilot.press(*"in part")
        await pilot.pause(0.6)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert "Nothing is labelled yet" in text_of(app)

    run(make_app(), story, (120, 60))


def test_terms_and_expressions_that_are_typed_suggest_spans_with_their_source(
    make_app: MakeApp, project: Project
) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("f7")
        await until(pilot, lambda: "What suggests spans" in text_of(app), "the dialog")
        area = app.screen.query_one(TextArea)
        area.text = "[place]\nBerlin\n[date]\n/(/\n"
        await until(pilot, lambda: "Line 4 can't be taken" in text_of(app), "the mistake")
        await pilot.press("ctrl+s")
        await pilot.pause(0.1)
        assert isinstance(app.screen, PatternsDialog), "it stays open"
        area.text = "[place]\nBerlin\n[date]\n/[0-9]+ (?:May|June)/\n[nobody]\nAdlon"
        await until(pilot, lambda: "2 terms, 1 expressions · 2 found in this text" in text_of(app), "what is found")
        assert "there is no class nobody" in text_of(app)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "0 marked · 2 suggested" in text_of(app), "the suggestions")
        await pilot.press("tab")
        assert "= Berlin: place? by gazetteer" in text_of(app)
        await pilot.press("tab")
        assert "= 3 May: date? by pattern" in text_of(app)
        await pilot.press("y", "enter")
        assert answers(app) == {MERKEL: [("Berlin", "place"), ("3 May", "date")]}

    run(make_app(), story, (100, 30))


def test_what_is_labelled_is_suggested_in_other_texts_by_one_key_and_the_model_goes_first(
    make_app: MakeApp, project: Project, add_texts: AddTexts
) -> None:
    other = "Acme Corp and Angela Merkel"
    with project.open() as con:
        add_texts(con, [other])
    suggest(project, MERKEL, ("Acme Corp", "organisation", 0.9), number=2)

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("a", "plus")
        assert "“Acme Corp” is suggested as organisation from now on." in text_of(app)
        await pilot.press("enter")
        screen(app).open_text(next(e.id for e in examples.get(app.session.con, range(1, 400)) if e.text == other))
        await until(pilot, lambda: shown(app) == other, "the other text")
        assert "= Acme Corp: organisation? by gazetteer" in text_of(app)
        await pilot.press("d", "1", "u", "u")
        await pilot.press("a", "enter")
        assert answers(app)[other] == [("Acme Corp", "organisation")]

    run(make_app(), story)


@pytest.mark.parametrize("size", SIZES[:2])
def test_the_screen_as_it_looks(make_app: MakeApp, project: Project, size: tuple[int, int]) -> None:
    suggest(
        project, MERKEL, ("Angela Merkel", "person", 0.97), ("Acme", "organisation", 0.61), ("Berlin", "person", 0.44),
        ("Starfleet Inc.", "organisation", None), number=2,
    )  # fmt: skip

    async def looks(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("a", "full_stop", "tab", "3", "i")
        compare(app, "spans")
        await pilot.press("enter", "full_stop", "1", "right", "right", "right", "right", "2", "w")
        compare(app, "spans-chinese")

    run(make_app(), looks, size)


NASTY_200 = tuple(dict.fromkeys(text for text in STORABLE if text.strip() and "\x00" not in text))[-200:]


@pytest.mark.parametrize("n", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_nasty_texts_have_the_very_spans_that_were_marked_on_record_and_in_files(
    make_app: MakeApp, project: Project, add_texts: AddTexts, tmp_path: Path, n: int
) -> None:
    chosen = NASTY_200[:: len(NASTY_200) // n]
    assert len(chosen) == n
    with project.open() as con:
        add_texts(con, chosen)
    suggest(project, chosen[0], number=2)
    meant: dict[str, list[tuple[str, str]]] = {}

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        while (text := shown(app)) and len(meant) < n:
            await pilot.press("1", "end")
            at = panel(app).editor.at
            await pilot.press("2" if at not in {(s.start, s.end) for s in panel(app).editor.spans} else "left")
            editor = panel(app).editor
            edges = {0, *(end for _start, end in steps(text).graphemes)}
            assert all({s.start, s.end} <= edges for s in editor.spans)
            meant[text] = [(text[s.start : s.end], s.label) for s in editor.spans]
            assert not [c for c in text_of(app) if (ord(c) < 32 and c != "\n") or c in "\x7f\x9b\u202e"]
            await pilot.press("enter")
        assert sum(map(len, meant.values())) > 1.5 * n
        assert {text: answers(app)[text] for text in meant} == meant

    run(make_app(), story)
    assert len(meant) == n
    for ending in ("jsonl", "conll"):
        with project.open() as con:
            write_labels(project, con, tmp_path / f"out.{ending}")
        again, _reports = new_project(tmp_path / ending, data=tmp_path / f"out.{ending}", task="spans", label="spans")
        assert on_record(again) == meant


def on_record(project: Project) -> dict[str, list[tuple[str, str]]]:
    with project.open() as con:
        names, task = classes.names(con), project.task(con)
        return {
            item.example.text: [
                (item.example.text[s.start : s.end], names[s.label]) for s in task.decode(item.stored).spans
            ]
            for item in examples.labelled(con)
        }
