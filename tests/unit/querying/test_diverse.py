from dataclasses import replace

import numpy as np
import pytest

from core.querying import diverse as module
from core.querying.base import PoolView
from core.querying.diverse import diverse
from core.querying.uncertainty import margin
from tests.unit.querying.worlds import blobs, pool


def doubts(sizes: list[int], *, seed: int = 0) -> tuple[PoolView, np.ndarray]:
    """Groups of texts, the first one the most doubtful by far, and each row's group."""
    view, group = blobs(sizes, spread=0.12, seed=seed)
    draw = np.random.default_rng(seed)
    lead = np.where(group == 0, 0.0, 0.2) + draw.random(len(group)) * 0.1
    p = np.stack([(1 + lead) / 2, (1 - lead) / 2], axis=1).astype(np.float32)
    return replace(view, class_ids=(1, 2), probabilities=p, names={1: "refund", 2: "login"}), group


@pytest.mark.parametrize("seed", range(5))
def test_each_group_of_doubts_is_asked_about_once_before_one_is_again(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STAGES", (4, 32))
    view, group = doubts([60, 20, 20, 20], seed=seed)
    rows = [pick.row for pick in diverse(view, 4, np.random.default_rng(seed))]
    assert sorted(group[rows]) == [0, 1, 2, 3]
    alone = [pick.row for pick in margin(view, 4, np.random.default_rng(seed))]
    assert set(group[alone]) == {0}, "uncertainty alone asks one thing four times"


def test_of_each_group_the_most_doubtful_text_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STAGES", (3,))
    view, group = doubts([30, 20, 10])
    assert view.probabilities is not None
    lead = view.probabilities[:, 0] - view.probabilities[:, 1]
    expected = {int(np.flatnonzero(group == g)[np.argmin(lead[group == g])]) for g in range(3)}
    picks = diverse(view, 3, np.random.default_rng(0))
    assert {pick.row for pick in picks} == expected
    assert picks[0].row == int(np.argmin(lead)), "the most doubtful of all is first"
    assert sorted(pick.reason.args["similar"] for pick in picks) == [10, 20, 30]


def test_sure_texts_are_not_asked_for_the_sake_of_diversity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST", 40)
    view, group = doubts([40, 40, 40])
    assert view.probabilities is not None
    view.probabilities[group == 2] = [0.999, 0.001]
    rows = [pick.row for pick in diverse(view, 4, np.random.default_rng(0))]
    assert 2 not in group[rows]


def test_without_a_model_typical_texts_are_asked() -> None:
    assert {pick.strategy for pick in diverse(pool(model=False), 9, np.random.default_rng(0))} == {"typical"}
