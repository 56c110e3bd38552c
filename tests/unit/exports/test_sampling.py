from pathlib import Path

import numpy as np
import pytest

from core import demo
from core.connection import Connection
from core.project import Project
from core.vectors import VectorStore
from exports.sampling import MAX_CHARS, reference_texts
from tests.conftest import AddTexts


@pytest.fixture
def space(tmp_path: Path) -> Path:
    made = tmp_path / "space"
    made.mkdir()
    return made


def embed(space: Path, n: int) -> None:
    VectorStore(space, 2).append(np.arange(1, n + 1), np.ones((n, 2)))


def test_half_are_the_longest_and_the_rest_is_spread_over_the_project(
    project: Project, con: Connection, space: Path, add_texts: AddTexts
) -> None:
    add_texts(con, [f"{i:04d} " + "x" * (i % 97) for i in range(1000)])
    embed(space, 1015)
    found = reference_texts(con, space, 2, 100)
    assert len(found) == len({text for _id, text in found}) == 100
    lengths = sorted((len(text) for _id, text in found), reverse=True)
    assert lengths[49] >= 5 + 91
    short = [i for i, text in found if len(text) < 90]
    assert min(short) < 60
    assert max(short) > 950
    assert all(0 < i <= 1015 for i, _text in found)
    mixed = [len(text) > 90 for _id, text in found[:20]]
    assert 8 <= sum(mixed) <= 14, "long and short ones alternate"


def test_a_small_project_is_topped_up_from_the_demo(project: Project, con: Connection, space: Path) -> None:
    embed(space, 15)
    found = reference_texts(con, space, 2, 512)
    assert len(found) == 512
    assert sorted(i for i, _text in found if i) == list(range(1, 16))
    assert {text for i, text in found if not i} <= set(demo.texts())


def test_fewer_texts_are_taken_if_there_are_no_more(
    project: Project, con: Connection, space: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "texts", list)
    embed(space, 15)
    assert len(reference_texts(con, space, 2, 512)) == 15


def test_of_a_huge_text_the_beginning_is_enough(
    project: Project, con: Connection, space: Path, add_texts: AddTexts
) -> None:
    add_texts(con, ["y " * 500_000])
    embed(space, 16)
    assert max(len(text) for _id, text in reference_texts(con, space, 2, 20)) == MAX_CHARS
