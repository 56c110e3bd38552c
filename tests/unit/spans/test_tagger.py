"""The tagger: what it is fitted on, what it leaves out, and how sure it is made."""

from pathlib import Path

import numpy as np
import pytest

from core.spans import Span
from core.tags import UNKNOWN
from core.tasks.spans import span_answer
from core.training import tagger
from core.training.spans import calibrated

PLACES = np.array([[0, 2], [3, 5], [6, 8], [9, 11]], np.int64)


def test_spans_become_tags_of_the_words_they_share_characters_with() -> None:
    answer = span_answer([Span(1, 4, 7), Span(9, 11, 9)])
    assert tagger.tags_for(answer, PLACES, (7, 9)).tolist() == [1, 2, 0, 3]
    partly = span_answer([Span(9, 11, 9)], complete=False)
    assert tagger.tags_for(partly, PLACES, (7, 9)).tolist() == [UNKNOWN, UNKNOWN, UNKNOWN, 3]
    nested = span_answer([Span(0, 8, 7), Span(3, 5, 9)])
    assert tagger.tags_for(nested, PLACES, (7, 9)).tolist() == [1, 2, 2, 0]
    assert tagger.tags_for(answer, PLACES[:0], (7, 9)).tolist() == []


def test_unknown_words_move_nothing_and_a_start_leads_to_the_same() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, (60, 5)).astype(np.float32)
    y = np.where(x[:, 0] > 0.3, 1, 0).astype(np.int64)
    plain = tagger.fit(x[:40], y[:40], (4,))
    masked = tagger.fit(x, np.where(np.arange(60) < 40, y, UNKNOWN), (4,))
    assert np.allclose(plain.weight, masked.weight, atol=1e-3)
    again = tagger.fit(x[:40], y[:40], (4,), plain)
    assert np.allclose(plain.log_probabilities(x), again.log_probabilities(x), atol=0.02)
    assert (plain.log_probabilities(x).argmax(axis=1) == y).mean() > 0.9
    assert np.exp(plain.log_probabilities(x))[:, 2].max() < 1e-3  # no word had the inside


def test_tempering_makes_a_tagger_modest_without_reviving_tags() -> None:
    x = np.eye(4, dtype=np.float32)[[0, 1, 0, 1]]
    made = tagger.fit(x, np.array([0, 1, 0, 1]), (4,))
    cool = tagger.tempered(made, 4.0)
    assert np.exp(cool.log_probabilities(x))[:, 2].max() < 1e-3
    sure, unsure = (np.exp(m.log_probabilities(x)).max(axis=1) for m in (made, cool))
    assert (unsure < sure).all()


def test_the_best_temperature_undoes_too_much_confidence() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 1, (4000, 3)).astype(np.float32)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    gold = (p.cumsum(axis=1) > rng.random((4000, 1))).argmax(axis=1)
    temperature, loss = calibrated([3 * logits], [gold])
    assert temperature == pytest.approx(3.0, rel=0.15)
    assert loss < 1.1
    assert calibrated([logits[:0]], [gold[:0]]) == (1.0, float("inf"))


def test_how_tags_follow_one_another_is_learnt_kept_and_decides(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    tags = [np.array([0, 1, 2, 0]), np.array([1, 2, 2, 0]), np.array([0, 0, 1, 2])]
    x = np.concatenate([np.eye(3, dtype=np.float32)[own] for own in tags]) + rng.normal(0, 0.6, (12, 3)).astype("f")
    made = tagger.fit_texts(x.astype(np.float32), tags, (4,))
    tagger.save(tmp_path, made, {})
    kept = tagger.load(tmp_path)
    assert kept.steps is not None
    assert np.array_equal(kept.steps, made.steps)  # type: ignore[arg-type]
    even = [np.log(np.array([[0.01, 0.98, 0.01], [0.02, 0.49, 0.49]], np.float32))]  # a span that goes on, or a second
    places = [PLACES[:2]]
    assert [one.span for one in tagger.found_in(kept, places, even)[0]] == [Span(0, 5, 4)]
