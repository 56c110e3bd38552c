from dataclasses import replace

import numpy as np
import pytest

from core.querying import probcover as module
from core.querying.probcover import bound_of, probcover
from tests.unit.querying.worlds import blobs, unit


@pytest.fixture
def _balls_as_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts of one group are nearer than this, those of two are not."""
    monkeypatch.setattr(module, "bound_of", lambda _cosines, _cluster: 0.55)


@pytest.mark.usefixtures("_balls_as_groups")
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("sizes", [[20, 20, 20, 20], [60, 25, 10, 5]])
def test_each_group_is_covered_before_one_is_repeated(sizes: list[int], seed: int) -> None:
    view, group = blobs(sizes, spread=0.07, seed=seed)
    picks = probcover(view, 4, np.random.default_rng(seed))
    assert sorted(group[[pick.row for pick in picks]]) == [0, 1, 2, 3]
    assert [pick.reason.args["similar"] for pick in picks] == sorted(sizes, reverse=True)


@pytest.mark.usefixtures("_balls_as_groups")
def test_groups_with_a_label_are_covered_already() -> None:
    view, group = blobs([50, 30, 20, 20], spread=0.07)
    labelled = np.array([0, 50, 80])
    view = replace(view, open=np.setdiff1d(view.open, labelled), labelled=labelled)
    first = probcover(view, 1, np.random.default_rng(0))[0]
    assert group[first.row] == 3
    assert first.reason.args["similar"] == 20


@pytest.mark.usefixtures("_balls_as_groups")
def test_when_all_is_covered_the_balls_shrink() -> None:
    view, group = blobs([40, 40, 40, 40], spread=0.1)
    picks = probcover(view, 40, np.random.default_rng(0))
    assert {g: int(n) for g, n in enumerate(np.bincount(group[[p.row for p in picks]]))}.keys() == {0, 1, 2, 3}
    assert {pick.reason.kind for pick in picks} == {"covers"}
    assert picks[0].reason.args["similar"] > picks[-1].reason.args["similar"]


def test_the_bound_is_the_lowest_that_keeps_nineteen_in_twenty_balls_pure() -> None:
    draw = np.random.default_rng(1)
    cluster = np.repeat(np.arange(4), 50)
    x = unit(np.eye(4, 12)[cluster] + draw.normal(size=(200, 12)) * 0.12)
    cosines = (x @ x.T).astype(np.float16)
    bound = bound_of(cosines, cluster)
    stranger = cluster[:, None] != cluster

    def purity(at: float) -> float:
        return float((~((cosines >= at) & stranger).any(axis=1)).mean())

    assert purity(bound + 0.001) >= 0.945
    assert purity(bound - 0.02) < 0.95


def test_clusters_that_cut_groups_do_not_make_balls_of_single_texts() -> None:
    view, group = blobs([150, 150], spread=0.1)
    cluster = group * 5 + np.arange(300) % 5
    cosines = (view.features @ view.features.T).astype(np.float16)
    assert (cosines >= bound_of(cosines, cluster)).sum(axis=1).mean() == pytest.approx(300 / 20, rel=0.15)


@pytest.mark.usefixtures("_balls_as_groups")
def test_a_sample_counts_for_the_whole_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_POOL", 100)
    view, group = blobs([200, 100, 60, 40], spread=0.07)
    picks = probcover(view, 4, np.random.default_rng(0))
    assert sorted(group[[pick.row for pick in picks]]) == [0, 1, 2, 3]
    assert sum(pick.reason.args["similar"] for pick in picks) == pytest.approx(400, abs=4)


def test_which_of_equals_is_asked_is_drawn() -> None:
    view, _group = blobs([1] * 12, spread=0.0)
    assert len({probcover(view, 1, np.random.default_rng(seed))[0].row for seed in range(40)}) > 6
