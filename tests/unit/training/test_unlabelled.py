"""What heads learn from texts without a label, and when they are left alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.settings import Settings
from core.tasks.classify import ClassAnswer
from core.training import head, propagation, recipe, self_training, unlabelled
from core.training.classify import CLASSIFY_TRAINER, ClassifyTrainer
from core.training.head import Guesses, Head
from core.training.multilabel import MULTILABEL_TRAINER
from core.training.recipe import HeadRecipe
from core.training.unlabelled import Pool, sample
from core.vectors import VectorStore
from core.worker.sampling import drawing

CLASSES = (4, 7, 9)
Fit = Callable[[Guesses | None], Head]


def groups(n: int, spread: float = 0.25, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Texts [n, 24] in three groups that lie apart, and the class of each."""
    draw = np.random.default_rng(seed)
    centres = np.linalg.qr(np.random.default_rng(9).normal(size=(24, 3)))[0].T
    group = draw.integers(0, 3, n)
    x = centres[group] + draw.normal(size=(n, 24)) * spread
    return x.astype(np.float32), np.array(CLASSES)[group]


def pool_of(x: NDArray[np.float32]) -> Pool:
    found = sample(x, np.arange(len(x)))
    assert found is not None
    return found


def fitting(x: NDArray[np.float32], y: NDArray[np.int64]) -> Fit:
    return lambda more: head.fit(x, y.tolist(), temperature=0.5, more=more)


WAYS = sorted(unlabelled.ways())


def few() -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """Two labelled texts of each class and one more of the first, and four hundred others with their classes."""
    x, y = groups(400)
    own, classes = groups(200, seed=1)
    rows = np.concatenate([np.flatnonzero(classes == c)[: 2 + (c == CLASSES[0])] for c in CLASSES])
    return own[rows], classes[rows], x, y


@pytest.mark.parametrize("way", WAYS)
def test_where_classes_lie_apart_nearly_all_guesses_are_right(way: str) -> None:
    own, classes, x, y = few()
    found = unlabelled.guesses(way, pool_of(x), own, classes, fitting(own, classes))
    gold = {row.tobytes(): c for row, c in zip(x, y, strict=True)}
    right = [gold[row.tobytes()] == c for row, c in zip(found.features, found.classes, strict=True)]
    assert len(right) >= 100
    assert np.mean(right) > 0.95


@pytest.mark.parametrize("way", WAYS)
def test_all_guesses_together_weigh_half_as_much_as_the_labels_and_every_class_is_guessed(way: str) -> None:
    own, classes, x, _y = few()
    found = unlabelled.guesses(way, pool_of(x), own, classes, fitting(own, classes))
    assert set(found.classes.tolist()) == set(CLASSES)
    assert found.weights.sum() == pytest.approx(unlabelled.SHARE * len(classes))
    assert (found.weights > 0).all()


@pytest.mark.parametrize("way", WAYS)
def test_the_same_labels_guess_the_same_to_the_bit(way: str) -> None:
    own, classes, x, _y = few()
    one, two = (unlabelled.guesses(way, pool_of(x), own, classes, fitting(own, classes)) for _turn in range(2))
    assert one.features.tobytes() == two.features.tobytes()
    assert one.weights.tobytes() == two.weights.tobytes()


def test_more_labels_of_one_class_don_t_drown_the_others() -> None:
    own, classes, x, _y = few()
    many = np.concatenate([own, np.repeat(own[:1], 30, axis=0)])
    names = np.concatenate([classes, np.repeat(classes[:1], 30)])
    found = propagation.guess(pool_of(x), many, names, fitting(many, names))
    weights = [found.weights[found.classes == c].sum() for c in CLASSES]
    assert weights[0] < 2.5 * min(weights), "it weighs as the head's own labels do"


def test_the_head_answers_its_surest_texts_as_many_of_each_class() -> None:
    own, classes, x, _y = few()
    found = self_training.guess(pool_of(x), own, classes, fitting(own, classes))
    assert np.unique(found.classes, return_counts=True)[1].tolist() == [self_training.MOST] * 3


