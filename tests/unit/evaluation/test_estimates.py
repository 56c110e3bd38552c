"""Estimates for the whole pool: what is counted stays counted, what was drawn stands for what is open."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.estimates import (
    STEEPEST,
    Control,
    Frame,
    Rest,
    accuracy,
    adjusted,
    control_over,
    later_cells,
    later_weights,
)
from core.evaluation.intervals import ENOUGH, wilson
from core.evaluation.report import Report, reports
from core.records import Evaluation
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.tasks.spans import SPANS

quick = settings(max_examples=150, deadline=None, database=None, derandomize=True)
NAMES = {1: "refund", 2: "login", 3: "speed"}
cells = st.dictionaries(st.tuples(st.integers(1, 3), st.integers(1, 3)), st.integers(1, 40), max_size=9)
fractions = st.dictionaries(st.tuples(st.integers(1, 3), st.integers(1, 3)), st.floats(0.1, 40), max_size=5)
outcomes = st.lists(st.tuples(st.booleans(), st.floats(0, 1, width=32)), min_size=1, max_size=80)


def control_of(judged: list[tuple[bool, float]], mean: float) -> Control | None:
    """That of texts that were drawn from a pool without end."""
    said = dict(enumerate(p for _hit, p in judged))
    return control_over([hit for hit, _p in judged], said, [True] * len(judged), [mean] * 100_000)


def report(drawn: dict[tuple[int, int], int], rest: Rest | None) -> Report:
    return reports(CLASSIFY, Evaluation("head", "audit", 1, {"": drawn}), NAMES, None, rest)[0]


def test_without_anything_known_of_the_pool_it_is_the_share_of_the_drawn_texts() -> None:
    found = accuracy(None, (0, 0), (18, 20))
    assert found is not None
    assert (found.value, found.interval) == (0.9, wilson(18, 20))
    assert accuracy(None, (0, 0), (0, 0)) is None


def test_labelled_texts_are_counted_and_open_ones_estimated_by_hand() -> None:
    found = report({(1, 1): 18, (1, 2): 2}, Rest({(1, 1): 95, (2, 1): 5}, 300))
    low, high = wilson(18, 20) or (0, 0)
    assert found.accuracy == pytest.approx((95 + 300 * 0.9) / 400)
    assert found.accuracy_interval == pytest.approx(((95 + 300 * low) / 400, (95 + 300 * high) / 400))
    assert found.pool is not None
    assert (found.pool.labelled, found.pool.open) == (100, 300)
    plain = report({(1, 1): 18, (1, 2): 2}, None)
    assert (found.classes, found.macro_f1_interval) == (plain.classes, plain.macro_f1_interval)


def test_what_was_picked_since_a_draw_is_taken_off_by_hand() -> None:
    # Two draws, one before and one after a text that was picked; of 100 texts 97 are open. Both draws were right, the
    # picked text is answered wrongly by who had not seen it: of 100 and 98 texts open at the draws all are right, less
    # that one, which the model itself answers right.
    drawn, golds = [True, False, True], [ClassAnswer(1)] * 3
    guesses = [ClassAnswer(1), ClassAnswer(2), ClassAnswer(1)]
    assert later_weights(drawn) == [0.5, 0.5, 1.0]
    later = later_cells(CLASSIFY, golds, guesses, drawn)
    assert later == {(1, 1): 1.5, (1, 2): 0.5}
    found = report({(1, 1): 2}, Rest({(1, 1): 3}, 97, later))
    low, _high = wilson(2, 2) or (0, 0)
    assert found.accuracy == 1.0
    assert found.accuracy_interval == pytest.approx(((3 - 1.5 + 99 * low) / 100, 1.0))
    wrong = report({(1, 1): 1, (1, 2): 1}, Rest({(1, 1): 3}, 97, later))
    assert wrong.accuracy == pytest.approx((3 - 1.5 + 99 * 0.5) / 100)


def test_a_pool_that_was_emptied_of_its_doubtful_texts_is_not_judged_by_them() -> None:
    """Half of the texts that are answered wrongly are picked after the draws: the estimate has no bias."""
    draw = np.random.default_rng(0)
    errors = []
    for _round in range(300):
        right = draw.permutation(np.repeat([True, False], [900, 100]))
        order = draw.permutation(1000)
        drawn_rows = order[:40]
        picked = [row for row in order[40:] if not right[row]][:50]
        rows = [*drawn_rows, *picked]
        drawn = [True] * 40 + [False] * 50
        golds = [ClassAnswer(1)] * 90
        guesses = [ClassAnswer(1 if right[row] else 2) for row in rows]
        cells = {(1, 1): int(right[drawn_rows].sum()), (1, 2): int((~right[drawn_rows]).sum())}
        rest = Rest({(1, 1): 90}, 910, later_cells(CLASSIFY, golds, guesses, drawn))
        truth = (90 + sum(right[row] for row in set(range(1000)) - set(rows))) / 1000
        errors.append((report(cells, rest).accuracy or 0) - truth)
    assert abs(float(np.mean(errors))) < 0.01
    assert float(np.mean(errors)) > -0.03


def test_of_a_pool_without_open_texts_nothing_is_estimated() -> None:
    found = report({(1, 1): 18, (1, 2): 2}, Rest({(1, 1): 40, (2, 2): 60}, 0))
    assert (found.accuracy, found.accuracy_interval) == (1.0, (1.0, 1.0))


def test_where_open_texts_are_surer_than_the_drawn_ones_the_estimate_is_moved_as_far_as_that_tells() -> None:
    right, sure = [True] * 30 + [False] * 10, [0.9] * 30 + [0.4] * 10
    drawn, said = [True] * 40, dict(enumerate(sure))
    control = control_over(right, said, drawn, [0.9] * 1000)
    assert control is not None
    assert control.slope == STEEPEST  # every step from .4 to .9 is one from wrong to right
    assert control.open == pytest.approx((900 + sum((i + 1) / 40 * p for i, p in enumerate(sure))) / 1020.5)
    assert adjusted(control, 30, 40) == pytest.approx(0.75 + STEEPEST * (control.open - 0.775))
    tells_nothing = control_over(right, dict.fromkeys(range(40), 0.7), drawn, [0.9] * 1000)
    assert adjusted(tells_nothing, 30, 40) == 0.75
    assert adjusted(control, 30, 41) == 30 / 41, "the control is about other texts"


@quick
@given(cells, cells, st.integers(0, 5000), fractions, outcomes, st.floats(0, 1))
def test_every_number_of_a_pool_lies_in_bounds_inside_its_interval(
    drawn: dict[tuple[int, int], int],
    known: dict[tuple[int, int], int],
    left: int,
    later: dict[tuple[int, int], float],
    judged: list[tuple[bool, float]],
    mean: float,
) -> None:
    control = control_of(judged, mean)
    found = report(drawn, Rest(known, left, later, control))
    pairs = [(found.accuracy, found.accuracy_interval), (found.macro_f1, found.macro_f1_interval)]
    pairs.append((found.micro_f1, found.micro_f1_interval))
    for c in found.classes:
        pairs += [(c.precision, c.precision_interval), (c.recall, c.recall_interval), (c.f1, c.f1_interval)]
    for value, interval in pairs:
        assert (value is None) == (interval is None)
        if value is not None and interval is not None:
            assert -1e-9 <= interval[0] <= value + 1e-9
            assert value - 1e-9 <= interval[1] <= 1 + 1e-9
    assert found.enough == (found.n >= ENOUGH)


@quick
@given(outcomes, st.floats(0, 1), st.randoms(use_true_random=False))
def test_the_order_of_the_drawn_texts_says_nothing(
    judged: list[tuple[bool, float]], mean: float, shuffler: Any
) -> None:
    again = list(judged)
    shuffler.shuffle(again)
    hits = sum(hit for hit, _p in judged)
    one, other = (adjusted(control_of(some, mean), hits, len(judged)) for some in (judged, again))
    assert one == pytest.approx(other, abs=2e-3)  # which was drawn first tells a little of a pool with an end


@quick
@given(cells)
def test_a_pool_that_is_labelled_whole_has_the_accuracy_of_its_counts(known: dict[tuple[int, int], int]) -> None:
    if not known:
        return
    found = report(dict.fromkeys(known, 1), Rest(known, 0))
    assert found.accuracy == pytest.approx(CLASSIFY.correct(known) / sum(known.values()))


def test_the_control_compares_with_all_that_was_open_at_the_draws() -> None:
    found = control_over([True, False, True], {0: 0.9, 1: 0.3, 2: 0.8}, [True, False, True], [0.5, 0.7])
    assert found is not None
    assert (found.n, found.drawn) == (2, pytest.approx(0.85))
    assert found.open == pytest.approx((0.5 + 0.7 + 0.5 * 0.9 + 0.5 * 0.3 + 0.8) / 4)
    assert control_over([True, False], {1: 0.3}, [True, False], [0.5]) is None
    assert control_over([True], {0: 0.9}, [True], []) is None


def test_it_survives_storage() -> None:
    rest = Rest({(1, 2): 3, (2, 2): 9}, 70, {(1, 1): 0.5}, Control(4, 0.6, 0.7, 0.9), (0, 70))
    assert Rest.from_json(rest.as_json()) == rest
    assert Rest.from_json(Rest({}, 0).as_json()) == Rest({}, 0)


def test_a_frame_without_a_pool_changes_nothing() -> None:
    assert Frame.of(None, 12).blend((0, 0), 12, 0.75, (0.5, 0.9)) == (0.75, (0.5, 0.9))


@pytest.mark.parametrize(("good", "size"), [(0.75, 25), (0.9, 40), (0.97, 40), (0.99, 25)])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(good: float, size: int) -> None:
    draw = np.random.default_rng(3)
    held = 0
    for _round in range(400):
        sure = draw.beta(8 * good, 8 * (1 - good), 1000)
        right = draw.random(1000) < sure
        rows = draw.choice(1000, size, replace=False)
        control = control_of(list(zip(right[rows].tolist(), sure[rows].tolist(), strict=True)), float(sure.mean()))
        found = accuracy(Rest({}, 1000, {}, control), (0, 0), (int(right[rows].sum()), size))
        assert found is not None
        held += found.interval[0] <= right.mean() <= found.interval[1]
    assert held / 400 >= 0.87


@quick
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12),
    st.integers(0, 300),
)
def test_ratios_of_the_pool_are_those_of_what_is_counted_and_what_is_stood_for(
    texts: list[tuple[int, int, int]], still_open: int
) -> None:
    """A text has so many right, spurious and missed spans of one class; the labelled ones are all answered rightly."""
    cells: dict[tuple[int, ...], int] = {}
    for right, spurious, missed in texts:
        cell = (*(1, 1, 2) * right, *(0, 1, 0) * spurious, *(1, 0, 0) * missed)
        cells[cell] = cells.get(cell, 0) + 1
    labelled = {(1, 1, 2): 40}
    rest = Rest(labelled, still_open)
    found = reports(SPANS, Evaluation("head", "audit", 1, {"": cells}), {1: "a"}, None, rest)[0]
    weight = still_open / len(texts)
    tp, fp, fn = (sum(one[i] for one in texts) for i in range(3))
    whole = (40 + weight * tp, weight * fp, weight * fn)
    for value, interval, below in (
        (found.micro_precision, found.micro_precision_interval, whole[1]),
        (found.micro_recall, found.micro_recall_interval, whole[2]),
    ):
        if value is not None and interval is not None:
            assert value == pytest.approx(whole[0] / (whole[0] + below))
            assert 0.0 <= interval[0] <= value + 1e-9
            assert value - 1e-9 <= interval[1] <= 1.0
    if found.micro_f1 is not None:
        assert found.micro_f1 == pytest.approx(2 * whole[0] / (2 * whole[0] + whole[1] + whole[2]))


@quick
@given(st.integers(1, 60), st.data())
def test_between_what_a_round_and_what_heads_on_it_say_lies_the_interval(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    ceiling = data.draw(st.integers(0, n))
    plain = accuracy(Rest({}, 500), (0, 0), (hits, n))
    found = accuracy(Rest({}, 500, ceiling=ceiling), (0, 0), (hits, n))
    assert plain is not None
    assert found is not None
    if ceiling <= hits:
        assert found == plain, "heads that say less than the round know nothing that it does not"
    else:
        assert plain.value < found.value < ceiling / n
        assert found.interval[0] == pytest.approx(plain.interval[0])
        assert found.interval[1] == pytest.approx((wilson(ceiling, n) or (0.0, 1.0))[1])
    again = Rest.from_json(Rest({(1, 1): 2}, 5, ceiling=ceiling).as_json())
    assert again.ceiling == ceiling
