"""Counting: what must hold for any answers, and agreement with scikit-learn on the numbers both know."""

import random
import warnings
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.collect import collect, slice_of
from core.evaluation.report import macro_f1, reports
from core.records import ClassCounts, Evaluation
from core.tasks.classify import CLASSIFY, ClassAnswer

NAMES = {1: "refund", 2: "login", 4: "speed", 7: "else"}
Judged = list[tuple[int, int, str]]

classes = st.sampled_from(sorted(NAMES))
judged = st.lists(st.tuples(classes, classes, st.sampled_from(["", "lang=en", "lang=zh"])), max_size=60)
quick = settings(max_examples=60, deadline=None, database=None, derandomize=True)


def cells_of(rows: Judged) -> dict[str, dict[tuple[int, ...], int]]:
    return collect(CLASSIFY, ((ClassAnswer(g), ClassAnswer(p), part) for g, p, part in rows))


def per_class(cells: dict[tuple[int, ...], int]) -> dict[int, ClassCounts]:
    return {c.class_id: c for c in CLASSIFY.class_counts(cells, sorted(NAMES))}


@quick
@given(judged)
def test_all_is_the_sum_of_its_slices(rows: Judged) -> None:
    counts = cells_of(rows)
    parts = Counter[tuple[int, ...]]()
    for part, cells in counts.items():
        if part:
            parts.update(cells)
    parts.update(cells_of([(g, p, "") for g, p, part in rows if not part])[""])
    assert parts == counts[""]
    assert sum(counts[""].values()) == len(rows)


@quick
@given(judged, st.randoms(use_true_random=False))
def test_the_order_of_texts_does_not_matter(rows: Judged, shuffler: random.Random) -> None:
    shuffled = list(rows)
    shuffler.shuffle(shuffled)
    assert cells_of(shuffled) == cells_of(rows)


@quick
@given(judged, judged)
def test_class_counts_of_two_lots_add_up(one: Judged, two: Judged) -> None:
    first, second, both = (per_class(cells_of(rows)[""]) for rows in (one, two, one + two))
    assert {c: first[c] + second[c] for c in NAMES} == both


@quick
@given(judged)
def test_ratios_are_shares_and_none_only_where_nothing_was_counted(rows: Judged) -> None:
    for c in per_class(cells_of(rows)[""]).values():
        assert c.support == sum(g == c.class_id for g, _p, _s in rows)
        assert (c.recall is None) == (c.support == 0)
        assert (c.precision is None) == (not any(p == c.class_id for _g, p, _s in rows))
        assert (c.f1 is None) == (c.recall is None and c.precision is None)
        assert all(0.0 <= x <= 1.0 for x in (c.precision, c.recall, c.f1) if x is not None)


@settings(quick, max_examples=40)
@given(judged.filter(bool))
def test_scikit_learn_counts_the_same(rows: Judged) -> None:
    from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

    gold, predicted = [g for g, _p, _s in rows], [p for _g, p, _s in rows]
    cells, ids = cells_of(rows)[""], sorted(NAMES)
    matrix = confusion_matrix(gold, predicted, labels=ids)
    assert [[cells.get((g, p), 0) for p in ids] for g in ids] == matrix.tolist()
    assert CLASSIFY.correct(cells) / len(rows) == pytest.approx(accuracy_score(gold, predicted))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about classes that never occur
        precision, recall, f1, support = precision_recall_fscore_support(
            gold, predicted, labels=ids, zero_division=np.nan
        )
        macro = f1_score(gold, predicted, average="macro")
    ours = [per_class(cells)[c] for c in ids]
    for theirs, mine in ((precision, "precision"), (recall, "recall"), (f1, "f1")):
        said = [getattr(c, mine) for c in ours]
        assert [np.nan if x is None else x for x in said] == pytest.approx(theirs.tolist(), nan_ok=True)
    assert [c.support for c in ours] == support.tolist()
    assert macro_f1(ours) == pytest.approx(macro)


def test_macro_f1_is_over_the_classes_that_occur_or_were_predicted() -> None:
    counts = [ClassCounts(1, tp=3, fp=1), ClassCounts(2, fn=1), ClassCounts(4)]
    assert macro_f1(counts) == pytest.approx((6 / 7 + 0.0) / 2)
    assert macro_f1([ClassCounts(4)]) is None


def test_the_whole_is_reported_first_then_slices_by_name() -> None:
    rows = [(1, 1, "lang=zh"), (1, 2, "lang=en"), (2, 2, "lang=en")]
    found = reports(CLASSIFY, Evaluation("head", "test", 9, cells_of(rows)), NAMES)
    assert [(r.slice, r.n) for r in found] == [("", 3), ("lang=en", 2), ("lang=zh", 1)]
    assert {(r.subject, r.source) for r in found} == {("head", "test")}


@pytest.mark.parametrize(
    ("meta", "column", "said"),
    [({"lang": "zh"}, "lang", "lang=zh"), ({"lang": "zh"}, "", ""), ({}, "lang", ""), ({"n": 3}, "n", "n=3")],
)
def test_a_slice_is_a_column_and_its_value(meta: dict[str, object], column: str, said: str) -> None:
    assert slice_of(meta, column) == said
