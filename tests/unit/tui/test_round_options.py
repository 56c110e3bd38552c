"""What `handful round` hands to the worker."""

import pytest

from core.errors import InputError
from core.settings import spec
from tui.commands.round_ import _OPTION, OVERRIDES, _arguments


def given(**values: str) -> dict[str, str | None]:
    return dict.fromkeys(OVERRIDES) | values


def test_without_options_it_asks_for_the_usual_round() -> None:
    assert _arguments(None, given(), full=False) == {}
    assert _arguments("cpu", given(), full=False) == {"device": "cpu"}


def test_a_full_round_takes_what_is_given_and_nothing_else() -> None:
    assert _arguments(None, given(), full=True) == {"recipe": "full", "options": {}}
    said = _arguments("cpu", given(epochs="20", learning_rate="3e-5", folds="5", augment="swap"), full=True)
    options = {"epochs": 20, "learning_rate": 3e-5, "round_folds": 5, "augment": "swap"}
    assert said == {"device": "cpu", "recipe": "full", "options": options}


def test_each_of_its_options_is_one_of_the_projects() -> None:
    for name in OVERRIDES:
        assert spec(_OPTION.get(name, name))


def test_its_options_alone_are_refused() -> None:
    with pytest.raises(InputError, match="belong to --full"):
        _arguments(None, given(weight_decay="0.1"), full=False)


def test_a_value_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="'many' does not fit"):
        _arguments(None, given(epochs="many"), full=True)
