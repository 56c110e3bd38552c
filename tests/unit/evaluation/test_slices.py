"""Errors by class, length, script and column: counts that add up, and marks that are no accident."""

import random
from collections import Counter
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.confused import confusions
from core.evaluation.slices import LENGTHS, Outcome, Part, is_wrong, parts, worse_by_chance
from core.evaluation.tipping import Tip, bag_of, counted, tipping
from core.script import script_of
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.tasks.multilabel import MULTILABEL, label_set

quick = settings(max_examples=40, deadline=None, database=None, derandomize=True)

NAMES = {1: "refund", 2: "login", 3: "speed"}
ANSWERS = st.sampled_from([ClassAnswer(c) for c in NAMES])
SETS = st.sets(st.sampled_from(list(NAMES))).map(label_set)
CELLS = st.none() | st.integers(-5, 40) | st.sampled_from(["web", "app", "", "2"]) | st.booleans() | st.floats()
METAS = st.fixed_dictionaries({}, optional={"channel": CELLS, "score": CELLS})


def outcomes_of(answers: st.SearchStrategy[object]) -> st.SearchStrategy[list[Outcome]]:
    row = st.tuples(st.text(max_size=60), METAS, answers, answers)
    return st.lists(row, max_size=40).map(lambda rows: [Outcome(i, *row) for i, row in enumerate(rows, 1)])


def by_kind(found: list[Part]) -> dict[tuple[str, str], list[Part]]:
    kinds: dict[tuple[str, str], list[Part]] = {}
    for part in found:
        kinds.setdefault((part.kind, part.of), []).append(part)
    return kinds


@quick
@given(outcomes_of(ANSWERS))
def test_every_kind_counts_each_text_once_at_most_and_each_error_with_it(outcomes: list[Outcome]) -> None:
    wrong = {o.example_id for o in outcomes if is_wrong(CLASSIFY, o)}
    for (kind, _of), mine in by_kind(parts(CLASSIFY, outcomes, NAMES, script_of)).items():
        behind = [i for part in mine for i in part.example_ids]
        assert len(behind) == len(set(behind))
        assert set(behind) <= wrong
        assert sum(part.n for part in mine) <= len(outcomes)
        if kind != "column":
            assert sum(part.n for part in mine) == len(outcomes)
            assert set(behind) == wrong
        for part in mine:
            assert len(part.example_ids) == part.wrong <= part.n
            assert part.rate is None or part.interval is None or part.interval[0] <= part.rate <= part.interval[1]
            assert 0 <= part.rest_wrong <= part.rest_n


@quick
@given(outcomes_of(SETS), st.randoms(use_true_random=False))
def test_the_order_of_the_texts_makes_no_difference_to_the_counts(
    outcomes: list[Outcome], order: random.Random
) -> None:
    def counted(some: list[Outcome]) -> Counter[tuple[object, ...]]:
        return Counter((p.kind, p.of, p.name, p.n, p.wrong) for p in parts(MULTILABEL, some, NAMES, script_of))

    mixed = list(outcomes)
    order.shuffle(mixed)
    fewer = {p.of for p in parts(MULTILABEL, outcomes, NAMES, script_of) if p.kind == "column"}
    if not fewer:  # ties among many values are broken by the order in which they come
        assert counted(outcomes) == counted(mixed)


@quick
@given(outcomes_of(SETS))
def test_confusions_name_every_wrong_text_and_no_right_one(outcomes: list[Outcome]) -> None:
    found = confusions(MULTILABEL, outcomes)
    assert {i for pair in found for i in pair.example_ids} == {
        o.example_id for o in outcomes if is_wrong(MULTILABEL, o)
    }
    for pair in found:
        assert 0 < pair.n == len(pair.example_ids) <= pair.of
        assert pair.gold != pair.answered


@quick
@given(outcomes_of(ANSWERS))
def test_with_one_class_a_text_confusions_are_the_cells_off_the_diagonal(outcomes: list[Outcome]) -> None:
    cells = Counter((o.gold.class_id, o.predicted.class_id) for o in outcomes if o.gold != o.predicted)
    assert {(pair.gold, pair.answered): pair.n for pair in confusions(CLASSIFY, outcomes)} == dict(cells)


