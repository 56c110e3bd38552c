"""Suspicious labels on the screen Check, and failures on the screen Errors. The worker's files are written by hand."""

import json
from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from core import checking, judged, suspected
from core.judged import JudgedText
from core.project import Project
from core.records import Evaluation
from core.store import checks, imports, labels, models
from core.store.labels import Decision
from core.suspected import Checked, Copies, Doubted
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.conftest import POOL
from tests.tui.conftest import MakeApp
from tests.tui.driving import run, until
from tests.tui.looks import SIZES, compare, text_of
from tests.tui.test_data_and_batch import rows
from tui.app import HandfulApp
from tui.screens.check import CheckScreen

REFUND, LOGIN, SPEED = (CLASSIFY.encode(ClassAnswer(c)) for c in (1, 2, 3))
NAMES = {REFUND: "refund", LOGIN: "login", SPEED: "speed"}


@pytest.fixture
def doubtful(project: Project) -> Project:
    """Eight labels: two are doubted, and two near-copies have different ones."""
    given = {1: REFUND, 2: SPEED, 3: SPEED, 4: REFUND, 5: LOGIN, 6: LOGIN, 7: REFUND, 8: REFUND}
    with project.open() as con:
        for i, stored in given.items():
            labels.decide(con, CLASSIFY, [Decision(i, stored)], "ada")
    found = (Doubted(2, SPEED, LOGIN, 0.97, True, 5), Doubted(8, REFUND, SPEED, 0.81, False))
    suspected.publish(project, Checked("head", 8, 8, found))
    suspected.publish_copies(project, [Copies(1, REFUND, 5, LOGIN, 0.75)])
    return project


def answers(app: HandfulApp) -> dict[int, str]:
    found = labels.answers_of(app.session.con, range(1, 16))
    return {i: NAMES[given.stored] for i, given in found.items() if given.stored}


def here(app: HandfulApp) -> int:
    """The text under the cursor."""
    assert isinstance(app.screen, CheckScreen)
    return app.screen._items()[app.screen.rows.cursor].suspect.id


