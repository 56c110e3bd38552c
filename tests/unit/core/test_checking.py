"""Suspicious labels from the file to the verdict: what is listed, what settles it, what takes it back."""

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from core import checking, judged, suspected
from core.checking import Suspect
from core.connection import Connection
from core.errors import InputError
from core.project import Project
from core.settings import Settings
from core.settling import Settled, take_verdicts
from core.store import acts, checks, classes, examples, labels
from core.store.labels import Decision
from core.suspected import Checked, Copies, Doubted
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.tasks.multilabel import MULTILABEL, label_set
from core.training.classify import CLASSIFY_TRAINER
from core.training.head import Head
from core.training.recipe import HeadRecipe
from core.worker.doubting import Evidence, doubted, look, look_for_copies, look_since

REFUND, LOGIN, SPEED = (CLASSIFY.encode(ClassAnswer(c)) for c in (1, 2, 3))
DAY = 86_400.0


def label(con: Connection, given: dict[int, str], who: str = "ada") -> None:
    for example_id, stored in given.items():
        labels.decide(con, CLASSIFY, [Decision(example_id, stored)], who)


def doubt(project: Project, *doubts: tuple[int, str, str]) -> None:
    found = tuple(
        Doubted(i, stored, instead, 0.9 - 0.1 * n, n == 0, 3) for n, (i, stored, instead) in enumerate(doubts)
    )
    suspected.publish(project, Checked("head", 5, 6, found))


def listed(project: Project, con: Connection) -> list[tuple[str, int]]:
    return [(one.kind, one.id) for one in checking.overview(project, con).suspects]


@pytest.fixture
def doubtful(project: Project, con: Connection) -> Project:
    """Six labels; two are doubted, and two texts are near-copies with different ones."""
    label(con, {1: REFUND, 2: SPEED, 3: SPEED, 4: REFUND, 5: LOGIN, 6: LOGIN})
    doubt(project, (2, SPEED, LOGIN), (6, LOGIN, SPEED))
    suspected.publish_copies(project, [Copies(1, REFUND, 5, LOGIN, 0.8)])
    return project


def first(project: Project, con: Connection, kind: str) -> Suspect:
    return next(one for one in checking.overview(project, con).suspects if one.kind == kind)


def test_nothing_is_known_before_a_model_has_judged(project: Project, con: Connection) -> None:
    assert checking.overview(project, con) == checking.Overview((), None, 0, "head")


def test_all_kinds_are_listed_the_most_suspicious_first(doubtful: Project, con: Connection) -> None:
    assert listed(doubtful, con) == [("doubt", 2), ("doubt", 6), ("copies", 1)]
    found = checking.overview(doubtful, con)
    assert (found.checked, found.kept) == (6, 0)
    assert found.suspects[0].confident
    assert found.suspects[0].beside is None, "the nearest text no longer says what is suggested"
    assert found.suspects[1].beside is not None
    assert found.suspects[1].beside.example_id == 3


def test_a_kept_label_is_settled_until_it_is_given_anew(doubtful: Project, con: Connection) -> None:
    checking.keep(con, first(doubtful, con, "doubt"), "bo")
    assert listed(doubtful, con) == [("doubt", 6), ("copies", 1)]
    assert checking.overview(doubtful, con).kept == 1
    label(con, {2: LOGIN})
    assert ("doubt", 2) not in listed(doubtful, con), "the doubt was about another answer"
    label(con, {2: SPEED})
    assert ("doubt", 2) in listed(doubtful, con), "a new answer is not the one that was checked"


def test_near_copies_that_are_both_right_are_settled_together(doubtful: Project, con: Connection) -> None:
    checking.keep(con, first(doubtful, con, "copies"), "ada")
    assert ("copies", 1) not in listed(doubtful, con)
    turned = acts.undo(con, CLASSIFY, "ada")
    assert turned is not None
    assert set(turned.example_ids) == {1, 5}
    assert acts.words(turned, classes.names(con)) == "that 2 labels are right"
    assert ("copies", 1) in listed(doubtful, con)


def test_taking_the_other_label_settles_and_can_be_undone(doubtful: Project, con: Connection) -> None:
    one = first(doubtful, con, "doubt")
    checking.change(con, CLASSIFY, examples.get(con, [one.id]), one.suggested, "ada")
    assert labels.answers_of(con, [2])[2].stored == LOGIN
    assert ("doubt", 2) not in listed(doubtful, con)
    acts.undo(con, CLASSIFY, "ada")
    assert labels.answers_of(con, [2])[2].stored == SPEED
    assert ("doubt", 2) in listed(doubtful, con)


def test_how_a_text_came_to_be_asked_outlives_the_correction(doubtful: Project, con: Connection) -> None:
    labels.record_served(con, {2: {"strategy": "audit", "probability": 0.1}}, "ada")
    checking.change(con, CLASSIFY, examples.get(con, [2]), LOGIN, "ada")
    found = next(item for item in examples.labelled(con) if item.example.id == 2)
    assert found.pick["probability"] == 0.1