def answers(classes: NDArray[np.int64]) -> list[ClassAnswer]:
    return [ClassAnswer(int(c)) for c in classes]


def test_the_recipe_draws_on_a_pool_whose_groups_are_the_classes_and_the_head_gets_better() -> None:
    x, y = groups(600, spread=0.45)
    rows = np.concatenate([np.flatnonzero(y == c)[:5] for c in CLASSES])
    folds = np.arange(len(rows)) % 5
    trainer = CLASSIFY_TRAINER.drawing_on(pool_of(x[100:]))
    found = trainer.choose(x[rows], answers(y[rows]), folds)
    assert found.unlabelled in WAYS
    rest = np.setdiff1d(np.arange(len(y)), rows)

    def right(how: HeadRecipe) -> float:
        fitted = trainer.fit_head(x[rows], answers(y[rows]), how)
        return float(np.mean(np.array(fitted.class_ids)[fitted.logits(x[rest]).argmax(axis=1)] == y[rest]))

    assert right(found) > right(HeadRecipe(found.c, found.temperature)) + 0.02


def test_the_recipe_leaves_a_pool_alone_whose_groups_are_not_the_classes() -> None:
    x, _group = groups(600)
    y = np.where(x[:, 5] > np.median(x[:, 5]), 4, 7)  # a direction that the groups know nothing of
    rows = np.arange(60)
    trainer = CLASSIFY_TRAINER.drawing_on(pool_of(x))
    assert trainer.choose(x[rows], answers(y[rows]), rows % 3).unlabelled == ""


def test_without_a_pool_or_with_hardly_a_label_nothing_is_drawn_on() -> None:
    x, y = groups(300)
    assert CLASSIFY_TRAINER.choose(x[:30], answers(y[:30]), np.arange(30) % 3).unlabelled == ""
    trainer = CLASSIFY_TRAINER.drawing_on(pool_of(x))
    n = recipe.LEAST - 1
    assert trainer.choose(x[:n], answers(y[:n]), np.arange(n) % 3).unlabelled == ""
    assert sample(x, np.arange(unlabelled.LEAST - 1)) is None
    plain, drawn = (
        each.fit_head(x[:30], answers(y[:30]), HeadRecipe(unlabelled=WAYS[0])) for each in (CLASSIFY_TRAINER, trainer)
    )
    assert not np.array_equal(plain.weight, drawn.weight)
    assert np.array_equal(plain.weight, CLASSIFY_TRAINER.fit_head(x[:30], answers(y[:30])).weight)


def test_better_means_by_more_than_a_standard_error() -> None:
    than = np.array([1.0, 1.0, 1.0, 1.0])
    assert recipe.is_better(np.array([0.5, 0.6, 0.4, 0.5]), than)
    assert not recipe.is_better(np.array([0.0, 2.0, 0.0, 1.9]), than), "a gain within the noise"
    assert not recipe.is_better(than, than)
    assert not recipe.is_better(np.array([0.5, np.nan, np.nan, np.nan]), than), "one text tells no spread"
    assert recipe.is_better(np.array([0.5, np.nan, 0.4, 0.5]), than)


def test_texts_of_the_test_set_are_not_drawn_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, _y = groups(120)
    store = VectorStore(tmp_path, 24)
    store.append(np.arange(1, 121), x)
    monkeypatch.setattr("core.store.examples.test_ids", lambda _con: list(range(1, 41)))
    con: Any = None

    def handed() -> Pool | None:
        able = drawing(CLASSIFY_TRAINER, Settings(), store, con)
        assert isinstance(able, ClassifyTrainer)
        return able.pool

    found = handed()
    assert found is not None
    assert len(found.features) == 80
    assert np.array_equal(found.features[0], x[40].astype(np.float16).astype(np.float32))
    store.append(np.arange(121, 131), x[:10])
    grown = handed()
    assert grown is not None
    assert len(grown.features) == 90, "more texts are another sample"
    assert drawing(CLASSIFY_TRAINER, Settings(draw_on_pool=False), store, con) is CLASSIFY_TRAINER
    assert drawing(MULTILABEL_TRAINER, Settings(), store, con) is MULTILABEL_TRAINER
