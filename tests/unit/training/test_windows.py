"""Long texts: windows that cover every token, as the tokenizer's own post-processor wraps them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, processors

from core import tokenizing
from core.windows import Windows, firsts, means
from tests import tiny

LONG = "where is my refund please the router is slow and my account locked"


def template(tokenizer: Tokenizer) -> Tokenizer:
    """The same with the newer kind of post-processor, inside a sequence of two as LLaMA-like tokenizers have it."""
    single = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(), single])
    return tokenizer


def bare(tokenizer: Tokenizer) -> Tokenizer:
    """The same without any special tokens at the ends."""
    tokenizer.post_processor = processors.ByteLevel()
    return tokenizer


KINDS: dict[str, tuple[Callable[[], Tokenizer], list[int], list[int]]] = {
    "wordpiece": (tiny.wordpiece, [2], [3]),
    "byte-level": (tiny.byte_level, [0], [2]),
    "template": (lambda: template(tiny.wordpiece()), [2], [3]),
    "bare": (lambda: bare(tiny.byte_level()), [], []),
}
"""(tokenizer, tokens at the beginning of every window, tokens at its end)"""


@pytest.fixture(scope="module", params=sorted(KINDS))
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int], list[int]]:
    make, head, tail = KINDS[request.param]
    path = tmp_path_factory.mktemp("tokenizers") / "tokenizer.json"
    make().save(str(path))
    return path, head, tail


@given(words=st.integers(0, 60), length=st.integers(8, 30), most=st.integers(1, 5))
@settings(max_examples=60, deadline=None, database=None, derandomize=True)
def test_windows_cover_the_text_and_share_what_they_should(
    kind: tuple[Path, list[int], list[int]], words: int, length: int, most: int
) -> None:
    path, head, tail = kind
    windows = Windows.chosen(length, most)
    text = " ".join((LONG.split() * 5)[:words])
    whole = tokenizing.load(path, None).encode(text, add_special_tokens=False).ids
    (found,) = windows.cut(windows.tokenizer(path), [text])
    assert 1 <= len(found) <= most
    joined: list[int] = []
    for number, ids in enumerate(found):
        assert len(ids) <= length
        assert ids[: len(head)] == head
        assert ids[len(ids) - len(tail) :] == tail
        inside = ids[len(head) : len(ids) - len(tail)]
        shared = windows.overlap if number else 0
        assert inside[:shared] == joined[len(joined) - shared :]
        joined += inside[shared:]
    assert joined == whole[: len(joined)]
    reach = windows.reach(tokenizing.load(path, None))
    assert (len(joined) < len(whole)) == (len(whole) + len(head) + len(tail) > reach)
    assert len(found) == most or joined == whole


def test_an_eighth_is_shared_and_nothing_where_there_is_one_window() -> None:
    assert Windows.chosen(256, 4) == Windows(256, 4, 32)
    assert Windows.chosen(8, 4).overlap == 1
    assert Windows.chosen(256, 1) == Windows(256)


def test_how_texts_are_cut_is_written_down_and_read_again() -> None:
    assert Windows.of(Windows(64, 3, 8).as_json()) == Windows(64, 3, 8)
    assert Windows.of({"max_length": 64}) == Windows(64), "a space of an earlier version knew one window"


def test_means_are_over_each_texts_own_windows() -> None:
    rows = np.array([[1, 2], [3, 4], [5, 9], [7, 8]], np.float32)
    texts = [[[1]], [[2], [3]], [[4]]]
    assert means(rows, texts).tolist() == [[1, 2], [4, 6.5], [7, 8]]
    assert means(rows, texts).dtype == np.float32
    assert firsts(texts) == [[1], [2], [4]]
