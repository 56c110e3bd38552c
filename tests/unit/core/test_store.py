"""Texts, classes, models and facts: what is read is what was written, and what is not whole is not seen."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.connection import Connection, IntegrityError, transaction
from core.errors import InputError
from core.project import Project
from core.records import Evaluation, LabelClass
from core.store import classes, examples, imports, jobs, labels, meta, models
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.conftest import CLASS_NAMES, HELD_OUT, POOL, AddTexts
from tests.nasty import STORABLE


def give(con: Connection, example_id: int, class_id: int | None) -> None:
    stored = None if class_id is None else CLASSIFY.encode(ClassAnswer(class_id))
    decide(con, CLASSIFY, [Decision(example_id, stored)], "ann")


# --- texts


def test_texts_come_back_letter_for_letter(con: Connection, add_texts: AddTexts) -> None:
    texts = [text for text in STORABLE if text]
    assert add_texts(con, texts).import_id
    there = {example.text: example.id for example in examples.walk(con, chunk=7)}
    assert set(texts) <= set(there)
    for text in texts:
        found = examples.by_hash(con, hashlib.sha256(text.encode()).digest())
        assert found is not None
        assert found.text == text
    assert examples.total(con) == len(there)


def test_texts_are_given_in_the_order_asked_for_and_unknown_ones_left_out(con: Connection) -> None:
    assert [example.id for example in examples.get(con, [5, 99, 2, 13, -1, 5])] == [5, 2, 13, 5]
    assert examples.get(con, []) == []
    assert [example.split for example in examples.get(con, [1, 13])] == ["pool", "test"]


def test_walking_sees_every_text_once(con: Connection) -> None:
    for chunk in (1, 4, 15, 100):
        assert [example.id for example in examples.walk(con, chunk)] == list(range(1, 16))


def test_open_are_the_pool_texts_without_answer_or_skip(con: Connection) -> None:
    give(con, 2, 1)
    give(con, 3, None)
    assert examples.open_ids(con) == [1, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert examples.open_ids(con, 2) == [1, 4]
    assert examples.states(con, [2, 3, 4, 13, 99]) == {
        2: ("pool", "answered"),
        3: ("pool", "skipped"),
        4: ("pool", "open"),
        13: ("test", "open"),
    }


def test_labelled_texts_come_in_the_order_of_their_answers_and_of_one_split(con: Connection) -> None:
    for example_id in (7, 2, 13, 5):
        give(con, example_id, 1)
    give(con, 7, 2)
    give(con, 5, None)
    assert [item.example.id for item in examples.labelled(con)] == [2, 7]
    assert [item.example.id for item in examples.labelled(con, "test")] == [13]
    assert [CLASSIFY.decode(item.stored).class_id for item in examples.labelled(con)] == [1, 2]
    assert [item.annotator for item in examples.labelled(con)] == ["ann", "ann"]


def test_X10_of_an_import_that_is_not_whole_nothing_is_seen(con: Connection) -> None:
    import_id = imports.begin(con, "half.csv", "pool")
    imports.add_rows(con, import_id, [imports.Row(1, "half an import", "{}", '"refund"')])
    hidden = con.execute("SELECT id FROM examples WHERE text = 'half an import'").fetchone()[0]
    assert examples.get(con, [hidden]) == []
    assert examples.states(con, [hidden]) == {}
    assert examples.by_hash(con, hashlib.sha256(b"half an import").digest()) is None
    assert hidden not in examples.open_ids(con)
    assert hidden not in {example.id for example in examples.walk(con)}
    assert "half an import" not in examples.sample_texts(con, 1000)
    assert examples.total(con) == len(POOL) + len(HELD_OUT)
    assert [report.source for report in imports.reports(con)] == ["test", "test"]


def test_a_sample_is_spread_over_all_texts_and_stays_the_same(con: Connection, add_texts: AddTexts) -> None:
    add_texts(con, [f"text number {n}" for n in range(1000)])
    for n in (1, 50, 507, 508, 600, 1014, 1015, 10_000):
        found = examples.sample_texts(con, n)
        assert found == examples.sample_texts(con, n)
        assert min(n, 1015) / 2 <= len(found) <= n
        assert n == 1 or int(found[-1].split()[-1]) >= 998 - 1015 / n
    assert len(examples.sample_texts(con, 10_000)) == 1015
    con.execute("DELETE FROM examples")
    assert examples.sample_texts(con, 5) == []


# --- classes


def test_a_class_keeps_all_that_was_said_about_it(con: Connection) -> None:
    described = LabelClass(0, "退款", "r", "money\nback", ("I want my money", "退款！"))
    with transaction(con):
        classes.add(con, [described], "ann")
    assert classes.all_classes(con)[-1] == LabelClass(4, "退款", "r", "money\nback", ("I want my money", "退款！"))
    assert classes.names(con) == dict(enumerate([*CLASS_NAMES, "退款"], 1))


def test_keywords_stay_with_a_class_whatever_becomes_of_its_name(con: Connection) -> None:
    with transaction(con):
        classes.add(con, [LabelClass(0, "lost", keywords=("lost parcel", "退款"))], "ann")
    classes.rename(con, 4, "gone", "ann")
    classes.archive(con, 4, "ann")
    classes.revive(con, 4, "ann")
    assert [item.keywords for item in classes.all_classes(con)] == [(), (), (), ("lost parcel", "退款")]


def test_C7_class_ids_are_permanent_and_never_used_twice(con: Connection) -> None:
    give(con, 1, 3)
    con.execute("UPDATE classes SET active = 0 WHERE id = 3")
    assert "speed" not in classes.ids(con)
    assert classes.names(con)[3] == "speed"
    assert classes.counts(con) == {3: 1}
    with transaction(con):
        assert classes.ensure(con, ["speed"], "ann")["speed"] == 4
    assert [item.active for item in classes.all_classes(con)] == [True, True, False, True]
    assert CLASSIFY.decode(examples.labelled(con)[0].stored).class_id == 3
    con.execute("DELETE FROM classes WHERE id = 4")
    with transaction(con):
        assert classes.ensure(con, ["new"], "ann")["new"] == 5


def test_two_classes_that_can_be_chosen_never_share_a_name(con: Connection) -> None:
    with pytest.raises(IntegrityError), transaction(con):
        classes.add(con, [LabelClass(0, "refund")], "ann")


def test_ensuring_makes_only_what_is_missing_with_one_event_each(con: Connection) -> None:
    before = labels.last_seq(con)
    with transaction(con):
        known = classes.ensure(con, ["login", "new", "login", "other", "new"], "ann")
    assert (known["login"], known["new"], known["other"]) == (2, 4, 5)
    kinds = con.execute("SELECT kind, annotator FROM events WHERE seq > ?", (before,)).fetchall()
    assert [tuple(row) for row in kinds] == [("class.new", "ann")] * 2


@pytest.mark.parametrize(
    "name", ["x'; DROP TABLE classes; --", "a]b", "rowid", "sqlite_x", "new\nline", "x" * 10_000, "%_"]
)
def test_D11_names_are_values_and_never_sql(name: str, con: Connection) -> None:
    with transaction(con):
        classes.ensure(con, [name], name)
        meta.put(con, name, name)
    assert classes.ids(con)[name] == 4
    assert meta.get(con, name) == name


# --- facts


def test_facts_are_json_and_are_replaced(con: Connection) -> None:
    assert meta.get(con, "nothing") is None
    assert meta.get(con, "nothing", 5) == 5
    for value in (None, 0, "text", [1, {"a": None}], "half \ud800"):
        meta.put(con, "fact", value)
        assert meta.get(con, "fact", "default") == value


def test_counters_count_up_and_down(con: Connection) -> None:
    for by in (3, 0, -1):
        meta.bump(con, "seen", by)
    assert meta.counters(con)["seen"] == 2
    meta.bump(con, "never", 0)
    assert "never" not in meta.counters(con)


# --- models


def test_the_newest_ranking_is_in_force(con: Connection) -> None:
    assert models.newest_ranking(con) is None
    models.add_ranking(con, "000001", 5, {"n_labels": 3})
    models.add_ranking(con, "000002", 4, {"n_labels": 2, "source": "头"})
    newest = models.newest_ranking(con)
    assert newest is not None
    assert (newest.directory, newest.event_seq, newest.info) == ("000002", 4, {"n_labels": 2, "source": "头"})


def test_a_bundle_below_the_project_is_found_where_the_project_was_moved_to(project: Project, tmp_path: Path) -> None:
    with project.open() as con:
        models.add_bundle(con, str(project.bundles.absolute() / "one"), 1, {})
        models.add_bundle(con, "/elsewhere/two", 2, {})
        assert [path for path, _info, _t in models.bundles(con)] == [
            "/elsewhere/two",
            str(project.bundles.absolute() / "one"),
        ]
    moved = shutil.copytree(project.root, tmp_path / "moved")
    with Project(moved).open() as con:
        assert [path for path, _info, _t in models.bundles(con)] == ["/elsewhere/two", str(moved / "bundles" / "one")]


def test_a_ranking_of_labels_that_teach_nothing_has_no_model(con: Connection) -> None:
    models.add_ranking(con, "000001", 5, {"n_labels": 27, "trained": False})
    newest = models.newest_ranking(con)
    assert newest is not None
    assert not newest.trained
    models.add_ranking(con, "000002", 6, {"n_labels": 28, "trained": True})
    newest = models.newest_ranking(con)
    assert newest is not None
    assert newest.trained


def test_the_encoder_in_use_is_the_base_until_a_round_is_kept(con: Connection) -> None:
    assert models.encoder_in_use(con) == models.BASE
    models.use_encoder(con, "3", "it is better")
    assert models.encoder_in_use(con) == "3"
    assert meta.get(con, "encoder_why") == "it is better"


def test_a_job_that_is_taken_up_again_keeps_its_round(con: Connection) -> None:
    one, two = jobs.enqueue(con, "round"), jobs.enqueue(con, "round")
    first = models.start_round(con, one, 10, "hash", 48)
    assert models.start_round(con, two, 12, "other", 50).number == 2
    assert models.start_round(con, one, 99, "changed", 99) == first
    assert models.round_of_job(con, one) == first
    assert models.round_of_job(con, 77) is None
    models.end_round(con, 1, "kept", "better by far", {"f1": 0.5})
    assert [(r.number, r.state, r.verdict, r.info) for r in models.rounds(con)] == [
        (1, "kept", "better by far", {"f1": 0.5}),
        (2, "running", "", {}),
    ]


def test_a_round_needs_its_job(con: Connection) -> None:
    with pytest.raises(IntegrityError):
        models.start_round(con, 77, 1, "hash", 1)


def test_counts_of_an_evaluation_come_back_cell_by_cell(con: Connection, still_clock: Callable[[float], None]) -> None:
    counts: dict[str, dict[tuple[int, ...], int]] = {"": {(1, 2): 3, (1, 1): 4}, "lang=字": {(2, 2): 1}}
    models.add_evaluation(con, Evaluation("head", "audit", 7, counts))
    assert models.newest_evaluation(con, "head", "audit") == Evaluation("head", "audit", 7, counts, 1_700_000_000.0)
    assert models.newest_evaluation(con, "head", "test") is None
    assert models.newest_evaluation(con, "round 1", "audit") is None
    models.add_evaluation(con, Evaluation("empty", "audit", 7, {"": {}}))
    empty = models.newest_evaluation(con, "empty", "audit")
    assert empty is not None
    assert empty.n == 0


def test_of_evaluations_one_is_kept_for_every_ten_events(con: Connection) -> None:
    for seq in range(40):
        models.add_evaluation(con, Evaluation("head", "test", seq, {"": {(1, 1): seq + 1}}))
        models.add_evaluation(con, Evaluation("round 1", "test", seq, {"": {(1, 1): 1}}))
    rows = con.execute("SELECT event_seq FROM evaluations WHERE subject = 'head' ORDER BY id").fetchall()
    assert [row[0] for row in rows] == [9, 19, 29, 39]
    assert con.execute("SELECT count(*) FROM evaluation_counts").fetchone()[0] == 8
    newest = models.newest_evaluation(con, "head", "test")
    assert newest is not None
    assert newest.n == 40


def test_bundles_are_told_newest_first(con: Connection) -> None:
    models.add_bundle(con, "/a", 1, {"size": 1})
    models.add_bundle(con, "/b", 2, {"size": 2})
    assert [(path, info) for path, info, _t in models.bundles(con)] == [("/b", {"size": 2}), ("/a", {"size": 1})]


# --- the task's forms


@pytest.mark.parametrize("raw", [None, 5, True, [], {}, "", "  \t", "x" * 201, "a\x00b", "half \ud800", "\udfff"])
def test_what_is_no_class_name_is_refused_in_words(raw: object) -> None:
    with pytest.raises(InputError, match="no class name") as caught:
        CLASSIFY.names_in(raw)
    assert len(str(caught.value)) < 200


def test_blanks_around_a_class_name_do_not_make_another_class() -> None:
    assert CLASSIFY.names_in(" refund\n") == ("refund",)
    assert CLASSIFY.from_file("refund ", {"refund": 1}, "") == ClassAnswer(1)
