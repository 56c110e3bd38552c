"""When a round's model is kept."""

import math

from core.tasks.classify import CLASSIFY, ClassAnswer
from core.worker.verdict import Contender, Incumbent, Verdict, decide

GOLD = [ClassAnswer(1), ClassAnswer(2)] * 10
WRONG = [ClassAnswer(2), ClassAnswer(1)] * 10


def contender(right: int, loss: float) -> Contender:
    return Contender(GOLD[:right] + WRONG[right:], loss)


def verdict(tuned: Contender, plain: Contender, incumbent: Incumbent | None = None) -> Verdict:
    return decide(CLASSIFY, GOLD, tuned, plain, incumbent, [1, 2])


def test_a_model_that_is_better_is_kept_and_the_numbers_are_said() -> None:
    found = verdict(contender(18, 0.3), contender(12, 0.6))
    assert found.kept
    assert found.words == (
        "kept: out-of-fold accuracy 0.900 against 0.600 untuned, macro-F1 0.900 against 0.600,"
        " log loss 0.300 against 0.600 (20 labels)"
    )
    assert found.scores["accuracy"] == 0.9


def test_the_number_of_right_answers_alone_decides_nothing() -> None:
    assert verdict(contender(14, 0.4), contender(16, 0.5)).kept
    assert not verdict(contender(16, 0.5), contender(14, 0.4)).kept


def test_a_tie_leaves_things_as_they_are() -> None:
    assert not verdict(contender(16, 0.5), contender(16, 0.5)).kept


def test_M7_a_model_that_could_not_be_judged_is_not_kept() -> None:
    assert not verdict(Contender([None] * 20, math.inf), contender(12, 0.6)).kept


def test_M7_it_must_not_fall_behind_the_round_in_use_on_the_texts_both_were_judged_on() -> None:
    rows = range(10)
    assert verdict(contender(8, 0.3), contender(4, 0.6), Incumbent("round 1", 9, rows)).kept
    behind = verdict(contender(7, 0.3), contender(4, 0.6), Incumbent("round 1", 9, rows))
    assert not behind.kept
    assert "of 10 texts that both were judged on it answers 7 right, round 1 9" in behind.words
