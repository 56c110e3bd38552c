"""What people read: every number with its n, its interval and its source."""

import json

import pytest

from core.evaluation.intervals import ENOUGH, wilson
from core.evaluation.report import Report, reports
from core.records import Evaluation
from core.tasks.classify import CLASSIFY

NAMES = {1: "refund", 2: "login", 3: "speed"}


def report(cells: dict[tuple[int, ...], int]) -> Report:
    return reports(CLASSIFY, Evaluation("round 3", "audit", 5, {"": cells}), NAMES)[0]


@pytest.mark.parametrize(("n", "enough"), [(ENOUGH - 1, False), (ENOUGH, True)])
def test_below_twenty_texts_it_says_too_few_and_keeps_the_numbers(n: int, enough: bool) -> None:
    found = report({(1, 1): n - 4, (2, 1): 4})
    assert ENOUGH == 20
    assert found.enough is enough
    assert found.accuracy == (n - 4) / n
    assert found.accuracy_interval == wilson(n - 4, n)


def test_each_number_comes_with_an_interval_around_it() -> None:
    found = report({(1, 1): 12, (1, 2): 3, (2, 2): 9, (2, 1): 1})
    assert found.n == 25
    pairs = [(found.accuracy, found.accuracy_interval), (found.macro_f1, found.macro_f1_interval)]
    for c in found.classes[:2]:
        pairs += [(c.precision, c.precision_interval), (c.recall, c.recall_interval), (c.f1, c.f1_interval)]
    for value, interval in pairs:
        assert value is not None
        assert interval is not None
        assert 0.0 <= interval[0] <= value <= interval[1] <= 1.0
        assert interval[0] < interval[1]


def test_a_class_nobody_met_has_no_numbers() -> None:
    unseen = report({(1, 1): 12, (2, 2): 9}).classes[2]
    assert (unseen.name, unseen.support) == ("speed", 0)
    assert {unseen.precision, unseen.precision_interval, unseen.recall, unseen.recall_interval, unseen.f1} == {None}


def test_precision_and_recall_are_judged_by_what_each_is_a_share_of() -> None:
    refund = report({(1, 1): 12, (1, 2): 3, (2, 1): 6, (2, 2): 9}).classes[0]
    assert (refund.precision, refund.precision_interval) == (12 / 18, wilson(12, 18))
    assert (refund.recall, refund.recall_interval) == (12 / 15, wilson(12, 15))


def test_nothing_judged_is_no_number_at_all() -> None:
    found = report({})
    assert (found.n, found.enough) == (0, False)
    assert {found.accuracy, found.accuracy_interval, found.macro_f1, found.macro_f1_interval} == {None}


def test_a_report_is_plain_json() -> None:
    found = report({(1, 1): 12, (2, 1): 9})
    back = json.loads(json.dumps(found.as_json()))
    assert back["source"] == "audit"
    assert back["classes"][0]["recall"] == 1.0
