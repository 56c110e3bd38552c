"""Numbers about marked spans: equal to seqeval's where both have them, and what seqeval does not have."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2

from core.evaluation.report import reports
from core.evaluation.spans import KINDS, RATIOS
from core.records import ClassCounts, Evaluation
from core.spans import Span, apart
from core.tags import UNKNOWN, best_tags, log_softmax, score_of, spans_of, steps_of, tag_count, tags_of
from core.tasks.spans import SPANS, SpanAnswer, span_answer

CLASSES = (3, 5, 8)
STEPS = np.random.default_rng(4).normal(0, 1.5, (7, 3))
WORDS = 12
quick = settings(max_examples=60, deadline=None, database=None, derandomize=True)
spans = st.lists(
    st.builds(
        lambda a, n, c: Span(a, min(WORDS, a + n), c), st.integers(0, 11), st.integers(1, 4), st.sampled_from(CLASSES)
    ),
    max_size=5,
)
answers = spans.map(lambda found: span_answer(apart(found)))
pairs_of_texts = st.lists(st.tuples(answers, answers), min_size=1, max_size=6)


def bio(answer: SpanAnswer) -> list[str]:
    """Words are one character long here."""
    tags = ["O"] * WORDS
    for span in answer.spans:
        tags[span.start : span.end] = [f"B-{span.label}"] + [f"I-{span.label}"] * (span.end - span.start - 1)
    return tags


@quick
@given(pairs_of_texts)
def test_exact_numbers_are_those_of_seqeval(texts: list[tuple[SpanAnswer, SpanAnswer]]) -> None:
    cells: dict[tuple[int, ...], int] = {}
    for gold, predicted in texts:
        for cell, n in SPANS.compare(gold, predicted).items():
            cells[cell] = cells.get(cell, 0) + n
    counts = sum(SPANS.class_counts(cells, CLASSES), ClassCounts(0))
    gold, predicted = ([bio(text[i]) for text in texts] for i in (0, 1))
    options = {"mode": "strict", "scheme": IOB2, "zero_division": 0}
    assert (counts.f1 or 0.0) == pytest.approx(f1_score(gold, predicted, **options))
    assert (counts.precision or 0.0) == pytest.approx(precision_score(gold, predicted, **options))
    assert (counts.recall or 0.0) == pytest.approx(recall_score(gold, predicted, **options))


@quick
@given(answers, answers)
def test_every_pair_is_of_one_kind_and_partial_credit_lies_between(gold: SpanAnswer, predicted: SpanAnswer) -> None:
    (cell,) = SPANS.compare(gold, predicted)
    kinds = {name: of_text(cell) for name, of_text in KINDS.items()}
    assert sum(kinds.values()) == len(cell) // 3
    met = sum(kinds.values()) - kinds["missed"] - kinds["spurious"]
    assert met + kinds["missed"] == len(gold.spans)
    assert met + kinds["spurious"] == len(predicted.spans)
    above, below = RATIOS["partial_f1"](cell)
    assert 2 * kinds["right"] <= above <= below == len(gold.spans) + len(predicted.spans)
    assert RATIOS["ends_f1"](cell)[0] == 2 * (kinds["right"] + kinds["wrong_class"])


def test_a_report_has_them_with_intervals_over_texts() -> None:
    right, ends, nothing = (3, 3, 2), (3, 3, 1), (5, 0, 0)
    counts = {"": {right: 30, ends: 6, nothing: 4, (): 10}}
    names = {3: "person", 5: "place", 8: "date"}
    (report,) = reports(SPANS, Evaluation("head", "test", 1, counts), names)
    assert (report.n, report.accuracy) == (50, 40 / 50)
    assert report.micro_f1 == pytest.approx(2 * 30 / (40 + 36))
    assert report.ratios["partial_f1"].value == pytest.approx(2 * 33 / (40 + 36))
    low, high = report.ratios["partial_f1"].interval
    assert low < report.ratios["partial_f1"].value < high
    assert report.kinds == {
        "right": 30, "wrong_ends": 6, "wrong_class": 0, "wrong_both": 0, "missed": 4, "spurious": 0,
    }  # fmt: skip


@quick
@given(answers)
def test_tags_lead_back_to_their_spans(answer: SpanAnswer) -> None:

    number = {c: k for k, c in enumerate(CLASSES)}
    said = [(s.start, s.end - 1, number[s.label]) for s in answer.spans]
    tags = tags_of(said, WORDS, complete=True)
    logp = log_softmax(8.0 * np.eye(tag_count(3), dtype=np.float32)[tags])
    (found,) = best_tags([logp])
    assert np.array_equal(found, tags)
    assert [(a, b, k) for a, b, k, _p in spans_of(found, logp)] == sorted(said)
    assert all(0.5 < p <= 1 for *_span, p in spans_of(found, logp))


def test_an_inside_never_stands_without_its_begin() -> None:

    rng = np.random.default_rng(0)
    logp = [log_softmax(rng.normal(0, 3, (rng.integers(0, 9), 7)).astype(np.float32)) for _ in range(300)]
    for tags, own in zip(best_tags(logp, STEPS), logp, strict=True):
        before = [0, *tags.tolist()]
        assert all(t == 0 or t % 2 or before[i] in {t, t - 1} for i, t in enumerate(tags.tolist()))
        if 0 < len(own) < 5:  # the best of all allowed ways, by trying them
            assert score(own, tags.tolist()) == pytest.approx(max(score(own, way) for way in ways(len(own))), abs=1e-4)


def score(logp: object, tags: list[int]) -> float:
    found = float(sum(logp[i][t] for i, t in enumerate(tags)))  # type: ignore[index]
    around = [0, *tags, 0]
    return found + sum(STEPS[a, 0 if b == 0 else 1 if b % 2 else 2] for a, b in itertools.pairwise(around))


def test_what_is_made_large_is_what_is_counted() -> None:
    logp = log_softmax(np.random.default_rng(1).normal(0, 1, (6, 7)).astype(np.float32))
    for tags in ([0, 1, 2, 2, 0, 3], [5, 6, 1, 3, 4, 0], [0] * 6):
        assert score_of(logp, np.array(tags), STEPS) == pytest.approx(score(logp, tags))
        assert score_of(logp, np.array(tags)) == pytest.approx(float(logp[range(6), tags].sum()))
    assert score_of(logp[:0], np.array([], np.int64), STEPS) == 0.0


def test_a_text_has_the_same_tags_whatever_is_decoded_beside_it() -> None:
    rng = np.random.default_rng(2)
    logp = [log_softmax(rng.normal(0, 1, (n, 7)).astype(np.float32)) for n in (1, 3, 9, 20, 4, 4)]
    alone = [best_tags([one], STEPS)[0] for one in logp]
    assert all(np.array_equal(a, b) for a, b in zip(best_tags(logp, STEPS), alone, strict=True))


def test_steps_are_worth_how_much_more_often_they_are_than_anywhere() -> None:
    apart_ones, side_by_side = [np.array([1, 0, 1, 2, 0, 0, 1, 0])], [np.array([1, 1, 2, 1, 1, 0])]
    rare, usual = (steps_of(tags, 5) for tags in (apart_ones, side_by_side))
    assert rare[1, 1] < -0.1 < usual[1, 1]
    assert rare[1, 2] > 0.0  # a begin goes on more often than an inside comes anywhere
    assert (rare[3] != rare[1]).any()
    assert np.isfinite(rare).all()
    assert not steps_of([np.array([1, UNKNOWN, 0])], 5).any()
    assert not steps_of([], 5).any()


def ways(n: int) -> list[list[int]]:
    found: list[list[int]] = [[]]
    for _ in range(n):
        found = [[*way, t] for way in found for t in range(7) if t == 0 or t % 2 or (way and way[-1] in {t, t - 1})]
    return found


@quick
@given(pairs_of_texts)
def test_kinds_of_mistakes_by_class_add_up_to_all(texts: list[tuple[SpanAnswer, SpanAnswer]]) -> None:
    cells: dict[tuple[int, ...], int] = {}
    for gold, predicted in texts:
        for cell, n in SPANS.compare(gold, predicted).items():
            cells[cell] = cells.get(cell, 0) + n
    names = {c: str(c) for c in CLASSES}
    (report,) = reports(SPANS, Evaluation("head", "test", 1, {"": cells}), names)
    for kind, n in report.kinds.items():
        assert sum(c.kinds[kind] for c in report.classes) == n
    for one in report.classes:
        marked = sum(n for kind, n in one.kinds.items() if kind != "spurious")
        assert marked == one.support
        assert one.kinds["right"] == sum(
            span.label == one.class_id for g, p in texts for span in {*g.spans} & {*p.spans}
        )
