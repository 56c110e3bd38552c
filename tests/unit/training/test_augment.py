"""Changes to token ids while an encoder is tuned: the ends stay, nothing is made up, and they do change something."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.settings import choices
from core.training.augment import AUGMENTS, SHARE

TEXTS = st.lists(st.integers(5, 99), max_size=40)


def test_the_option_offers_what_there_is() -> None:
    assert list(choices("augment")) == list(AUGMENTS)


@pytest.mark.parametrize("name", AUGMENTS)
@given(ids=TEXTS, seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None, database=None, derandomize=True)
def test_the_ends_stay_and_no_text_is_emptied(name: str, ids: list[int], seed: int) -> None:
    found = AUGMENTS[name](ids, np.random.default_rng(seed))
    assert found[:1] == ids[:1]
    assert found[-1:] == ids[-1:]
    assert len(found) >= min(len(ids), 3)
    if name == "drop":
        rest = iter(ids)
        assert all(one in rest for one in found), "what is left keeps its order"
    else:
        assert sorted(found) == sorted(ids)


def test_a_tenth_changes_and_nothing_without() -> None:
    ids = list(range(1000))
    rng = np.random.default_rng(0)
    assert AUGMENTS["none"](ids, rng) == ids
    assert len(ids) * (1 - 2 * SHARE) < len(AUGMENTS["drop"](ids, rng)) < len(ids) * (1 - SHARE / 2)
    moved = sum(a != b for a, b in zip(ids, AUGMENTS["swap"](ids, rng), strict=True))
    assert len(ids) * SHARE < moved < len(ids) * 3 * SHARE