@quick
@given(st.integers(1, 12), st.integers(0, 12), st.integers(1, 12), st.integers(0, 12))
def test_the_exact_test_is_the_hypergeometric_tail(n: int, wrong: int, rest_n: int, rest_wrong: int) -> None:
    wrong, rest_wrong = min(wrong, n), min(rest_wrong, rest_n)
    errors, total = wrong + rest_wrong, n + rest_n
    tail = sum(comb(n, k) * comb(rest_n, errors - k) for k in range(wrong, min(n, errors) + 1)) / comb(total, errors)
    assert worse_by_chance(wrong, n, rest_wrong, rest_n) == pytest.approx(tail)


def _world(bad: float, n: int = 200) -> list[Outcome]:
    """Texts from two channels, one of which is answered wrongly so often; a tenth of the other is."""
    rng = random.Random(7)
    found = []
    for i in range(n):
        channel = "app" if i % 2 else "web"
        missed = rng.random() < (bad if channel == "app" else 0.1)
        gold = ClassAnswer(1 + i % 3)
        answered = ClassAnswer(1 + (i + missed) % 3)
        found.append(Outcome(i + 1, "x" * (10 + i % 7), {"channel": channel, "id": str(i)}, gold, answered))
    return found


def test_a_part_that_is_worse_beyond_chance_stands_out_and_others_do_not() -> None:
    marked = [p.name for p in parts(CLASSIFY, _world(0.4), NAMES, script_of) if p.stands_out]
    assert marked == ["app"]
    assert not any(p.stands_out for p in parts(CLASSIFY, _world(0.1), NAMES, script_of))


def test_too_few_texts_are_never_marked() -> None:
    few = _world(1.0, 30)
    assert not any(p.stands_out for p in parts(CLASSIFY, few, NAMES, script_of) if p.n < 20)
    assert all(not p.enough for p in parts(CLASSIFY, few, NAMES, script_of) if p.kind == "column" and p.n < 20)


def test_numbers_that_hardly_repeat_are_cut_into_quarters() -> None:
    found = [p for p in parts(CLASSIFY, _world(0.2), NAMES, script_of) if p.of == "id"]
    assert [p.n for p in found] == [50, 50, 50, 50]
    assert found[0].name == "≤ 49"
    assert found[-1].name == "> 149"


def test_lengths_are_bands_in_their_order() -> None:
    outcomes = [Outcome(i, "x" * n, {}, ClassAnswer(1), ClassAnswer(2)) for i, n in enumerate((5, *LENGTHS, 9000), 1)]
    found = [p for p in parts(CLASSIFY, outcomes, NAMES, script_of) if p.kind == "length"]
    assert [p.name for p in found][:3] == ["0–20", "21–40", "41–80"]
    assert found[-1].name == "1281–"


def tipped(confused: list[str], right: list[str]) -> list[Tip]:
    one, other = ([bag_of(text) for text in texts] for texts in (confused, right))
    return tipping(one, other, counted([*one, *other]))


def test_the_word_that_only_confused_texts_have_tips_and_common_words_do_not() -> None:
    right = [f"the card is lost in {place}" for place in ("rome", "oslo", "bonn", "lima", "kyiv", "riga")]
    confused = [f"the card is swallowed in {place}" for place in ("nice", "graz", "bern")]
    found = tipped(confused, right)
    assert [tip.word for tip in found] == ["swallowed"]
    assert (found[0].n, found[0].right) == (3, 0)


@quick
@given(st.lists(st.text("ab ", max_size=8), max_size=8), st.lists(st.text("ab ", max_size=8), max_size=8))
def test_words_that_tip_come_in_two_confused_texts_at_least(confused: list[str], right: list[str]) -> None:
    for tip in tipped(confused, right):
        assert 2 <= tip.n <= len(confused)
        assert 0 <= tip.right <= len(right)
        assert tip.z > 0