def test_one_key_settles_each_and_undo_takes_it_back(make_app: MakeApp, doubtful: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert "3 to check · 2 doubted · 1 near-copies" in text_of(app)
        assert "1 speed" in text_of(app)
        assert "2 login · like this one" in text_of(app)
        assert POOL[4] in text_of(app)
        await pilot.press("2")
        assert answers(app)[2] == "login"
        assert "now login · u takes it back" in text_of(app)
        assert here(app) == 8
        await pilot.press("1")
        assert answers(app)[8] == "refund"
        assert len(checks.kept(app.session.con)) == 1
        assert here(app) == 1
        await pilot.press("2")
        assert (answers(app)[1], answers(app)[5]) == ("login", "login")
        await pilot.press("u")
        assert (answers(app)[1], here(app)) == ("refund", 1)
        await pilot.press("1")
        assert (answers(app)[1], answers(app)[5]) == ("refund", "refund")
        await pilot.press("u", "3")
        assert (answers(app)[1], answers(app)[5]) == ("refund", "login")
        await pilot.press("r")
        assert "No label looks wrong." in text_of(app)
        await pilot.press("u", "u", "u")
        assert answers(app)[2] == "speed"
        assert here(app) == 2

    run(make_app("check"), story)


def test_what_is_settled_stays_in_place_and_is_not_settled_twice(make_app: MakeApp, doubtful: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("1", "up")
        assert here(app) == 2
        assert "kept speed" in text_of(app)
        seq = labels.last_seq(app.session.con)
        await pilot.press("2")
        assert labels.last_seq(app.session.con) == seq
        assert "This one is settled" in text_of(app)
        await pilot.press("down", "3")
        assert labels.last_seq(app.session.con) == seq
        assert "Only two near-copies can both be right" in text_of(app)
        await pilot.press("s")
        assert here(app) == 1

    run(make_app("check"), story)


def test_any_other_label_is_given_from_the_whole_text(make_app: MakeApp, doubtful: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert "text 2 · speed" in text_of(app)
        await pilot.press("1")
        await until(pilot, lambda: answers(app)[2] == "refund", "the answer")
        assert "now refund" in text_of(app)

    run(make_app("check"), story)


def test_kinds_are_shown_one_after_another(make_app: MakeApp, doubtful: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("v", "v")
        assert here(app) == 1
        assert len(app.screen.rows.rows) == 1  # type: ignore[attr-defined]
        await pilot.press("v")
        assert "There are none of this kind." in text_of(app)
        await pilot.press("v")
        assert here(app) == 2

    run(make_app("check"), story)


def test_own_old_answers_are_asked_again_blind(
    make_app: MakeApp, doubtful: Project, still_clock: Callable[[float], None]
) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        before = answers(app)
        await pilot.press("a")
        assert "Nothing to ask again yet" in text_of(app)
        still_clock(2_000_000_000.0)
        await pilot.press("a")
        await pilot.pause(0.1)
        asked = next(i for i, text in enumerate(POOL, 1) if text in text_of(app).replace("▸", ""))
        assert "1 of 8, asked again: what do you say today?" in text_of(app)
        second = next(c for c in (1, 2, 3) if ("refund", "login", "speed")[c - 1] != before[asked])
        await pilot.press(str(second))
        await pilot.pause(0.1)
        assert "2 of 8" in text_of(app)
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert answers(app) == before
        assert "Self-agreement: 0 of 1 the same, too few to tell" in text_of(app)
        await pilot.press("v", "v", "v")
        assert here(app) == asked
        await pilot.press("2")
        assert answers(app)[asked] != before[asked]

    run(make_app("check"), story)


def test_what_the_worker_finds_meanwhile_is_told_and_comes_when_asked_for(make_app: MakeApp, doubtful: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        more = (Doubted(7, REFUND, SPEED, 0.99, True), Doubted(2, SPEED, LOGIN, 0.9, True))
        suspected.publish(doubtful, Checked("head", 9, 8, more))
        app.session.touched()
        await until(pilot, lambda: "1 new · r reads them" in text_of(app), "the news")
        assert here(app) == 2
        await pilot.press("r")
        assert here(app) == 2
        await pilot.press("up")
        assert here(app) == 7

    run(make_app("check"), story)


def test_hostile_texts_and_names_are_shown_as_they_are(make_app: MakeApp, doubtful: Project) -> None:
    bad = "\x1b[2Jwipe [@click=app.quit()]me[/] \u202edna"
    with doubtful.open() as con:
        import_id = imports.begin(con, "test", "pool")
        imports.add_rows(con, import_id, [imports.Row(1, bad, "{}", None), imports.Row(2, bad + "!", "{}", None)])
        from core.records import ImportReport

        imports.finish(con, import_id, CLASSIFY, (), ImportReport("test", "pool", lines=2))
        labels.decide(con, CLASSIFY, [Decision(16, REFUND), Decision(17, LOGIN)], "ada")
    suspected.publish_copies(doubtful, [Copies(16, REFUND, 17, LOGIN, 0.95)])

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("v", "v")
        assert "␛[2Jwipe [@click=app.quit()]me[/] ⟨202E⟩dna" in text_of(app)
        assert "\x1b" not in text_of(app)

    run(make_app("check"), story, (200, 60))


@pytest.fixture
def judged_texts(project: Project) -> Project:
    """Twenty-four judged texts of three classes in two languages: every third login is taken for speed."""
    with project.open() as con:
        import_id = imports.begin(con, "more", "pool")
        texts = [f"I can not {'reach' if n % 3 == 0 else 'open'} my account {n}" for n in range(24)]
        found = [
            imports.Row(n, text, json.dumps({"lang": "de" if n % 2 else "en"}), None) for n, text in enumerate(texts, 1)
        ]
        imports.add_rows(con, import_id, found)
        from core.records import ImportReport

        imports.finish(con, import_id, CLASSIFY, (), ImportReport("more", "pool", lines=24))
        counts = {"": {(2, 2): 16, (2, 3): 8}}
        models.add_evaluation(con, Evaluation("head", "out-of-fold", 1, counts))
    said = [JudgedText(16 + n, LOGIN, SPEED if n % 3 == 0 else LOGIN) for n in range(24)]
    judged.publish(project, "head", "out-of-fold", 1, said)
    return project


def test_errors_are_counted_by_part_and_lead_to_their_texts(make_app: MakeApp, judged_texts: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "8 of 24 texts wrong" in text_of(app), "the counts")
        assert "too few to tell" in text_of(app), "of twelve texts in German nothing can be said"
        await pilot.press("2")
        await pilot.pause(0.1)
        assert "reach 8:0" in text_of(app)
        assert "login taken for speed: 8 of 24" in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.id != "errors" and "taken for" in text_of(app), "the texts")
        assert len(rows(app)) == 8

    run(make_app("errors"), story, (120, 40))


def test_without_a_judgement_it_says_what_brings_one(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "Nothing was judged yet." in text_of(app), "the words")
        await pilot.press("2", "enter", "v", "s", "1")

    run(make_app("errors"), story)


@pytest.mark.parametrize("size", SIZES)
def test_it_looks_as_it_did_with_something_to_show(
    make_app: MakeApp, doubtful: Project, judged_texts: Project, size: tuple[int, int]
) -> None:
    async def check(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("v", "v")
        compare(app, "check-copies")

    async def errors(app: HandfulApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "texts wrong" in text_of(app), "the counts")
        compare(app, "errors-parts")

    run(make_app("check"), check, size)
    run(make_app("errors"), errors, size)


def test_status_and_home_say_that_labels_look_wrong(
    make_app: MakeApp, doubtful: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tui import preferences
    from tui.commands.status import status_command

    status_command.main([str(doubtful.root)], standalone_mode=False)
    assert "near-copies" in " ".join(capsys.readouterr().out.split())
    monkeypatch.setattr(preferences, "recent", lambda: [doubtful.root])
    n = len(suspects_of(doubtful))
    assert n

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        row = next(line for line in text_of(app).splitlines() if doubtful.root.name in line and "/" in line)
        assert f" {n} " in row

    run(make_app("home"), story, (120, 40))


def suspects_of(project: Project) -> list[checking.Suspect]:
    with project.open() as con:
        return list(checking.overview(project, con).suspects)


@pytest.mark.parametrize(
    ("odds", "said"), [(1.04, "1.0×"), (9.4, "9.4×"), (41.2, "41×"), (999.0, "999×"), (0.0, ".80")]
)
def test_a_doubt_is_told_in_odds_where_it_has_any(odds: float, said: str) -> None:
    from core.store.labels import Given
    from tui.suspects import odds_in_words, weight_of

    one = checking.Suspect("doubt", Given(1, LOGIN, "ada", 1), SPEED, 0.8, odds=odds)
    assert weight_of(one) == said
    assert len(said) <= 5
    assert bool(odds_in_words(one)) == bool(odds)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("refund", None),
        (["a", "b"], None),
        ([{"start": 0, "end": 2, "label": "x"}], frozenset({(0, 2, "x")})),
        ({"spans": [], "complete": False}, frozenset()),
    ],
)
def test_answers_about_places_are_shown_in_their_text(raw: object, expected: object) -> None:
    from tui.suspects import in_pieces, in_text, stretches

    assert stretches(raw) == expected
    marks = frozenset({(0, 4, "person"), (11, 15, "place")})
    text = "Anna is in Rome"
    assert in_text(text, marks) == "Anna person, Rome place"
    assert in_text(text, frozenset()) == "—"
    pieces = in_pieces(text, marks)
    assert "".join(piece for piece, _marked in pieces) == text
    assert [piece for piece, is_marked in pieces if is_marked] == ["Anna", "Rome"]


def test_without_a_judgement_it_is_told_whether_a_model_or_only_its_next_fit_is_missing(
    make_app: MakeApp, project: Project
) -> None:
    async def without(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert "a model needs some labels" in text_of(app)

    async def fitted(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert "comes with one of the next fits" in text_of(app)

    run(make_app("check"), without)
    with project.open() as con:
        models.add_ranking(con, "000001", 7, {"source": "head", "n_labels": 6, "trained": True})
    run(make_app("check"), fitted)
