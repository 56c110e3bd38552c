"""Texts as a tagger reads them: windows of tokens and back to words, none of them twice; and the cache of words."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.querying import words as worth
from core.reading import NO_WORD, Reading, Window, merged, read
from core.shapes import CODES, SHAPES, codes_of, shape_of
from core.word_store import WordStore, forget
from core.words import words
from tests import tiny

quick = settings(max_examples=60, deadline=None, database=None, derandomize=True)
odd = st.text(st.sampled_from("abc Z9!\té字👩\u200d👧\u0301\n"), max_size=60)


@pytest.fixture(scope="module")
def tokenizer() -> object:
    found = tiny.wordpiece()
    found.no_padding()
    found.enable_truncation(10, stride=2)
    return found


@quick
@given(texts=st.lists(odd, min_size=1, max_size=4))
def test_every_word_that_is_read_counts_once(tokenizer: object, texts: list[str]) -> None:
    for text, reading in zip(texts, read(tokenizer, texts, 5), strict=True):
        assert reading.words == words(text)
        # each token says the number of its word: the mean over a word's tokens is the word's own number again
        rows = [np.array([[float(o)] for o in w.owners], np.float32).reshape(-1, 1) for w in reading.windows]
        found = merged(reading, rows)
        assert len(found) <= len(reading.words)
        owners = {o for w in reading.windows for o in w.owners}
        for word, value in enumerate(found[:, 0].tolist()):
            assert value == word or word not in owners
        assert all(0 <= code < CODES for w in reading.windows for code in w.shapes)
        assert all((o == NO_WORD) == (c == 0) for w in reading.windows for o, c in zip(w.owners, w.shapes, strict=True))


def test_a_word_of_two_windows_is_as_the_one_says_in_which_it_lies_deeper() -> None:
    first = Window([1, 2, 3, 4], [NO_WORD, 0, 1, 2], [0, 0, 0, 0])
    second = Window([1, 4, 5, 6], [NO_WORD, 1, 2, NO_WORD], [0, 0, 0, 0])
    reading = Reading([(0, 1), (1, 2), (2, 3), (3, 4)], [first, second])
    rows = [np.full((4, 1), 1.0, np.float32), np.full((4, 1), 2.0, np.float32)]
    assert merged(reading, rows)[:, 0].tolist() == [1.0, 1.0, 2.0]  # the fourth word was not read


def test_shapes_tell_what_an_uncased_vocabulary_has_lost() -> None:
    said = ["word", "Word", "WORD", "W", "wOrD", "42", "B52", "!", "字"]
    assert [shape_of(word) for word in said] == list(range(1, SHAPES))
    text = "Anna 9!"
    before, own, after = 0, shape_of("Anna"), shape_of("9")
    assert codes_of(text, words(text))[0] == (before * SHAPES + own) * SHAPES + after


def test_a_long_text_is_asked_no_sooner_than_a_short_one_with_the_same_doubts() -> None:
    sure, unsure = [0.98, 0.01, 0.01], [0.5, 0.45, 0.05]
    short, long = [sure, unsure], [sure, unsure] * 20
    logp = np.log(np.array([*short, *long, *([sure] * 30)], np.float32))
    starts = np.array([0, 2, 42, 72])
    found = worth.doubts(logp, starts)
    assert found[0] == pytest.approx(found[1], rel=1e-4)
    assert found[2] < found[0]
    assert worth.class_probabilities(logp, np.array([0, 2, 2, 72]))[:, 0].tolist() == pytest.approx([0.45, 0.0, 0.45])


def test_texts_with_names_and_numbers_promise_more() -> None:
    texts = [
        ["the", "card", "is", "lost"],
        ["the", "card", "of", "Anna", "is", "lost"],
        ["the", "card", "is", "lost"],
    ] * 4
    found = worth.promise(texts)
    assert found[1] > found[0] == found[2]


def test_words_are_cached_and_half_an_append_is_forgotten(tmp_path: Path) -> None:
    store = WordStore(tmp_path, 3)
    assert (store.count, len(store.load().features)) == (0, 0)
    places = np.array([[0, 2], [3, 4]], np.int64)
    store.append([7], [places], [np.ones((2, 3), np.float32)])
    with (tmp_path / "words.f16").open("ab") as file:
        file.write(b"a kill came in between")
    store.append([9, 8], [places[:0], places], [np.zeros((0, 3)), np.full((2, 3), 2.0)])
    there = store.load()
    assert there.ids.tolist() == [7, 9, 8]
    assert [there.rows(i).stop - there.rows(i).start for i in range(3)] == [2, 0, 2]
    assert there.gather([2, 0])[:, 0].tolist() == [2.0, 2.0, 1.0, 1.0]
    assert there.places[there.rows(2)].tolist() == places.tolist()
    forget(tmp_path)
    assert (store.count, [path.name for path in tmp_path.iterdir()]) == (0, [])
    with pytest.raises(ValueError, match=r"\[\("):
        store.append([5], [places], [np.zeros((2, 4))])
