"""Everything a person does is an act: flags, notes, guidelines and the life of classes are undone as answers are."""

import pytest

from core import deciding, merging
from core.connection import Connection, transaction
from core.errors import InputError
from core.project import Project
from core.serving import Serving
from core.store import acts, browse, classes, examples, guidelines, labels, leases, marks
from core.store.browse import TextFilter
from core.store.marks import Mark
from core.tasks.classify import CLASSIFY


def give(con: Connection, name: str, *ids: int, who: str = "ada", pick: dict[str, object] | None = None) -> None:
    texts = [(example, pick or {}) for example in examples.get(con, ids)]
    deciding.give(con, CLASSIFY, name, texts, who, open_classes=True)


def answers(con: Connection) -> dict[int, int]:
    """id → class id of the current answers."""
    found = labels.answers_of(con, range(1, 20))
    return {i: CLASSIFY.decode(given.stored).class_id for i, given in found.items() if given.stored}


def undo(con: Connection, who: str = "ada") -> acts.Turned:
    turned = acts.undo(con, CLASSIFY, who)
    assert turned is not None
    return turned


def redo(con: Connection, who: str = "ada") -> acts.Turned:
    turned = acts.redo(con, CLASSIFY, who)
    assert turned is not None
    return turned


def test_acts_of_all_kinds_are_undone_in_reverse_order(con: Connection) -> None:
    give(con, "login", 1)
    marks.flag(con, 2, True, "ada")
    marks.note(con, 2, "ask Bo", "ada")
    classes.rename(con, 1, "money back", "ada")
    guidelines.write(con, "be kind", "ada")
    kinds = [undo(con).kinds for _turn in range(5)]
    assert kinds == [("guidelines",), ("class.rename",), ("note",), ("flag",), ("label",)]
    assert acts.undo(con, CLASSIFY, "ada") is None
    assert (answers(con), marks.of(con, [2]), classes.names(con)[1], guidelines.current(con)) == ({}, {}, "refund", "")
    for _turn in range(5):
        redo(con)
    assert answers(con) == {1: 2}
    assert marks.of(con, [2]) == {2: Mark(flagged=True, note="ask Bo")}
    assert (classes.names(con)[1], guidelines.current(con)) == ("money back", "be kind")


def test_what_is_done_anew_ends_redo(con: Connection) -> None:
    marks.flag(con, 1, True, "ada")
    undo(con)
    give(con, "login", 1)
    assert acts.redo(con, CLASSIFY, "ada") is None


def test_a_class_made_by_an_answer_goes_with_it(con: Connection) -> None:
    give(con, "late mail", 3)
    assert "late mail" in classes.ids(con)
    assert set(undo(con).kinds) == {"class.new", "label"}
    assert "late mail" not in classes.ids(con)
    redo(con)
    assert answers(con) == {3: classes.ids(con)["late mail"]}


def test_a_batch_is_one_act(con: Connection) -> None:
    give(con, "login", 1, 2, 3, pick={"strategy": "batch", "probability": None})
    assert answers(con) == {1: 2, 2: 2, 3: 2}
    assert undo(con).example_ids == (1, 2, 3)
    assert answers(con) == {}


def test_everybody_undoes_their_own(con: Connection) -> None:
    marks.flag(con, 1, True, "ada")
    classes.describe(con, 1, "money", "bo")
    assert undo(con, "ada").kinds == ("flag",)
    assert undo(con, "bo").class_ids == (1,)
    assert classes.all_classes(con)[0].description == ""


def test_C7_removing_a_class_keeps_its_labels_and_reviving_brings_them_back(con: Connection) -> None:
    give(con, "refund", 1, 2)
    give(con, "login", 3)
    classes.archive(con, 1, "ada")
    assert answers(con) == {1: 1, 2: 1, 3: 2}
    assert [item.example.id for item in examples.labelled(con, learnable=True)] == [3]
    assert classes.archived_named(con, "refund") is not None
    classes.revive(con, 1, "ada")
    assert [item.example.id for item in examples.labelled(con, learnable=True)] == [1, 2, 3]


def test_merging_keeps_how_a_text_was_picked_and_is_one_act(con: Connection) -> None:
    audit = {"strategy": "audit", "probability": 0.1}
    give(con, "refund", 1, pick=audit)
    give(con, "refund", 2, who="bo")
    assert merging.merge(con, CLASSIFY, 1, 2, "ada") == 2
    assert answers(con) == {1: 2, 2: 2}
    assert "refund" not in classes.ids(con)
    assert [item.pick for item in examples.labelled(con)] == [audit, {}]
    undo(con)
    assert answers(con) == {1: 1, 2: 1}
    assert classes.ids(con)["refund"] == 1


