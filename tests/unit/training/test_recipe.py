"""How the head's penalty and temperature are chosen."""

import math

import numpy as np
import pytest

from core.tasks.classify import ClassAnswer
from core.training import recipe
from core.training.classify import CLASSIFY_TRAINER
from core.training.recipe import HeadRecipe, choose, fit_temperature


def drawn(n: int, scale: float, classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits of a model whose own temperature is `scale`: gold is drawn from softmax(logits / scale)."""
    draw = np.random.default_rng(seed)
    logits = draw.normal(size=(n, classes)).astype(np.float32) * 2
    p = np.exp(logits / scale)
    p /= p.sum(axis=1, keepdims=True)
    return logits, np.array([draw.choice(classes, p=row) for row in p])


@pytest.mark.parametrize("scale", [0.3, 1.0, 2.5])
def test_many_labels_find_the_temperature(scale: float) -> None:
    found, _loss = fit_temperature(*drawn(4000, scale))
    assert found == pytest.approx(scale, rel=0.15)


def test_few_labels_stay_near_the_usual_temperature() -> None:
    far, _loss = fit_temperature(*drawn(4, 3.0))
    assert abs(math.log(far / recipe.USUAL_TEMPERATURE)) < math.log(2.5)


def test_no_label_means_the_usual_temperature() -> None:
    assert fit_temperature(np.zeros((3, 2), np.float32), np.full(3, -1)) == (recipe.USUAL_TEMPERATURE, 0.0)


def test_a_class_no_head_saw_tells_nothing() -> None:
    logits, gold = drawn(200, 1.0)
    hidden = np.concatenate([gold, np.full(50, -1)])
    padded = np.concatenate([logits, np.full((50, 3), -np.inf, np.float32)])
    assert fit_temperature(padded, hidden) == fit_temperature(logits, gold)


def test_the_penalty_with_the_least_loss_is_taken_and_a_tie_stays_usual() -> None:
    good, bad = drawn(300, 1.0), drawn(300, 1.0)
    scrambled = (bad[0], np.random.default_rng(1).permutation(bad[1]))
    assert choose(300, 3, lambda c: good if c == 100.0 else scrambled).c == 100.0
    assert choose(300, 3, lambda _c: good).c == recipe.USUAL


def test_it_is_chosen_anew_when_labels_grow_by_a_tenth_or_go() -> None:
    chosen = HeadRecipe(n_labels=100)
    assert [chosen.serves(n) for n in (100, 109, 111, 91, 90)] == [True, True, False, True, False]
    assert HeadRecipe().serves(9)
    assert not HeadRecipe().serves(10)


def test_the_trainer_judges_by_texts_their_head_did_not_see() -> None:
    draw = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = (np.eye(3, 8)[y] + draw.normal(size=(60, 8)) * 0.6).astype(np.float32)
    answers = [ClassAnswer(int(c) + 5) for c in y]
    found = CLASSIFY_TRAINER.choose(x, answers, np.arange(60) // 3 % 3)
    noise = CLASSIFY_TRAINER.choose(draw.normal(size=(60, 8)).astype(np.float32), answers, np.arange(60) // 3 % 3)
    assert found.n_labels == 60
    assert noise.temperature / noise.c > found.temperature / found.c, "noise deserves no confidence"
