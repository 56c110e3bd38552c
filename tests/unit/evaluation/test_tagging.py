"""How sure a tagger is: what is fitted lowers the loss, keeps the order, and says nothing where nothing is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.tagging import POWERS, TEMPERATURES, Sureness, Trial, fit, joint
from core.tags import log_softmax, spans_of

quick = settings(max_examples=60, deadline=None, database=None, derandomize=True)
N = len(TEMPERATURES)


def test_nothing_known_changes_nothing() -> None:
    found = fit([])
    assert found == Sureness()
    assert Sureness.from_json(None) == Sureness()
    assert Sureness.from_json(Sureness(2.0, 0.5, 9).as_json()) == Sureness(2.0, 0.5, 9)


@quick
@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.booleans(), st.booleans()), min_size=1, max_size=30), st.randoms())
def test_the_order_of_texts_makes_no_difference_and_limits_hold(
    rows: list[tuple[float, bool, bool]], shuffling: object
) -> None:
    trials = [Trial([[(p ** (1 / t), hit)] for t in TEMPERATURES], [np.log(p)] * N, right) for p, hit, right in rows]
    found = fit(trials)
    shuffling.shuffle(trials)  # type: ignore[attr-defined]
    again = fit(trials)
    assert (found.temperature, found.power) == (again.temperature, again.power)
    assert TEMPERATURES[0] <= found.temperature <= TEMPERATURES[-1]
    assert POWERS[0] <= found.power <= POWERS[-1]


def test_who_is_too_sure_is_made_more_modest_of_spans_and_of_texts() -> None:
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.2, 0.95, 400)
    too_sure = truth**0.4  # as of a product over words whose mistakes come together, the other way round
    right = rng.random(400) < truth

    def trial(p: float, hit: bool) -> Trial:
        odds = np.log(p / (1 - p))
        spans = [[(float(1 / (1 + np.exp(-odds / t))), bool(hit))] for t in TEMPERATURES]
        return Trial(spans, [float(np.log(p))] * N, bool(hit))

    found = fit([trial(p, hit) for p, hit in zip(too_sure, right, strict=True)])
    assert found.temperature > 1.3
    assert found.power == pytest.approx(2.5, abs=0.5)


def test_texts_that_cannot_be_judged_have_no_say_in_the_power() -> None:
    known = [Trial([[]] * N, [-1.0] * N, False) for _ in range(50)]
    unknown = [Trial([[]] * N, [-1.0] * N, None) for _ in range(500)]
    assert fit(known).power == fit([*known, *unknown]).power > 2


@quick
@given(st.integers(1, 12), st.integers(1, 3), st.integers(0, 10_000))
def test_a_text_is_never_likelier_right_than_each_of_its_words(words: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    logp = log_softmax(rng.normal(size=(words, 1 + 2 * classes)).astype(np.float32))
    tags = np.where(rng.random(words) < 0.5, 0, 1 + 2 * rng.integers(0, classes, words))
    whole = Sureness().of_text(logp, tags)
    assert 0 <= whole <= np.exp(logp[np.arange(words), tags]).min() + 1e-6
    assert joint(logp, tags) == pytest.approx(float(logp[np.arange(words), tags].sum()), abs=1e-4)
    assert Sureness(power=0.5).of_text(logp, tags) == pytest.approx(whole**0.5, abs=1e-6)
    assert all(p >= whole - 1e-6 for *_span, p in spans_of(tags, logp) if len(tags) == 1)


def test_a_text_without_words_is_right_for_certain() -> None:
    assert Sureness().of_text(np.empty((0, 3), np.float32), np.empty(0, np.int64)) == 1.0
