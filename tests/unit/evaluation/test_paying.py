"""Whether picking pays: told only when it can be, and in the right direction."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from core.evaluation.paying import Paying, compare, from_json, words

AUDIT, PICKED = np.arange(60), np.arange(100, 180)
Learner = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_] | None]


def learner(picked: float, drawn: float) -> Learner:
    """Right with these probabilities, by where its labels come from."""
    draw = np.random.default_rng(0)

    def answers(learn: NDArray[np.int64], held: NDArray[np.int64]) -> NDArray[np.bool_]:
        assert not set(learn) & set(held), "judged on what it learnt from"
        return np.asarray(draw.random(len(held)) < (picked if learn[0] >= 100 else drawn))

    return answers


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_both_learn_from_as_many_labels_and_the_first_picked_ones_are_taken() -> None:
    sizes: list[tuple[int, int]] = []

    def answers(learn: NDArray[np.int64], held: NDArray[np.int64]) -> NDArray[np.bool_]:
        sizes.append((len(learn), int(learn.max())))
        return np.ones(len(held), np.bool_)

    compare(AUDIT, PICKED, answers, rng())
    assert {n for n, _last in sizes} == {48}
    assert [last for _n, last in sizes[::2]] == [147] * 5


@pytest.mark.parametrize(
    ("picked", "drawn", "start"), [(0.95, 0.4, "Picking pays:"), (0.4, 0.95, "Picking does not pay")]
)
def test_a_clear_difference_is_said(picked: float, drawn: float, start: str) -> None:
    found = compare(AUDIT, PICKED, learner(picked, drawn), rng())
    assert words(found).startswith(start)
    assert found.pays == (picked > drawn)


def test_a_small_difference_is_not_acted_upon() -> None:
    found = compare(AUDIT, PICKED, learner(0.69, 0.7), rng())
    assert found.pays
    assert "Can't tell yet" in words(found)


def test_too_few_labels_say_how_many_are_missing() -> None:
    found = compare(AUDIT[:19], PICKED, learner(0.0, 1.0), rng())
    assert found == Paying(19)
    assert found.pays
    assert words(found) == "Is picking paying? Can't tell yet: 19 of 20 audit labels."
    assert "0 of 20" in words(None)


def test_folds_that_leave_too_little_to_learn_are_left_out() -> None:
    assert compare(AUDIT, PICKED, lambda _learn, _held: None, rng()) == Paying(0)


def test_it_survives_storage() -> None:
    found = compare(AUDIT, PICKED, learner(0.9, 0.5), rng())
    assert from_json(found.as_json()) == found
    assert from_json(None) is None
