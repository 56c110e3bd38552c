import math
from dataclasses import replace

import numpy as np
import pytest

from core.querying import reasons
from core.querying.base import PoolView
from core.querying.contrastive import contrastive, contrasts
from tests.unit.querying.worlds import pool, topics, unit


def naive(view: PoolView, row: int, k: int) -> float:
    assert view.probabilities is not None
    cosines = view.features[view.labelled] @ view.features[row]
    near = view.labelled[np.argsort(-cosines)[:k]]
    kl = [
        sum(q * math.log(q / p) for q, p in zip(view.probabilities[one], view.probabilities[row], strict=True))
        for one in near
    ]
    return sum(kl) / k


def test_the_score_is_the_mean_divergence_from_the_nearest_labelled_texts() -> None:
    view = pool(90, labelled=44, seed=3)
    found = contrasts(view, view.open, view.labelled, view.features[view.labelled])
    assert found == pytest.approx([naive(view, int(row), 10) for row in view.open], rel=1e-3, abs=1e-5)


@pytest.mark.parametrize(("labels", "k"), [(1, 1), (4, 1), (12, 3), (40, 10), (60, 10)])
def test_few_labels_have_few_neighbours(labels: int, k: int) -> None:
    view = pool(100, labelled=labels, seed=1)
    found = contrasts(view, view.open[:5], view.labelled, view.features[view.labelled])
    assert found == pytest.approx([naive(view, int(row), k) for row in view.open[:5]], rel=1e-3, abs=1e-5)


def test_a_text_the_model_takes_out_of_its_neighbourhood_comes_first() -> None:
    view, group = topics([20, 20, 20], labels=8)
    assert view.probabilities is not None
    odd = int(np.flatnonzero(group == 1)[-1])
    view.probabilities[odd] = [0.0, 0.02, 0.98]
    first = contrastive(view, 3, np.random.default_rng(0))[0]
    assert first.row == odd
    assert reasons.words(first.reason) == "class 12 0.98, but similar labelled texts say class 11 1.00"


def test_labels_beyond_those_looked_at_do_not_shift_the_rows() -> None:
    view = pool(60, labelled=20)
    seen = replace(view, labelled=view.labelled[-12:], classes=view.classes[-12:])
    assert contrastive(seen, 1, np.random.default_rng(0))[0].strategy == "contrastive"


def test_without_a_model_or_a_label_typical_texts_are_asked() -> None:
    for view in (pool(model=False), replace(pool(), labelled=pool().labelled[:0], classes=())):
        assert {pick.strategy for pick in contrastive(view, 9, np.random.default_rng(0))} == {"typical"}


def test_the_odd_one_out_is_no_accident_of_its_place() -> None:
    x = unit(np.array([[1, 0.1, 0], [1, 0, 0.1], [0, 1, 0.1], [0.1, 1, 0], [1, 0.3, 0.0], [0.3, 1, 0]]))
    p = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9], [0.05, 0.95], [0.1, 0.9]], np.float32)
    view = PoolView(x, np.array([5, 4]), np.arange(4), [(1,), (1,), (2,), (2,)], (1, 2), p)
    assert [pick.row for pick in contrastive(view, 2, np.random.default_rng(0))] == [4, 5]
