"""Rounds, metrics and export: what is true now, and what a key brings about. The worker's rows are written by hand."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyarrow import parquet
from textual.pilot import Pilot

from core import judged, work
from core.connection import transaction
from core.judged import JudgedText
from core.project import Project
from core.records import Evaluation, JobEvent
from core.store import jobs, models
from tests.conftest import POOL
from tests.tui.conftest import MakeApp
from tests.tui.driving import run, until
from tests.tui.looks import SIZES, as_stored, compare, text_of
from tests.tui.test_data_and_batch import rows
from tui import production
from tui.app import HandfulApp
from tui.screens.data import DataScreen


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, object]]]:
    """What was asked of the worker, which does not exist."""
    found: list[tuple[str, dict[str, object]]] = []

    def submit(_project: object, con: object, kind: str, args: dict[str, object] | None = None) -> int:
        found.append((kind, args or {}))
        return jobs.enqueue(con, kind, args)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "submit", submit)
    return found


def give_labels(project: Project, n: int = 6) -> None:
    from core.store.labels import Decision, decide
    from core.tasks.classify import CLASSIFY, ClassAnswer

    with project.open() as con:
        for i in range(1, n + 1):
            decide(con, CLASSIFY, [Decision(i, CLASSIFY.encode(ClassAnswer(i % 2 + 1)))], "ada")


def test_a_round_that_can_not_start_says_why(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert "two classes with 2 labels each" in text_of(app)
        assert "the first comes when two classes have a label each" in text_of(app)
        await pilot.press("s")
        await pilot.pause(0.2)
        with app.session.project.open() as con:
            assert jobs.active(con) == []

    run(make_app("rounds"), story, (120, 40))


def test_a_round_is_started_followed_and_cancelled(
    make_app: MakeApp, project: Project, submitted: list[tuple[str, dict[str, object]]]
) -> None:
    give_labels(project)

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        con = app.session.con
        await pilot.press("s")
        await until(pilot, lambda: bool(submitted), "the request")
        await until(pilot, lambda: "fine-tuning: waits for the worker" in text_of(app), "the job on screen")
        await pilot.press("x", "y")
        await until(pilot, lambda: jobs.recent(con)[0].state == "cancelled", "the cancellation")
        assert submitted == [("round", {})]

    run(make_app("rounds"), story)


def test_labels_of_one_class_make_no_model_and_it_is_said(make_app: MakeApp, project: Project) -> None:
    with project.open() as con:
        models.add_ranking(con, "000001", 7, {"source": "head", "n_labels": 27, "trained": False})

    async def metrics(app: HandfulApp, pilot: Pilot[None]) -> None:
        found = text_of(app)
        assert "There is no model yet." in found
        assert "instant head" not in found

    async def rounds(app: HandfulApp, pilot: Pilot[None]) -> None:
        assert "model in use: none yet" in text_of(app)

    run(make_app("metrics"), metrics)
    run(make_app("rounds"), rounds)


def test_live_progress_shows_phase_loss_and_time_left(
    make_app: MakeApp, project: Project, monkeypatch: pytest.MonkeyPatch, still_clock: Callable[[float], None]
) -> None:
    give_labels(project)
    monkeypatch.setattr("tui.requests.effective_jobs", lambda _project, _con, found: list(found))

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        con = app.session.con
        job = jobs.enqueue(con, "round")
        jobs.claim(con, "test")
        still_clock(1000.0)
        jobs.add_event(con, job, JobEvent("phase", {"name": "fold 1 of 3", "number": 1, "of": 4}))
        still_clock(1010.0)
        for loss in (2.0, 1.0, 0.5):
            jobs.add_event(con, job, JobEvent("progress", {"what": "fold", "done": 5, "total": 10, "loss": loss}))
        app.session.touched()
        await until(pilot, lambda: "fold 1 of 3 (1 of 4)" in text_of(app), "the phase")
        found = text_of(app)
        assert "50 %" in found
        assert "70 s left" in found
        assert "loss 2.00" in found

    run(make_app("rounds"), story)


def test_the_start_rule_is_set_here(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("n")
        await pilot.pause(0.1)
        await pilot.press("backspace", "backspace", *"30", "enter")
        await pilot.pause(0.1)
        assert app.session.project.settings().round_every == 30
        await pilot.press("n")
        await pilot.pause(0.1)
        await pilot.press(*"x", "enter")
        await pilot.pause(0.1)
        assert app.session.project.settings().round_every == 30

    run(make_app("rounds"), story)


def test_M7_an_earlier_encoder_is_taken_back_after_a_question(make_app: MakeApp, project: Project) -> None:
    with project.open() as con:
        job = jobs.enqueue(con, "round")
        models.start_round(con, job, 1, "x", 6)
        models.end_round(con, 1, "kept", "kept: better", {"seconds": 60})
        models.use_encoder(con, "1", "kept: better")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        found = text_of(app)
        assert "round 1" in found
        assert "better · took 1.0 min" in found
        await pilot.press("end", "m")
        await pilot.pause(0.1)
        assert "Use untouched encoder?" in text_of(app)
        await pilot.press("y")
        await pilot.pause(0.1)
        assert models.encoder_in_use(app.session.con) == models.BASE

    run(make_app("rounds"), story)


COUNTS = {(1, 1): 12, (1, 2): 3, (2, 2): 9, (3, 3): 1}


@pytest.fixture
def judged_project(project: Project) -> Project:
    """25 texts judged on the test set; three of class 1 were answered 2."""
    with project.open() as con:
        models.add_evaluation(con, Evaluation("head", "test", 7, {"": COUNTS, "lang=en": {(1, 1): 1}}))
        models.add_evaluation(con, Evaluation("head", "audit", 7, {"": {(1, 1): 2}}))
        models.add_ranking(con, "000001", 7, {"source": "head", "n_labels": 6})
    texts = [JudgedText(i, '{"class": 1}', '{"class": 2}') for i in (2, 4, 6)] + [
        JudgedText(i, '{"class": 1}', '{"class": 1}') for i in (1, 3)
    ]
    judged.publish(project, "head", "test", 7, texts)
    return project


def test_every_class_has_its_numbers_with_interval_and_source(make_app: MakeApp, judged_project: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        found = text_of(app)
        assert "instant head · test · accuracy 0.88" in found
        assert "your held-out texts" in found
        line = next(line for line in found.splitlines() if "refund" in line)
        assert "├" in line
        assert "0.89" in line
        await pilot.press("s")
        await pilot.pause(0.1)
        assert "too few to tell" in text_of(app)

    run(make_app("metrics"), story)


def test_from_a_class_and_from_a_cell_to_the_texts_behind(make_app: MakeApp, judged_project: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DataScreen), "the list")
        await pilot.pause(0.1)
        assert rows(app) == [POOL[1], POOL[3], POOL[5]]
        assert "wrong about refund" in text_of(app)
        await pilot.press("ctrl+o", "m", "4")
        await pilot.pause(0.1)
        assert "[12]" in text_of(app)
        await pilot.press("right")
        assert "3 texts of refund were answered login" in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DataScreen), "the list")
        await pilot.pause(0.1)
        assert "refund taken for login" in text_of(app)

    run(make_app("metrics"), story)


def test_every_number_of_a_class_leads_to_its_texts_and_shows_what_the_model_said(
    make_app: MakeApp, judged_project: Project
) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        found = text_of(app)
        assert "refund  precision 1.00" in found
        assert "t its 15 texts" in found
        for key, down, texts, title in (
            ("t", 0, [1, 2, 3, 4, 6], "judged texts of refund"),
            ("a", 1, [2, 4, 6], "answered login by the model"),
            ("w", 0, [2, 4, 6], "answered wrongly"),
        ):
            await pilot.press("ctrl+o", "m", "home", *["down"] * down, key)
            await until(pilot, lambda: isinstance(app.screen, DataScreen), "the list")
            await pilot.pause(0.1)
            assert sorted(rows(app)) == sorted(POOL[i - 1] for i in texts), key
            assert title in text_of(app)
            assert "login" in text_of(app), "what the model said is there at 80 columns, too"

    run(make_app("metrics"), story)


def test_labels_of_the_test_set_are_no_part_of_the_curve(project: Project) -> None:
    from core.store.labels import Decision, decide
    from core.tasks.classify import CLASSIFY, ClassAnswer

    give_labels(project, 4)
    with project.open() as con:
        decide(con, CLASSIFY, [Decision(i, CLASSIFY.encode(ClassAnswer(1))) for i in (13, 14, 15)], "gold")
        models.add_evaluation(con, Evaluation("head", "test", 100, {"": COUNTS}))
        assert [n for _evaluation, n in models.curve(con, "test")] == [4]


def test_a_wide_screen_shows_four_views_at_once(make_app: MakeApp, judged_project: Project) -> None:
    give_labels(judged_project)

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.pause(0.2)
        found = text_of(app)
        assert all(words in found for words in ("├", "A curve needs", "█", "[12]"))
        await pilot.press("5")
        await pilot.pause(0.1)
        assert "people said" in text_of(app)
        await pilot.resize_terminal(80, 24)
        await pilot.pause(0.1)
        assert "people said" in text_of(app)
        assert "├" not in text_of(app)

    run(make_app("metrics"), story, (200, 60))


@pytest.mark.parametrize("screen_id", ["metrics", "rounds", "export"])
def test_it_looks_as_it_did_with_something_to_show(
    make_app: MakeApp, judged_project: Project, still_clock: Callable[[float], None], screen_id: str
) -> None:
    still_clock(1_800_000_000.0)
    give_labels(judged_project)
    with judged_project.open() as con:
        for number, verdict in ((1, "kept: better"), (2, "rejected: no better")):
            models.start_round(con, jobs.enqueue(con, "round"), number, "x", 3 * number)
            models.end_round(con, number, verdict.partition(":")[0], verdict, {"seconds": 90})
        for job in jobs.active(con):
            jobs.claim(con, "test")
            jobs.finish(con, job.id, "done")
        models.add_evaluation(con, Evaluation("head", "test", 20, {"": COUNTS}))
        info = {"model": "head", "size_bytes": 92_000_000, "parity": {"max_abs_diff": 3e-6, "texts": 512, "flips": 0}}
        models.add_bundle(con, "/somewhere/head-6", 1, info)

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        for _turn in range(30):
            await pilot.pause(0.1)
            if as_stored(app, f"{screen_id}-full"):
                break
        compare(app, f"{screen_id}-full")

    for size in SIZES:
        run(make_app(screen_id), story, size)


def test_another_model_is_chosen_for_the_export(make_app: MakeApp, project: Project) -> None:
    with project.open() as con:
        job = jobs.enqueue(con, "round")
        models.start_round(con, job, 1, "x", 6)
        models.end_round(con, 1, "kept", "kept: better", {"seconds": 60})
        models.use_encoder(con, "1", "kept: better")
    (project.rounds / "001" / "encoder").mkdir(parents=True)

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("m")
        await pilot.pause(0.1)
        found = text_of(app)
        assert "Export and use which model?" in found
        assert "round 1" in found
        await pilot.press("down", "enter")
        await pilot.pause(0.1)
        assert models.encoder_in_use(app.session.con) == models.BASE
        assert "head is in use as soon as" in text_of(app)
        await pilot.press("m")
        await pilot.pause(0.1)
        await pilot.press("up", "enter")
        await pilot.pause(0.1)
        assert models.encoder_in_use(app.session.con) == "1"

    run(make_app("export"), story)


def test_texts_of_another_moment_are_not_shown_for_these_numbers(make_app: MakeApp, judged_project: Project) -> None:
    judged.publish(judged_project, "head", "test", 8, [])

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert not isinstance(app.screen, DataScreen)
        assert "judged anew" in text_of(app)

    run(make_app("metrics"), story)


def test_curve_balance_pairs_and_slices_have_a_key_each(make_app: MakeApp, judged_project: Project) -> None:
    give_labels(judged_project)
    with judged_project.open() as con:
        models.add_evaluation(con, Evaluation("head", "test", 20, {"": COUNTS}))

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("2")
        await pilot.pause(0.3)
        assert "accuracy over labels" in text_of(app)
        assert "●" in text_of(app)
        await pilot.press("3")
        await pilot.pause(0.1)
        assert "█" in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DataScreen), "the list")
        await pilot.pause(0.1)
        assert "3 texts · labelled refund" in text_of(app)
        await pilot.press("ctrl+o", "m")
        await pilot.press("5")
        await pilot.pause(0.1)
        assert "the model answered" in text_of(app)

    run(make_app("metrics"), story, (100, 30))


def test_export_asks_the_worker_and_shows_the_bundle_with_its_code(
    make_app: MakeApp, project: Project, submitted: list[tuple[str, dict[str, object]]]
) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        con = app.session.con
        assert "There is no model yet." in text_of(app)
        await pilot.press("x")
        await until(pilot, lambda: bool(submitted), "the request")
        job = jobs.claim(con, "test")
        assert job is not None
        info = {"model": "head", "size_bytes": 92_000_000, "parity": {"max_abs_diff": 3e-6, "texts": 512, "flips": 0}}
        models.add_bundle(con, "/somewhere/mail-model", job.id, info)
        models.add_bundle(con, str(project.root.absolute() / "bundles" / "head-9"), job.id, info)
        jobs.finish(con, job.id, "done", result={"path": "/somewhere/mail-model"})
        app.session.touched()
        await until(pilot, lambda: "from predict import Predictor" in text_of(app), "the code")
        found = text_of(app)
        assert "3e-06 on 512" in found
        assert "92.0 MB" in found
        assert " bundles/head-9 " in found, "below the project, paths begin there"

    run(make_app("export"), story, (120, 40))


def test_a_refused_export_says_what_to_do(make_app: MakeApp, project: Project) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        con = app.session.con
        job = jobs.enqueue(con, "export")
        app.session.touched()
        await pilot.pause(0.3)
        jobs.claim(con, "test")
        error = {"title": "It answers otherwise.", "what": "7 of 512 differ", "hint": "Report this."}
        jobs.finish(con, job, "failed", error=error)
        app.session.touched()
        await until(pilot, lambda: "7 of 512 differ" in text_of(app), "the words")

    run(make_app("export"), story)


ROWS = [
    {"name": "fp32", "method": "as trained", "bytes": 90_400_000, "passed": True, "why": "", "throughput": 128.0},
    {
        "name": "int8",
        "method": "dynamic",
        "attempts": 1,
        "bytes": 23_100_000,
        "batch_1": {"p50_ms": 2.9, "p99_ms": 4.1},
        "batch_32": {"p50_ms": 60.0, "p99_ms": 101.0},
        "throughput": 300.4,
        "agreement": {"n": 2000, "share": 0.9945},
        "held": {"n": 48, "fall": 0.004, "interval": [-0.01, 0.02], "learnt": False},
        "passed": True,
        "why": "",
    },
    {
        "name": "fp16",
        "method": "all but the head",
        "attempts": 1,
        "bytes": 45_200_000,
        "agreement": {"n": 2000, "share": 0.5},
        "held": {"n": 48, "fall": 0.3, "interval": [0.2, 0.4], "learnt": False},
        "passed": False,
        "why": "50.00% of 2000 unlabelled texts are answered as in fp32 (needed: 99%), most in [b]refund[/b] 0.10",
    },
]


def test_precisions_are_compared_side_by_side_and_one_is_exported(
    make_app: MakeApp, project: Project, submitted: list[tuple[str, dict[str, object]]]
) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        con = app.session.con
        assert "precisions: not compared yet (p)" in text_of(app)
        await pilot.press("p")
        await until(pilot, lambda: bool(submitted), "the request")
        assert submitted[0][0] == "precisions"
        job = jobs.claim(con, "test")
        assert job is not None
        models.add_ranking(con, "000001", 3, {"source": "head"})
        jobs.finish(con, job.id, "done", result={"model": "head", "event_seq": 3, "rows": ROWS})
        app.session.touched()
        await until(pilot, lambda: "int8 23.1 MB same 99.5%" in text_of(app), "the line")
        assert "fp16 refused" in text_of(app)
        await pilot.press("p")
        await until(pilot, lambda: "60.0/101" in text_of(app), "the table")
        await pilot.press("down", "down")
        await until(pilot, lambda: "50.00% of 2000" in text_of(app), "why it is refused")
        assert "[b]refund[/b]" in text_of(app)
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert len(submitted) == 1, "what is refused can't be exported"
        await pilot.press("up")
        await until(
            pilot, lambda: "macro-F1 -0.4 points (-2.0 to +1.0)" in " ".join(text_of(app).split()), "its numbers"
        )
        await pilot.press("enter")
        await until(pilot, lambda: len(submitted) == 2, "the export")
        assert submitted[1] == ("export", {"to": None, "force": False, "precision": "int8"})

    run(make_app("export"), story)


def test_drift_is_looked_at_in_the_app(
    make_app: MakeApp, project: Project, submitted: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real bundle of one's own is read by the child of `handful drift`; here its answer is given."""
    asked: list[tuple[str, str]] = []
    shares = [
        {"name": "refund", "pool": 30, "now": 20, "difference": 0.2, "interval": (-0.1, 0.4), "changed": False},
        {"name": "login", "pool": 70, "now": 5, "difference": -0.6, "interval": (-0.7, -0.4), "changed": True},
    ]
    said = {"pool": 100, "now": 40, "enough": True, "content_changed": True, "shares": shares}
    said |= {"far": {"now": 10, "difference": 0.24, "interval": (0.1, 0.4)}}
    said |= {"further": 0.8, "further_interval": (0.7, 0.9)}

    def events(_project: object, bundle: Path, file: Path, *_rest: object, **_more: object) -> Iterator[JobEvent]:
        asked.append((str(bundle), file.name))
        yield JobEvent("progress", {"done": 40})
        yield JobEvent("result", {"drift": said})

    monkeypatch.setattr(production, "_events", events)
    bundle = str(project.root / "bundles" / "one")

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("f")
        await until(pilot, lambda: "No bundle was made yet" in text_of(app), "the refusal")
        with app.session.project.open() as con:
            models.add_bundle(con, bundle, jobs.enqueue(con, "export"), {"size_bytes": 1, "model": "head"})
        app.session.touched()
        await until(pilot, lambda: "bundles/one" in text_of(app), "the bundle")
        await pilot.press("f")
        await pilot.pause(0.1)
        app.screen.query_one("Input").value = "/data/today.jsonl"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: "The texts have changed." in text_of(app), "the comparison")
        shown = " ".join(text_of(app).split())
        assert "today.jsonl against the pool" in shown
        assert "25.0% of them; +24.0 points (+10.0 to +40.0)." in shown
        assert "login 70.0% 12.5% -60.0 -70.0 to -40.0 changed" in shown
        assert shown.index("login 70.0%") < shown.index("refund 30.0%"), "what changed comes first"
        assert asked == [(bundle, "today.jsonl")]

    run(make_app("export"), story, (120, 40))


