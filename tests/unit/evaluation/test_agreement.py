"""Coefficients of agreement against published worked examples and scikit-learn, and what they say of nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from core.evaluation.agreement import alpha, cohen, fleiss, most_rated

FLEISS_1971 = (  # the example of 14 raters, 10 subjects and 5 categories
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
)  # fmt: skip
KRIPPENDORFF_2011 = (  # section C: four observers, twelve units, some answers missing
    "1  1  1  .", "2  2  3  2", "3  3  3  3", "3  3  3  3", "2  2  2  2", "1  2  3  4",
    "4  4  4  4", "1  1  2  1", "2  2  2  2", ".  5  5  5", ".  .  1  1", ".  .  3  .",
)  # fmt: skip


def test_cohen_s_kappa_of_a_worked_example() -> None:
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    assert cohen(pairs).value == pytest.approx(0.4)


@settings(max_examples=60, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60))
def test_cohen_s_kappa_is_scikit_learn_s(pairs: list[tuple[int, int]]) -> None:
    found = cohen(pairs)
    if found.value is None:
        assert len({value for pair in pairs for value in pair}) == 1
    else:
        assert found.value == pytest.approx(cohen_kappa_score(*zip(*pairs, strict=True)), abs=1e-12)


def test_fleiss_kappa_of_the_1971_example() -> None:
    rows = [[category for category, n in enumerate(row) for _turn in range(n)] for row in FLEISS_1971]
    found = fleiss(rows)
    assert found.value == pytest.approx(0.20993, abs=5e-6)
    assert found.n == 10


def test_fleiss_kappa_refuses_unequal_rows_and_says_which_texts_it_can_be_told_of() -> None:
    rows = [("a", "b"), ("a", "a", "b"), ("b", "b"), ("a",), ("a", "b", "b", "b")]
    with pytest.raises(ValueError, match="same number"):
        fleiss(rows)
    assert most_rated(rows) == [("a", "b"), ("b", "b")]
    assert most_rated([("a",)]) == []


def test_krippendorff_s_alpha_of_the_2011_example_nominal_and_interval() -> None:
    units = [[int(value) for value in row.split() if value != "."] for row in KRIPPENDORFF_2011]
    assert alpha(units).value == pytest.approx(0.743, abs=5e-4)
    assert alpha(units, lambda a, b: float((a - b) ** 2)).value == pytest.approx(0.849, abs=5e-4)
    assert alpha(units).n == 11


def test_krippendorff_s_alpha_of_the_2011_binary_example() -> None:
    first = ["0", "1", "0", "0", "0", "0", "0", "0", "1", "0"]
    second = ["1", "1", "1", "0", "0", "1", "0", "0", "0", "0"]
    assert alpha([*zip(first, second, strict=True)]).value == pytest.approx(0.095, abs=5e-4)


@settings(max_examples=40, deadline=None)
@given(
    units=st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), min_size=1, max_size=30),
    names=st.permutations(range(4)),
)
def test_alpha_is_the_formula_and_does_not_care_for_names_or_order(units: list[list[int]], names: list[int]) -> None:
    found = alpha(units)
    shared = [row for row in units if len(row) > 1]
    pooled = [value for row in shared for value in row]
    if len(set(pooled)) < 2:
        assert found.value is None
        assert found.why
        return
    seen = sum(sum(a != b for i, a in enumerate(row) for j, b in enumerate(row) if i != j) / (len(row) - 1)
               for row in shared) / len(pooled)  # fmt: skip
    n = len(pooled)
    chance = sum(a != b for i, a in enumerate(pooled) for j, b in enumerate(pooled) if i != j) / (n * (n - 1))
    assert found.value == pytest.approx(1 - seen / chance)
    renamed = [[names[value] for value in reversed(row)] for row in reversed(units)]
    assert alpha(renamed).value == pytest.approx(found.value)


def test_perfect_agreement_is_one_and_answers_at_random_are_about_nothing() -> None:
    draw = np.random.default_rng(1)
    assert alpha([(v, v) for v in draw.integers(0, 3, 50).tolist()]).value == pytest.approx(1.0)
    random = [tuple(row) for row in draw.integers(0, 3, (3000, 3)).tolist()]
    found = alpha(random)
    assert found.value is not None
    assert found.interval is not None
    assert abs(found.value) < 0.03
    assert found.interval[0] < 0 < found.interval[1]
    assert abs(fleiss(random).value or 1.0) < 0.03


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Two people who give the same of two balanced answers in 80 % of the texts: alpha is .6 in the long run."""
    draw, hits, times = np.random.default_rng(3), 0, 200
    for _turn in range(times):
        first = draw.integers(0, 2, 80)
        second = np.where(draw.random(80) < 0.8, first, 1 - first)
        interval = alpha([*zip(first.tolist(), second.tolist(), strict=True)]).interval
        assert interval is not None
        hits += interval[0] <= 0.6 <= interval[1]
    assert 0.82 <= hits / times <= 0.96


def test_the_interval_is_the_same_each_time_and_grows_where_less_is_known() -> None:
    few = [("a", "a"), ("a", "b"), ("b", "b"), ("b", "a"), ("a", "a"), ("b", "b")]
    assert alpha(few) == alpha(few)
    narrow, wide = alpha(few * 20).interval, alpha(few).interval
    assert narrow is not None
    assert wide is not None
    assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 2


@pytest.mark.parametrize("rows", [[], [("a",)], [("a",), ("b",)]])
def test_where_nobody_shares_a_text_nothing_is_told_and_it_is_said_why(rows: list[tuple[str, ...]]) -> None:
    assert alpha(rows).value is None
    assert "No text" in alpha(rows).why
    assert cohen([]).why == fleiss([]).why == alpha(rows).why


def test_where_all_gave_one_answer_nothing_is_told_and_it_is_said_why() -> None:
    rows = [("a", "a")] * 9
    for found in (alpha(rows), fleiss(rows), cohen(rows)):
        assert found.value is None
        assert "same answer" in found.why
        assert found.n == 9


def test_answers_that_are_alike_in_part_count_in_part() -> None:
    def apart(a: frozenset[int], b: frozenset[int]) -> float:
        return 1 - 2 * len(a & b) / (len(a) + len(b))

    near = [(frozenset({1, 2}), frozenset({1})), (frozenset({3}), frozenset({3})), (frozenset({4}), frozenset({4, 5}))]
    strict, partial = alpha(near).value, alpha(near, apart).value
    assert strict is not None
    assert partial is not None
    assert partial > strict


def test_too_many_different_answers_are_not_compared_each_with_each() -> None:
    found = alpha([(n, n + 1) for n in range(2000)])
    assert found.value is None
    assert "too many" in found.why