@pytest.mark.parametrize("name", ["login", "speed"])
def test_a_name_that_is_taken_is_refused(con: Connection, name: str) -> None:
    with pytest.raises(InputError, match="already"):
        classes.rename(con, 1, name, "ada")
    with pytest.raises(InputError, match="already"):
        classes.create(con, name, "ada")


def test_an_undo_that_would_make_two_of_one_name_is_refused_whole(con: Connection) -> None:
    classes.rename(con, 1, "money", "ada")
    classes.create(con, "refund", "bo")
    before = labels.last_seq(con)
    with pytest.raises(InputError, match="already"):
        acts.undo(con, CLASSIFY, "ada")
    assert labels.last_seq(con) == before


def test_keys_of_classes_are_single_and_no_digits(con: Connection) -> None:
    classes.set_key(con, 1, "r", "ada")
    for key in ("r", "7", "ab"):
        with pytest.raises(InputError):
            classes.set_key(con, 2, key, "ada")


def test_a_closed_list_takes_no_new_class_and_nothing_changes(con: Connection) -> None:
    before = labels.last_seq(con)
    with pytest.raises(InputError, match="no class"):
        deciding.give(con, CLASSIFY, "new", [(examples.get(con, [1])[0], {})], "ada", open_classes=False)
    assert labels.last_seq(con) == before


def test_an_answer_and_the_text_shown_next_are_one_transaction(con: Connection, project: Project) -> None:
    example = examples.get(con, [1])[0]
    deciding.give(
        con,
        CLASSIFY,
        "login",
        [(example, {})],
        "ada",
        open_classes=True,
        serve=Serving({5: {"strategy": "margin"}}, leases.script("ada")),
    )
    assert labels.last_served(con, "ada") == (5, {"strategy": "margin"})
    assert labels.last_served(con, "bo") is None
    give(con, "login", 5)
    assert labels.last_served(con, "ada") is None, "it is answered"


def test_history_goes_back_over_standing_answers(con: Connection) -> None:
    for i in (1, 2, 3):
        give(con, "login", i)
    give(con, "speed", 1)
    undo(con)
    give(con, "refund", 1)
    found = labels.history(con, "ada", limit=10)
    assert [given.example_id for given in found] == [1, 3, 2]
    assert labels.history(con, "ada", before=found[0].seq)[0].example_id == 3


def test_pace_is_the_median_of_what_was_measured(con: Connection) -> None:
    assert labels.pace(con, "ada") is None
    for i, seconds in ((1, 2.0), (2, 4.0), (3, 30.0), (4, None)):
        example = examples.get(con, [i])[0]
        deciding.give(con, CLASSIFY, "login", [(example, {})], "ada", open_classes=True, seconds=seconds)
    assert labels.pace(con, "ada") == 4.0


def test_guidelines_keep_every_version(con: Connection) -> None:
    for text in ("one", "two"):
        guidelines.write(con, text, "ada")
    assert [version.text for version in guidelines.versions(con)] == ["two", "one"]
    undo(con)
    assert guidelines.current(con) == "one"


def test_filters_narrow_together(con: Connection) -> None:
    give(con, "login", 1, 2)
    give(con, "login", 3, who="bo")
    deciding.skip(con, CLASSIFY, examples.get(con, [4])[0], {}, "ada")
    marks.flag(con, 2, True, "ada")

    def found(**wanted: object) -> list[int]:
        return list(browse.ids(con, TextFilter(**wanted)))  # type: ignore[arg-type]

    assert found(state="answered") == [1, 2, 3]
    assert found(state="skipped") == [4]
    assert found(class_id=2, annotator="ada") == [1, 2]
    assert found(class_id=2, flagged=True) == [2]
    assert found(annotator="bo") == [3]
    assert found(split="test") == [13, 14, 15]
    assert found(query="refund", state="open") == []
    assert found(query="refund", state="answered") == [1]
    assert found(only=(9, 1, 13), split="") == [1, 9, 13]
    assert list(browse.ids(con, TextFilter(), after=5, limit=3)) == [6, 7, 8]
    assert browse.annotators(con) == ["ada", "bo"]


@pytest.mark.parametrize(
    "query", ['"', "''", "a-b", "c:d", "(", "*", "\x00", "AND", "NEAR(", "\ud800", "^", "{x}", " "]
)
def test_D12_no_search_string_fails(con: Connection, query: str) -> None:
    found = browse.ids(con, TextFilter(query=query))
    assert len(found) in range(13)


def test_a_change_half_way_leaves_nothing(con: Connection) -> None:
    before = labels.last_seq(con)

    def fail_after_a_flag() -> None:
        with transaction(con):
            marks.changes.append(con, "flag", {"on": True}, "ada", example_id=1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_a_flag()
    assert labels.last_seq(con) == before
    assert marks.of(con, [1]) == {}
