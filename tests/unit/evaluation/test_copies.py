"""Near-copies are found as if each text were compared with each, only sooner."""

from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.copies import ALIKE, near_copies, runs_of

quick = settings(max_examples=40, deadline=None, database=None, derandomize=True)

TEXTS = st.lists(st.text("ab c", min_size=1, max_size=14), min_size=0, max_size=12)


def slowly(texts: list[str], alike: float) -> set[tuple[int, int]]:
    runs = [runs_of(text) for text in texts]
    pairs = ((i, j) for j in range(len(texts)) for i in range(j))
    return {(i, j) for i, j in pairs if len(runs[i] & runs[j]) / len(runs[i] | runs[j]) >= alike - 1e-12}


@quick
@given(TEXTS, st.sampled_from([0.3, 0.5, ALIKE, 0.8, 1.0]))
def test_the_filter_leaves_out_no_pair_and_adds_none(texts: list[str], alike: float) -> None:
    found = near_copies(texts, lambda _one, _other: True, alike=alike)
    assert {(pair.one, pair.other) for pair in found} == slowly(texts, alike)
    assert [pair.alike for pair in found] == sorted((pair.alike for pair in found), reverse=True)


@quick
@given(TEXTS)
def test_pairs_with_the_same_answer_are_no_news(texts: list[str]) -> None:
    assert near_copies(texts, lambda _one, _other: False) == []
    odd = near_copies(texts, lambda one, other: (one + other) % 2 == 1)
    assert all((pair.one + pair.other) % 2 == 1 and pair.one < pair.other for pair in odd)


def test_case_punctuation_and_blanks_do_not_count_but_a_word_does() -> None:
    texts = ["How do I top up by cheque?", "how do i top-up by cheque", "How do I top up by card?", "My card is lost"]
    found = near_copies(texts, lambda _one, _other: True)
    assert next((pair.one, pair.other) for pair in found) == (0, 1)
    assert found[0].alike > found[-1].alike
    assert all(3 not in (pair.one, pair.other) for pair in found)


def test_texts_without_a_letter_are_alike_only_if_they_are_the_same() -> None:
    assert near_copies(["!!!", "???", "!!!", ""], lambda _one, _other: True)[0].alike == 1.0
    assert len(near_copies(["!!!", "???", "!!!", ""], lambda _one, _other: True)) == 1