def test_a_second_answer_changes_nothing_and_is_listed_where_it_differs(doubtful: Project, con: Connection) -> None:
    for i in (3, 4):
        given = labels.answer_of(con, i, "ada")
        assert given is not None
        checks.answer_again(con, given, REFUND, "ada")
    assert labels.answers_of(con, [3])[3].stored == SPEED
    assert [one for one in listed(doubtful, con) if one[0] == "again"] == [("again", 3)]
    agreement = checking.agreement(con, CLASSIFY, "ada")
    assert (agreement.n, agreement.same, agreement.enough) == (2, 1, False)
    assert checking.agreement(con, CLASSIFY, "bo").n == 0
    checking.keep(con, first(doubtful, con, "again"), "ada")
    assert ("again", 3) not in listed(doubtful, con)
    assert checking.agreement(con, CLASSIFY, "ada").n == 2, "what is settled still says how well one agrees"


def test_only_old_answers_of_ones_own_are_asked_again_and_each_once(
    project: Project, con: Connection, still_clock: Callable[[float], None]
) -> None:
    label(con, {1: REFUND, 2: LOGIN})
    label(con, {3: LOGIN}, "bo")
    assert checking.to_ask_again(con, "ada", 10) == []
    still_clock(1_700_000_000.0 + DAY + 1)
    assert {given.example_id for given in checking.to_ask_again(con, "ada", 10)} == {1, 2}
    given = labels.answer_of(con, 1, "ada")
    assert given is not None
    checks.answer_again(con, given, REFUND, "ada")
    assert [one.example_id for one in checking.to_ask_again(con, "ada", 10)] == [2]
    assert len(checking.to_ask_again(con, "ada", 1)) == 1
    label(con, {2: REFUND}, "bo")
    assert checking.to_ask_again(con, "ada", 10) == [], "bo's answer is in force there"


def test_after_fifty_other_answers_one_need_not_wait_a_day(project: Project, con: Connection) -> None:
    label(con, {1: REFUND})
    for n in range(checking.PASSED):
        label(con, {2 + n % 9: SPEED})
    assert [given.example_id for given in checking.to_ask_again(con, "ada", 10)] == [1]


def take(project: Project, con: Connection, *rows: object) -> Settled:
    lines = [json.dumps(row) for row in rows]
    return take_verdicts(con, CLASSIFY, checking.overview(project, con), lines, "ada")


def test_verdicts_from_a_file_are_one_act(doubtful: Project, con: Connection) -> None:
    done = take(
        doubtful, con, {"id": 2, "change": True}, {"id": 6, "keep": True}, {"id": 3, "again": "refund"},
        {"id": 1, "kind": "copies", "keep": True},
    )  # fmt: skip
    assert done == Settled(kept=2, changed=1, again=1)
    assert listed(doubtful, con) == [("again", 3)]
    acts.undo(con, CLASSIFY, "ada")
    assert listed(doubtful, con) == [("doubt", 2), ("doubt", 6), ("copies", 1)]
    assert checking.agreement(con, CLASSIFY, "ada").n == 0


@pytest.mark.parametrize(
    "row",
    [
        {"id": 4, "keep": True}, {"id": 2, "keep": True, "change": True}, {"id": 2}, {"id": 2, "keep": False},
        {"id": "2", "keep": True}, {"id": True, "keep": True}, [], 7, {"id": 2, "kind": "copies", "keep": True},
        {"id": 2, "kind": "odd", "keep": True}, {"id": 3, "again": "nobody"}, {"id": 12, "again": "refund"},
        {"id": 13, "again": "refund"}, {"id": 10**30, "keep": True}, {"id": 10**30, "again": "refund"},
    ],
)  # fmt: skip
def test_one_bad_line_and_nothing_is_changed(doubtful: Project, con: Connection, row: object) -> None:
    before = labels.last_seq(con)
    with pytest.raises(InputError, match="Line 2"):
        take(doubtful, con, {"id": 6, "keep": True}, row)
    assert labels.last_seq(con) == before


def test_no_json_and_no_lines_are_told(doubtful: Project, con: Connection) -> None:
    found = checking.overview(doubtful, con)
    for lines in (["{"], ["[" * 100_000], ["", "  "]):
        with pytest.raises(InputError):
            take_verdicts(con, CLASSIFY, found, lines, "ada")


@pytest.mark.parametrize("content", [b"", b"[]", b'{"subject": 1}', b'{"doubted": [{"odd": 1}]}', b"\xff"])
def test_a_file_that_says_something_else_says_nothing(project: Project, con: Connection, content: bytes) -> None:
    directory = project.scores / suspected.DIRECTORY
    directory.mkdir(parents=True)
    for name in ("head.json", suspected.COPIES):
        (directory / name).write_bytes(content)
    assert checking.overview(project, con).suspects == ()


def world(answers: list[int]) -> tuple[list[ClassAnswer], "np.ndarray"]:
    return [ClassAnswer(c) for c in answers], np.eye(3)[[c - 1 for c in answers]]


