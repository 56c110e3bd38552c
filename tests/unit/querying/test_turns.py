"""Classes short of labels ask first: by the model's guess, by their names, by their keywords."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from core.querying import reasons
from core.querying.balance import balance
from core.querying.base import Pick, PoolView
from core.querying.named import by_names, contrast
from core.querying.seeds import FEW, seeds
from core.querying.turns import Lines, take_turns
from core.querying.twins import Chooser
from tests.unit.querying.worlds import blobs, pool, topics, unit


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def distinct(n: int) -> PoolView:
    return PoolView(np.eye(n, dtype=np.float32), np.arange(n), np.empty(0, np.int64))


def line(rows: range, value: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    return np.array(rows, np.int64), np.full(len(rows), value, np.float32)


def asked(counts: dict[int, int], lines: Lines, n: int) -> list[int]:
    """The classes in the order in which they asked."""
    return list(take_turns(Chooser(distinct(30), n, rng()), counts, lines).values())


def test_the_class_with_fewest_labels_asks_until_it_has_as_many_as_the_next() -> None:
    lines = {1: line(range(10)), 2: line(range(10, 20)), 3: line(range(20, 30))}
    assert asked({1: 3, 2: 1}, lines, 6) == [3, 2, 3, 2, 3, 1]


def test_a_doubtful_text_of_a_rare_class_may_stand_behind_a_sure_one_of_a_less_rare() -> None:
    lines = {1: line(range(10), 0.2), 2: line(range(10, 20), 0.9)}
    assert asked({1: 0, 2: 2, 9: 9}, lines, 3)[0] == 2
    assert asked({1: 0, 2: 8, 9: 9}, lines, 3)[0] == 1


def test_a_class_that_runs_out_leaves_the_rest_to_others() -> None:
    assert asked({}, {1: line(range(2)), 2: line(range(2, 12))}, 6) == [1, 2, 1, 2, 2, 2]
    assert asked({}, {1: line(range(0)), 2: line(range(3))}, 6) == [2, 2, 2]


def test_a_text_two_classes_want_is_asked_once() -> None:
    assert asked({}, {1: line(range(4)), 2: line(range(4))}, 9) == [1, 2, 1, 2]


def test_a_twin_costs_its_class_no_turn() -> None:
    x = np.eye(6, dtype=np.float32)[[0, 0, 0, 1, 2, 3]]
    view = PoolView(x, np.arange(6), np.empty(0, np.int64))
    turns = take_turns(Chooser(view, 4, rng()), {}, {1: line(range(4)), 2: line(range(4, 6))})
    assert turns == {0: 1, 4: 2, 3: 1, 5: 2}


def groups_of(picks: list[Pick], group: np.ndarray) -> Counter[int]:
    return Counter(group[[pick.row for pick in picks]].tolist())


# --- balance


def test_a_rare_class_gets_as_many_texts_as_it_lacks() -> None:
    view, group = topics([300, 200, 12], labels=2)
    more = view.open[:20]
    view = replace(
        view,
        open=np.setdiff1d(view.open, more),
        labelled=np.concatenate([view.labelled, more]),
        classes=[*view.classes, *[(10 + group[row],) for row in more]],
    )
    found = groups_of(balance(view, 20, rng()), group)
    assert found[2] == 10, "all it has"
    assert found[1] == 10
    assert groups_of(balance(view, 4, rng()), group) == {1: 2, 2: 2}


def test_balance_says_for_whom_and_how_many_labels_there_are() -> None:
    view, _group = topics([30, 30, 30])
    assert reasons.words(balance(view, 1, rng())[0].reason).endswith("which has 2 labels so far")


def test_even_one_percent_classes_are_found_among_thousands() -> None:
    view, group = topics([20_000, 200], labels=2)
    assert groups_of(balance(view, 10, rng()), group)[1] >= 4


# --- names


def meant(sizes: list[int], counts: dict[int, int] | None = None) -> tuple[PoolView, np.ndarray]:
    """Groups whose classes have vectors near their centres; `counts`: labels each class has already."""
    view, group = blobs(sizes, spread=0.08, dim=24)
    vectors = {10 + g: unit(np.eye(1, 24, g) + 0.4 * np.eye(1, 24, 20))[0] for g in range(len(sizes))}
    done = [int(np.flatnonzero(group == c - 10)[i]) for c, n in (counts or {}).items() for i in range(n)]
    return (
        replace(
            view,
            open=np.setdiff1d(view.open, done),
            labelled=np.array(done, np.int64),
            classes=[(10 + int(group[row]),) for row in done],
            class_vectors=vectors,
            names={c: f"class {c}" for c in vectors},
        ),
        group,
    )


def test_without_a_single_label_each_class_gets_texts_in_turn() -> None:
    view, group = meant([100, 50, 8, 4])
    picks = by_names(view, 8, rng())
    assert groups_of(picks, group) == {0: 2, 1: 2, 2: 2, 3: 2}
    assert groups_of(picks[:4], group) == {0: 1, 1: 1, 2: 1, 3: 1}
    for pick in picks:
        assert reasons.words(pick.reason) == f"sounds like class {10 + group[pick.row]}, which has no label yet"


def test_classes_with_fewest_labels_come_first() -> None:
    view, group = meant([40, 40, 40], {10: 3, 11: 1})
    assert groups_of(by_names(view, 3, rng()), group) == {2: 2, 1: 1}


def test_a_name_that_is_near_to_everything_does_not_take_everything() -> None:
    view, group = meant([40, 40, 40])
    hub = unit(np.eye(1, 24) * 0.3 + np.eye(1, 24, 1) + np.eye(1, 24, 2))[0]
    near = replace(view, class_vectors={**view.class_vectors, 10: unit(hub[None] + 0.5 * np.eye(1, 24))[0]})
    assert set(groups_of(by_names(near, 6, rng()), group)) == {0, 1, 2}


def test_contrast_is_the_distance_to_the_next_best_class() -> None:
    cosines = rng().normal(size=(50, 3)).astype(np.float32) * [1, 5, 0.1] + [3, 0, 1]
    z = (cosines - cosines.mean(axis=0)) / cosines.std(axis=0)
    expected = np.stack([z[:, c] - np.delete(z, c, axis=1).max(axis=1) for c in range(3)], axis=1)
    assert contrast(cosines.astype(np.float32)) == pytest.approx(expected, abs=1e-4)


def test_of_the_texts_that_sound_like_a_class_different_ones_are_asked() -> None:
    view, _group = meant([5, 40])
    draw = rng(1)
    corner = np.repeat([[1.0, 0.5, 0], [1.0, -0.5, 0], [1.0, 0, 0.5]], [18, 16, 16], axis=0)
    x = unit(np.pad(corner, ((0, 0), (0, 21))) + draw.normal(size=(50, 24)) * 0.06)
    other = unit(np.eye(1, 24, 5) + draw.normal(size=(60, 24)) * 0.06)
    vectors = {10: unit(np.eye(1, 24) + 0.1 * np.eye(1, 24, 1))[0], 11: unit(np.eye(1, 24, 5))[0]}
    mixed = PoolView(np.concatenate([x, other]), np.arange(110), view.labelled[:0], class_vectors=vectors)
    corners = np.repeat([0, 1, 2, 3], [18, 16, 16, 60])
    for seed in range(5):
        assert set(groups_of(by_names(mixed, 10, rng(seed)), corners)) == {0, 1, 2, 3}


def test_one_described_class_is_compared_with_the_mean() -> None:
    view, group = meant([30, 30])
    only = replace(view, class_vectors={10: view.class_vectors[10]})
    assert groups_of(by_names(only, 5, rng()), group) == {0: 5}


def test_without_class_texts_typical_texts_are_asked() -> None:
    view = replace(pool(), class_vectors={})
    assert {pick.strategy for pick in by_names(view, 9, rng())} == {"typical"}


# --- seeds


def test_texts_with_a_keyword_come_first_and_typical_ones_after() -> None:
    view = replace(pool(labelled=0), names={10: "refund"})
    found = view.open[[3, 9, 20]]
    picks = seeds(replace(view, seeded={10: found}), 8, rng())
    assert {pick.row for pick in picks[:3]} == set(found.tolist())
    assert {pick.strategy for pick in picks[3:]} == {"typical"}
    assert reasons.words(picks[0].reason) == "holds a keyword of refund, which has no label yet"


def test_a_class_with_labels_enough_is_left_to_the_model() -> None:
    view = pool(100, labelled=FEW, classes=1)
    found = {10: view.open[:9], 11: view.open[9:12]}
    picks = seeds(replace(view, seeded=found), 5, rng())
    assert {pick.row for pick in picks if pick.strategy == "seeds"} == set(view.open[9:12].tolist())


def test_seeds_are_drawn_not_taken_in_the_order_of_import() -> None:
    view = replace(pool(200, labelled=0), seeded={10: np.arange(200)})
    assert len({seeds(view, 1, rng(seed))[0].row for seed in range(20)}) > 10


def test_without_keywords_typical_texts_are_asked() -> None:
    assert {pick.strategy for pick in seeds(replace(pool(), seeded={}), 9, rng())} == {"typical"}
