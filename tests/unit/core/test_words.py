"""Words and what snaps to them."""

import itertools

import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from core.words import snapped, words

quick = settings(max_examples=200, deadline=None, database=None, derandomize=True)
odd = st.text(st.sampled_from("ab9_é\u0301\u200d\ufe0f👩👧🇩🇪北京กำนमस\u094d्ते\u0600של\u202e .,\t\n-'"), max_size=30)


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in words(text)]


def test_words_are_runs_or_single_characters() -> None:
    assert cut("Anna O'Neil, 3.5 a_b") == ["Anna", "O", "'", "Neil", ",", "3", ".", "5", "a_b"]
    assert cut("去北京 9点") == ["去", "北", "京", "9", "点"]
    assert cut("👩‍👩‍👧 e\u0301clair नमस्ते") == ["👩‍👩‍👧", "e\u0301clair", "नमस्ते"]


@quick
@given(odd)
def test_words_hold_all_that_is_visible_and_part_no_cluster(text: str) -> None:
    found = words(text)
    assert all(a < b for a, b in found)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(found))
    gaps = [*text]
    for start, end in found:
        gaps[start:end] = [""] * (end - start)
    assert not "".join(gaps).strip()
    clusters = [match.start() for match in regex.finditer(r"\X", text)] + [len(text)]
    assert {edge for word in found for edge in word} <= {*clusters}


@quick
@given(odd, st.integers(0, 29), st.integers(1, 10))
def test_snapping_grows_to_whole_words_and_does_not_move_twice(text: str, start: int, length: int) -> None:
    start, end = min(start, len(text)), min(start + length, len(text))
    found = snapped(text, start, end)
    assert snapped(text, *found) == found
    inside = [w for w in words(text) if w[0] < end and start < w[1]]
    assert found == ((inside[0][0], inside[-1][1]) if inside else (start, end))


def test_snapping() -> None:
    assert snapped("flew to Beijing, now", 9, 11) == (8, 15)
    assert snapped("flew to Beijing, now", 7, 16) == (8, 16)
    assert snapped("a  b", 1, 3) == (1, 3)