def test_the_worker_publishes_what_models_and_neighbours_speak_against(project: Project, con: Connection) -> None:
    label(con, {i: (REFUND, LOGIN, SPEED)[i % 3] for i in range(1, 13)})
    items = examples.labelled(con)
    answers = [CLASSIFY.decode(item.stored) for item in items]
    truth = [answer.class_id for answer in answers]
    truth[4] = truth[4] % 3 + 1
    head = Head((1, 2, 3), np.eye(3, dtype=np.float32), np.zeros(3, np.float32))
    scored = [(row, head, 0.8 * np.eye(3)[c - 1] + 0.2 / 3) for row, c in enumerate(truth) if row != 7]
    guesses = [ClassAnswer(c) for c in truth]
    features = np.eye(3)[[c - 1 for c in truth]]
    look(project, CLASSIFY, "head", 12, Evidence(items, answers, guesses, scored, features))
    found = suspected.load(project, "head")
    assert found is not None
    assert (found.n, found.event_seq) == (11, 12)
    wrong = items[4]
    assert [(one.example_id, one.stored) for one in found.doubted] == [(wrong.example.id, wrong.stored)]
    assert CLASSIFY.decode(found.doubted[0].suggested).class_id == truth[4]
    assert truth[items.index(next(i for i in items if i.example.id == found.doubted[0].nearest))] == truth[4]


def test_nobody_has_said_anything_then_nothing_is_published(project: Project, con: Connection) -> None:
    label(con, {1: REFUND})
    items = examples.labelled(con)
    look(project, CLASSIFY, "head", 1, Evidence(items, [ClassAnswer(1)], [None], [], np.ones((1, 2))))
    assert suspected.load(project, "head") is None


def test_labels_given_since_a_round_are_judged_by_heads_that_have_not_seen_them(
    project: Project, con: Connection
) -> None:
    label(con, {i: (REFUND, LOGIN, SPEED)[i % 3] for i in range(1, 13)})
    items = examples.labelled(con)
    answers = [CLASSIFY.decode(item.stored) for item in items]
    features = np.eye(3)[[answer.class_id - 1 for answer in answers]].astype(np.float32)
    answers[10] = ClassAnswer(answers[10].class_id % 3 + 1)  # the second of three that the round has not seen
    items[10] = replace(items[10], stored=CLASSIFY.encode(answers[10]))
    seen = [judged.JudgedText(item.example.id, item.stored, item.stored) for item in items[:9]]
    judged.publish(project, "round 1", "out-of-fold", 9, seen)
    fitted = CLASSIFY_TRAINER.fit_head(features, answers)
    now = SimpleNamespace(
        known=SimpleNamespace(items=items, answers=answers, rows=np.arange(12)), vectors=features, task=CLASSIFY,
        trainer=CLASSIFY_TRAINER, source="round 1", settings=Settings(), seq=12,
    )  # fmt: skip
    look_since(project, now, SimpleNamespace(recipe=HeadRecipe(), head=fitted))  # type: ignore[arg-type]
    suspected.publish(project, Checked("round 1", 9, 9, (Doubted(1, LOGIN, REFUND, 0.1, False),)))
    found = suspected.found_by(project, "round 1")
    assert found is not None
    assert (found.n, found.event_seq) == (12, 12)
    assert [one.example_id for one in found.doubted] == [items[10].example.id, 1]
    assert CLASSIFY.decode(found.doubted[0].suggested).class_id == int(features[10].argmax()) + 1


def test_with_several_labels_the_models_own_set_is_suggested(con: Connection) -> None:
    label(con, {1: REFUND, 2: LOGIN, 3: SPEED})
    items = examples.labelled(con)
    answers = [label_set({1}), label_set({1, 2}), label_set(())]
    guesses = [label_set({1}), label_set({2}), None]
    head = Head((1, 2), np.eye(2, dtype=np.float32), np.zeros(2, np.float32), (0.5, 0.5))
    scored = [(row, head, np.array(p)) for row, p in enumerate(([0.9, 0.1], [0.1, 0.9], [0.2, 0.2]))]
    found = doubted(MULTILABEL, Evidence(items, answers, guesses, scored, np.eye(3)))
    assert found is not None
    assert found[0] == 3
    assert [(one.example_id, one.suggested) for one in found[1]] == [(2, MULTILABEL.encode(label_set({2})))]


def test_near_copies_with_one_answer_are_not_published(project: Project, con: Connection, add_texts: Callable) -> None:
    add_texts(con, ["Where is my refund now?", "Where is my refund?!"])
    label(con, {1: REFUND, 16: REFUND, 17: LOGIN})
    look_for_copies(project, CLASSIFY, examples.labelled(con))
    pairs = {(pair.one, pair.other) for pair in suspected.load_copies(project)}
    assert pairs == {(1, 17), (16, 17)}
    assert listed(project, con)[0][0] == "copies"
