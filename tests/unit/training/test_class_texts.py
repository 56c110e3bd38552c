"""What was said about the classes becomes vectors of the space and rows of the pool, computed once."""

from pathlib import Path

import numpy as np
import pytest

from core.connection import Connection, transaction
from core.project import Project
from core.querying.seeds import FEW
from core.records import LabelClass
from core.settings import Settings
from core.store import classes, labels
from core.store.labels import Decision
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.training import space as spaces
from core.training.featurizer import Featurizer
from core.training.space import Space
from core.worker import class_texts
from core.worker.class_texts import CACHE, class_vectors, seeded, texts_of

IDS = np.arange(15, 0, -1)
"""Rows of the twelve texts and three held out, the last one first."""


@pytest.fixture
def space(project: Project, bert: Path) -> Space:
    return spaces.prepare(project, Settings(max_length=32), "base", bert, ["where is my refund"])


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Grows by one whenever the encoder is loaded."""
    calls: list[Path] = []
    load = class_texts.load_featurizer

    def counted(encoder: Path, info: dict[str, object]) -> Featurizer:
        calls.append(encoder)
        return load(encoder, info)

    monkeypatch.setattr(class_texts, "load_featurizer", counted)
    return calls


def add(con: Connection, *new: LabelClass) -> None:
    with transaction(con):
        classes.add(con, new, "ann")


def answer(con: Connection, class_id: int, *ids: int) -> None:
    labels.decide(con, CLASSIFY, [Decision(i, CLASSIFY.encode(ClassAnswer(class_id))) for i in ids], "ann")


def test_each_class_has_a_unit_vector_of_the_space(project: Project, con: Connection, space: Space) -> None:
    found = class_vectors(project, con, space)
    assert list(found) == [1, 2, 3]
    for vector in found.values():
        assert (vector.shape, vector.dtype) == ((space.dim,), np.float32)
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    assert len({vector.tobytes() for vector in found.values()}) == 3


def test_the_encoder_is_loaded_for_new_texts_only(
    project: Project, con: Connection, space: Space, loaded: list[Path]
) -> None:
    first = class_vectors(project, con, space)
    again = class_vectors(project, con, space)
    assert len(loaded) == 1
    assert {k: v.tobytes() for k, v in first.items()} == {k: v.tobytes() for k, v in again.items()}
    classes.describe(con, 2, "I can not get into my account", "ann")
    changed = class_vectors(project, con, space)
    assert len(loaded) == 2
    assert not np.allclose(changed[2], first[2])
    assert np.array_equal(changed[1], first[1])
    classes.set_key(con, 2, "l", "ann")
    class_vectors(project, con, space)
    assert len(loaded) == 2


def test_a_damaged_cache_is_made_anew(project: Project, con: Connection, space: Space, loaded: list[Path]) -> None:
    first = class_vectors(project, con, space)
    for content in (b"", b"\x00" * 9, (space.directory / CACHE).read_bytes()[:-5]):
        (space.directory / CACHE).write_bytes(content)
        again = class_vectors(project, con, space)
        assert {k: v.tobytes() for k, v in first.items()} == {k: v.tobytes() for k, v in again.items()}
    assert len(loaded) == 4


def test_description_and_examples_move_the_vector(project: Project, con: Connection, space: Space) -> None:
    said = ({}, {"description": "card"}, {"examples": ("cable", "router")}, {"keywords": ("money",)})
    seen = []
    for class_id, more in enumerate(said, 4):
        add(con, LabelClass(0, "broken", **more))
        seen.append(class_vectors(project, con, space)[class_id].tobytes())
        classes.archive(con, class_id, "ann")
    assert len(set(seen)) == 3
    assert seen[3] == seen[0], "keywords are looked for, not read"


def test_a_class_out_of_use_has_none(project: Project, con: Connection, space: Space) -> None:
    classes.archive(con, 2, "ann")
    assert list(class_vectors(project, con, space)) == [1, 3]


@pytest.mark.parametrize("name", ["", "7", "😄", "_-_", "!?", "  "])
def test_a_name_that_says_nothing_is_left_out_unless_something_else_was_said(
    project: Project, con: Connection, space: Space, name: str
) -> None:
    add(con, LabelClass(0, name))
    assert list(class_vectors(project, con, space)) == [1, 2, 3]
    classes.archive(con, 4, "ann")
    add(con, LabelClass(0, name, examples=("my card",)))
    assert list(class_vectors(project, con, space)) == [1, 2, 3, 5]


@pytest.mark.parametrize("name", ["x" * 200, "退款 💸", "a\u202eb", "[bold]x", "é" * 100, "字" * 200])
def test_names_of_any_kind_are_embedded(project: Project, con: Connection, space: Space, name: str) -> None:
    add(con, LabelClass(0, name, description="y" * 20_000, examples=("z " * 5000,) * 40))
    assert np.isfinite(class_vectors(project, con, space)[4]).all()


def test_no_class_at_all_is_fine(project: Project, con: Connection, space: Space, loaded: list[Path]) -> None:
    for class_id in (1, 2, 3):
        classes.archive(con, class_id, "ann")
    assert class_vectors(project, con, space) == {}
    assert loaded == []


def test_a_name_is_read_as_words() -> None:
    assert texts_of(LabelClass(0, "card_not-working")) == ["card not working"]
    assert texts_of(LabelClass(0, "GetWeather", description=" rain or sun ")) == ["Get Weather: rain or sun"]
    assert texts_of(LabelClass(0, "3", description="neutral", examples=("hm", "?"))) == ["neutral", "hm"]


# --- keywords


def test_keywords_become_rows_of_open_texts(con: Connection) -> None:
    add(con, LabelClass(0, "money", keywords=("refund", "money back")), LabelClass(0, "none"))
    found = seeded(con, IDS)
    assert list(found) == [4]
    assert sorted(IDS[found[4]]) == [1, 4]
    answer(con, 4, 1)
    assert IDS[seeded(con, IDS)[4]].tolist() == [4]


def test_texts_without_features_have_no_row(con: Connection) -> None:
    add(con, LabelClass(0, "money", keywords=("refund", "money back")))
    assert seeded(con, np.array([2, 4, 6]))[4].tolist() == [1]
    assert seeded(con, np.empty(0, np.int64))[4].tolist() == []


def test_classes_with_labels_enough_or_out_of_use_are_not_looked_up(con: Connection) -> None:
    add(con, LabelClass(0, "money", keywords=("refund",)), LabelClass(0, "gone", keywords=("refund",)))
    classes.archive(con, 5, "ann")
    assert list(seeded(con, IDS)) == [4]
    con.execute("INSERT INTO class_counts(split, class_id, n) VALUES ('pool', 4, ?)", (FEW,))
    assert seeded(con, IDS) == {}
