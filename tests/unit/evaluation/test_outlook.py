"""The forecast: flat curves stay flat, steep ones go on for a while, and nobody is told more than can be known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.outlook import Earlier, Past, earlier_sizes, gain, step, words

quick = settings(max_examples=60, deadline=None, database=None, derandomize=True)
FLAT = Past(200, 60, 48, (Earlier(70, 1, 1), Earlier(100, 1, 1), Earlier(140, 0, 0)))
STEEP = Past(200, 60, 48, (Earlier(70, 22, 1), Earlier(100, 14, 1), Earlier(140, 8, 1)))


def test_a_curve_that_rose_steeply_is_expected_to_rise_on() -> None:
    flat, steep = gain(FLAT, 100), gain(STEEP, 100)
    assert flat is not None
    assert steep is not None
    assert steep.value > 2 * flat.value
    assert flat.value < 0.02


def test_more_labels_never_promise_less() -> None:
    found = [gain(STEEP, more) for more in (10, 20, 50, 100, 400)]
    values = [one.value for one in found if one]
    assert values == sorted(values)
    assert values[-1] < 12 / 60 + 0.1


def test_a_faultless_model_has_nothing_to_gain() -> None:
    found = gain(Past(200, 100, 100, (Earlier(70, 0, 0),)), 20)
    assert found is not None
    assert found.value < 0.01


def test_too_few_drawn_texts_are_no_forecast() -> None:
    assert gain(Past(80, 19, 15), 20) is None
    assert words(None, 19) == "More labels? Can't tell yet: 19 of 20 audit labels."


@quick
@given(st.integers(20, 200), st.data(), st.integers(1, 500))
def test_a_forecast_lies_inside_its_interval(n: int, data: st.DataObject, more: int) -> None:
    right = data.draw(st.integers(0, n))
    earlier = []
    for size in earlier_sizes(100):
        better = data.draw(st.integers(0, right))
        earlier.append(Earlier(size, better, data.draw(st.integers(0, n - right))))
    found = gain(Past(100, n, right, tuple(earlier)), more)
    assert found is not None
    assert found.interval[0] <= found.value <= found.interval[1] <= 1
    assert found.value >= 0


def test_words_tell_points_and_minutes() -> None:
    found = gain(STEEP, 40)
    assert found is not None
    said = words(found, 60, 9.0)
    assert said.startswith("40 more labels: about +")
    assert said.endswith("about 6 min of yours.")
    assert words(found, 60).endswith(").")


@pytest.mark.parametrize(("labels", "more"), [(10, 20), (120, 20), (400, 80)])
def test_a_forecast_is_about_a_round_number(labels: int, more: int) -> None:
    assert step(labels) == more


def test_it_survives_storage() -> None:
    assert Past.from_json(STEEP.as_json()) == STEEP
