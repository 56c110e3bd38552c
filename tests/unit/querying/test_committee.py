import math
from dataclasses import replace

import numpy as np
import pytest

from core.querying import committee as module
from core.querying.base import PoolView
from core.querying.committee import MEMBERS, committee, mean_divergence, seated, vote_entropy
from tests.unit.querying.worlds import pool, topics, unit


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_vote_entropy_is_that_of_the_shares() -> None:
    votes = np.array([[0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 2, 3], [7, 7, 7, 2]])
    three = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert vote_entropy(votes) == pytest.approx([0.0, math.log(2), math.log(4), three], abs=1e-4)


def test_divergence_is_nothing_among_equals_and_grows_with_dissent() -> None:
    same = np.full((1, 4, 2), 0.5, np.float32)
    mild = np.array([[[0.6, 0.4], [0.4, 0.6]]], np.float32)
    wild = np.array([[[0.99, 0.01], [0.01, 0.99]]], np.float32)
    assert mean_divergence(same)[0] == pytest.approx(0.0, abs=1e-6)
    assert 0 < mean_divergence(mild)[0] < mean_divergence(wild)[0] < math.log(2)


@pytest.mark.parametrize(("labels", "dim"), [(9, 16), (40, 16)])
def test_both_sides_of_the_ridge_give_one_solution(labels: int, dim: int) -> None:
    draw = rng()
    x, truth = unit(draw.normal(size=(labels, dim))), np.eye(3, dtype=np.float32)[draw.integers(0, 3, labels)]
    weight = draw.exponential(size=labels).astype(np.float32)
    w = np.diag(weight)
    expected = np.linalg.solve(x.T @ w @ x + np.eye(dim), x.T @ w @ truth)
    assert module._ridge(x, truth, weight) == pytest.approx(expected, abs=1e-4)


def test_members_differ_and_each_knows_every_class_of_a_single_label() -> None:
    view = pool(60, labelled=5, classes=5)
    members = seated(view, rng())
    assert members.class_ids == view.class_ids
    opinions = members.opinions(view.features[view.labelled])
    assert opinions.shape == (5, MEMBERS, 5)
    assert np.allclose(opinions.sum(axis=2), 1.0, atol=1e-4)
    assert (np.argmax(opinions, axis=2) == np.arange(5)[:, None]).mean() > 0.7, "chance is a fifth"
    assert opinions.std(axis=1).max() > 0.02


def test_a_text_between_two_classes_is_disputed_before_texts_of_one() -> None:
    view, group = topics([30, 30, 30], labels=4)
    middle = unit((np.eye(1, 96) + np.eye(1, 96, 1)) / 2)
    x = np.concatenate([view.features, middle])
    wide = replace(view, features=x, open=np.append(view.open, len(group)), probabilities=None, class_ids=())
    first = committee(wide, 1, rng())[0]
    assert first.row == len(group)
    assert {first.reason.args["first"], first.reason.args["second"]} == {"class 10", "class 11"}
    assert first.reason.args["n"] == MEMBERS


def test_it_needs_labels_of_two_classes_and_no_model() -> None:
    assert {pick.strategy for pick in committee(pool(model=False), 9, rng())} == {"committee"}
    assert {pick.strategy for pick in committee(pool(classes=1), 9, rng())} == {"typical"}


def test_answers_of_several_classes_and_of_none_are_learnt_from() -> None:
    view = pool(40, labelled=4)
    view = replace(view, classes=[(10, 11), (11,), (), (12, 10)])
    assert len(committee(view, 9, rng())) == 9


def test_labels_of_another_order_make_the_same_classes() -> None:
    view = PoolView(np.eye(6, dtype=np.float32), np.arange(3, 6), np.array([0, 1, 2]), [(30,), (10,), (20,)])
    assert seated(view, rng()).class_ids == (10, 20, 30)
