"""Uncertainty herding: covers the pool without a model, its doubts with one, and lets no rare class go."""

from dataclasses import replace

import numpy as np

from core.querying import herding as herds
from core.querying import reasons
from core.querying.herding import herding
from tests.unit.querying.worlds import blobs, pool


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_without_a_model_every_group_is_met_before_any_is_met_twice() -> None:
    view, group = blobs([80, 40, 20, 10, 5])
    first = [int(group[pick.row]) for pick in herding(view, 5, rng())]
    assert sorted(first) == [0, 1, 2, 3, 4]
    assert first[0] == 0, "the largest group stands for most"


def test_a_group_with_a_label_waits_until_the_others_have_one() -> None:
    view, group = blobs([60, 60, 60])
    labelled = np.flatnonzero(group == 1)[:1]
    view = replace(view, open=np.setdiff1d(view.open, labelled), labelled=labelled, classes=[(1,)])
    assert {int(group[pick.row]) for pick in herding(view, 2, rng())} == {0, 2}


def test_doubts_draw_the_picks_once_there_is_a_model() -> None:
    view, group = blobs([60, 60])
    sure, unsure = [0.999, 0.001], [0.55, 0.45]
    scores = np.array([unsure if g == 1 else sure for g in group], np.float32)
    view = replace(view, class_ids=(7, 8), probabilities=scores, names={7: "a", 8: "b"})
    picks = herding(view, 1, rng())
    assert {int(group[pick.row]) for pick in picks} == {1}
    assert picks[0].reason.kind == reasons.HERDING
    said = reasons.words(picks[0].reason)
    assert said.startswith("a 0.55 against b 0.45, stands for ")


def test_the_doubts_about_a_class_short_of_labels_weigh_more() -> None:
    view, group = blobs([60, 60])
    labelled = np.arange(10)
    scores = np.array([[0.4, 0.35, 0.25] if g == 0 else [0.25, 0.35, 0.4] for g in group], np.float32)
    given = [(7,)] * 8 + [(8,), (9,)]
    view = replace(view, open=np.arange(10, 120), labelled=labelled, class_ids=(7, 8, 9), probabilities=scores)
    weights = herds._weights(replace(view, classes=given), np.array([20, 100]))
    assert weights[1] > weights[0]
    even = herds._weights(replace(view, classes=[(7,), (8,), (9,)]), np.array([20, 100]))
    assert even[0] == even[1]


def test_lazy_greedy_picks_what_plain_greedy_would() -> None:
    draw = rng(3)
    kernel = draw.random((50, 70)).astype(np.float32)
    ground = herds._Ground(kernel, draw.random(50).astype(np.float32), np.zeros(50, np.float32), 0.95)
    plain = herds._Ground(kernel, ground.weight, np.zeros(50, np.float32), 0.95)
    expected: list[int] = []
    for _turn in range(12):
        gains = plain.gains(np.arange(70))
        gains[expected] = -1
        expected.append(int(gains.argmax()))
        plain.take(expected[-1])
    order, _stands = herds._greedy(ground, np.eye(70, dtype=np.float32), 12, np.zeros(70, np.bool_))
    assert order == expected


def test_texts_equal_to_labelled_or_picked_ones_come_last() -> None:
    view, _group = blobs([20, 20], spread=0.0)
    picks = herding(view, 40, rng())
    assert len({pick.row for pick in picks}) == 40
    x = view.features[[picks[0].row, picks[1].row]]
    assert float(x[0] @ x[1]) < 0.5


def test_a_pool_larger_than_its_samples_is_searched_for_doubts() -> None:
    draw = rng(1)
    view = pool(6000, labelled=30, skipped=0, classes=3)
    scores = np.tile(np.array([[1.0, 0.0, 0.0]], np.float32), (6000, 1))
    doubtful = draw.choice(view.open, 40, replace=False)
    scores[doubtful] = [0.35, 0.33, 0.32]
    picks = herding(replace(view, probabilities=scores), 20, rng())
    assert sum(pick.row in set(doubtful.tolist()) for pick in picks) >= 4, "one in 150 texts is doubtful"


def test_encoders_with_narrow_cosines_are_covered_alike() -> None:
    view, group = blobs([80, 40, 20])
    narrow = np.concatenate([view.features * 0.3, np.ones((140, 4), np.float32)], axis=1)
    picks = herding(replace(view, features=narrow), 3, rng())
    assert {int(group[pick.row]) for pick in picks} == {0, 1, 2}