def test_labels_are_written_to_a_file(make_app: MakeApp, project: Project) -> None:
    give_labels(project)
    target = project.root.parent / "out.jsonl"

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("l")
        await pilot.pause(0.1)
        field = app.screen.query_one("Input")
        field.value = str(target)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, target.is_file, "the file", seconds=60)
        found = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
        assert len(found) == 6

    run(make_app("export"), story)


def test_parquet_is_written_without_its_library_in_the_terminal_process(
    make_app: MakeApp, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_labels(project)
    target = project.root.parent / "out.parquet"

    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        await pilot.press("l")
        await pilot.pause(0.1)
        field = app.screen.query_one("Input")
        field.value = str(target)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, target.is_file, "the file", seconds=60)

    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pyarrow", None)
        run(make_app("export"), story)
    assert parquet.read_table(target).num_rows == 6


def test_a_job_that_ends_in_the_background_is_told_anywhere(make_app: MakeApp) -> None:
    async def story(app: HandfulApp, pilot: Pilot[None]) -> None:
        con = app.session.con
        job = jobs.enqueue(con, "round")
        app.session.touched()
        await pilot.pause(0.3)
        jobs.claim(con, "test")
        jobs.finish(con, job, "done", result={"verdict": "kept: better than before"})
        with transaction(con):
            pass
        app.session.touched()
        await until(pilot, lambda: "kept: better than before" in text_of(app), "the toast")

    run(make_app("settings"), story)
