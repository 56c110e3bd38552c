"""When to stop: criteria against scikit-learn, and advice that takes several of them and the forecast."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score

from core.evaluation.outlook import Gain
from core.evaluation.stopping import IN_A_ROW, Look, advise, delta_f, kappa, look, standing, words

quick = settings(max_examples=150, deadline=None, database=None, derandomize=True)
pairs = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=60)
STILL = Look(200, 1000, 0.99, 0.01, 0.05, 0.01)
MOVING = Look(100, 1000, 0.8, 0.2, 0.4, 0.2)


@quick
@given(pairs)
def test_the_criteria_are_those_of_scikit_learn(rows: list[tuple[str, str]]) -> None:
    before, after = [a for a, _b in rows], [b for _a, b in rows]
    if len({*before, *after}) > 1:
        assert kappa(before, after) == pytest.approx(cohen_kappa_score(before, after))
    assert delta_f(before, after) == pytest.approx(1 - f1_score(after, before, average="macro"))
    assert 0 <= delta_f(before, after) <= 1
    assert kappa(before, after) == pytest.approx(kappa(after, before))


def test_answers_that_stay_are_no_change() -> None:
    found = look(50, ["a", "b", "a"], ["a", "b", "a"], 0.75)
    assert found == Look(50, 3, 1.0, 0.0, 0.25, 0.0)
    assert look(9, ["a"], ["a"], 1.0).agreement == 1.0


def test_a_criterion_must_hold_for_several_looks_in_a_row() -> None:
    assert not any(standing([STILL] * (IN_A_ROW - 1)).values())
    assert all(standing([MOVING] + [STILL] * IN_A_ROW).values())
    assert not any(standing([STILL] * IN_A_ROW + [MOVING]).values())


def test_stopping_is_advised_where_the_signs_and_the_forecast_agree() -> None:
    flat, rising = Gain(20, 0.002, (-0.01, 0.01)), Gain(20, 0.04, (0.01, 0.08))
    assert advise([STILL, STILL], flat).stop
    assert advise([STILL, STILL], None).stop
    assert not advise([STILL, STILL], rising).stop
    assert not advise([MOVING, MOVING], flat).stop
    assert words(advise([STILL, STILL], flat)).startswith("You may stop: 4 of 4 signs say enough (agreement")
    assert words(advise([STILL, STILL], rising)).endswith("but the curve still rises.")
    assert not advise([STILL, STILL], Gain(20, 0.005, (0.0, 0.01))).stop
    assert words(advise([], None)) == "Go on: 0 of 4 signs say enough."


def test_it_survives_storage() -> None:
    assert Look.from_json(STILL.as_json()) == STILL
