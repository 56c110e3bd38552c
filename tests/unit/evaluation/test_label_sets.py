"""Numbers about sets of labels, against scikit-learn; and average precision for every task."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.collect import collect
from core.evaluation.ranking import average_precision, by_class
from core.evaluation.report import Report, reports
from core.records import Evaluation
from core.tasks.multilabel import MULTILABEL, LabelSet, label_set

NAMES = {1: "angry", 2: "urgent", 4: "thanks", 7: "two wishes"}
quick = settings(max_examples=40, deadline=None, database=None, derandomize=True)
sets = st.frozensets(st.sampled_from(sorted(NAMES))).map(label_set)
judged = st.lists(st.tuples(sets, sets), min_size=1, max_size=40)


def report(rows: list[tuple[LabelSet, LabelSet]]) -> Report:
    cells = collect(MULTILABEL, ((gold, said, "") for gold, said in rows))
    return reports(MULTILABEL, Evaluation("head", "test", 1, cells), NAMES)[0]


def matrix(answers: list[LabelSet]) -> "np.ndarray":
    return np.array([[c in answer.class_ids for c in sorted(NAMES)] for answer in answers], int)


@quick
@given(judged)
def test_scikit_learn_finds_the_same(rows: list[tuple[LabelSet, LabelSet]]) -> None:
    from sklearn.metrics import (
        accuracy_score,
        f1_score,
        precision_recall_fscore_support,
        precision_score,
        recall_score,
    )

    gold, said = matrix([g for g, _s in rows]), matrix([s for _g, s in rows])
    found = report(rows)
    assert found.n == len(rows)
    assert found.accuracy == pytest.approx(accuracy_score(gold, said))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precision, recall, f1, support = precision_recall_fscore_support(gold, said, zero_division=np.nan)
        micro = f1_score(gold, said, average="micro", zero_division=np.nan)
        samples = f1_score(gold, said, average="samples", zero_division=1.0)
    ours = [[np.nan if x is None else x for x in (c.precision, c.recall, c.f1)] for c in found.classes]
    assert np.allclose(np.array(ours).T, [precision, recall, f1], equal_nan=True)
    assert [c.support for c in found.classes] == support.tolist()
    assert found.means["samples_f1"].value == pytest.approx(samples)
    assert (np.nan if found.micro_f1 is None else found.micro_f1) == pytest.approx(micro, nan_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for score, ours_too in ((precision_score, found.micro_precision), (recall_score, found.micro_recall)):
            theirs = score(gold, said, average="micro", zero_division=np.nan)
            assert (np.nan if ours_too is None else ours_too) == pytest.approx(theirs, nan_ok=True)
    seen = [x for x in f1 if not np.isnan(x)]
    assert found.macro_f1 == (pytest.approx(np.mean(seen)) if seen else None)


@quick
@given(judged)
def test_every_number_lies_in_its_interval(rows: list[tuple[LabelSet, LabelSet]]) -> None:
    found = report(rows)
    pairs = [
        (found.accuracy, found.accuracy_interval),
        (found.macro_f1, found.macro_f1_interval),
        (found.micro_f1, found.micro_f1_interval),
        (found.micro_precision, found.micro_precision_interval),
        (found.micro_recall, found.micro_recall_interval),
        (found.means["samples_f1"].value, found.means["samples_f1"].interval),
    ]
    for value, interval in pairs:
        assert (value is None) == (interval is None)
        if value is not None and interval is not None:
            assert 0.0 <= interval[0] <= value + 1e-9
            assert value - 1e-9 <= interval[1] <= 1.0


@quick
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.5, 0.9])), min_size=2, max_size=40))
def test_average_precision_is_scikit_learn_s(rows: list[tuple[bool, float]]) -> None:
    from sklearn.metrics import average_precision_score

    belongs, scores = np.array([b for b, _s in rows]), np.array([s for _b, s in rows])
    found = average_precision(belongs, scores)
    if 0 < belongs.sum() < len(belongs):
        assert found == pytest.approx(average_precision_score(belongs, scores))
    else:
        assert found is None


def test_a_class_the_head_did_not_know_ranks_last() -> None:
    scored = [((1,), np.array([0.9], np.float32)), ((1, 2), np.array([0.1, 0.8], np.float32))]
    assert by_class([(1,), (2,)], scored) == {1: 1.0, 2: 1.0}
    assert by_class([(2,), (1,)], scored) == {1: 0.5, 2: 0.5}


def test_a_report_takes_average_precision_for_the_whole_only() -> None:
    cells = collect(MULTILABEL, [(LabelSet((1,)), LabelSet((1,)), "lang=en")])
    whole, part = reports(MULTILABEL, Evaluation("head", "test", 1, cells), NAMES, {1: 0.75})
    assert [c.average_precision for c in whole.classes] == [0.75, None, None, None]
    assert {c.average_precision for c in part.classes} == {None}
