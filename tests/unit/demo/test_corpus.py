"""The embedded corpus is what its README says."""

import json
from collections import Counter

import pytest

from core.demo import CLASSES, CORPUS, corpus
from core.importing import labels_file
from tests import corpus_figures

INTENTS = {"delivery", "charge", "refund", "fault", "access", "cancel", "advice", "feedback"}
TYPES = {"order_number", "date", "amount", "product", "person", "place"}
TAGS = {"urgent", "angry", "refund_asked", "repeat_contact", "two_wishes", "threatens_to_leave", "thanks"}


def test_it_is_large_enough_small_enough_and_one_in_eight_is_chinese() -> None:
    assert len(corpus()) >= 600
    assert CORPUS.stat().st_size < 1_000_000
    assert sum(item.lang == "zh" for item in corpus()) * 8 == len(corpus())


def test_no_text_occurs_twice() -> None:
    assert len({item.text for item in corpus()}) == len(corpus())


def test_every_intent_tag_and_type_is_one_of_the_described() -> None:
    assert {item.intent for item in corpus()} == INTENTS
    assert {tag for item in corpus() for tag in item.tags} == TAGS
    assert {span["label"] for item in corpus() for span in item.spans} == TYPES
    assert {found.name for found in labels_file.parse(str(CLASSES))} == INTENTS


def test_every_span_quotes_its_slice_and_none_overlap() -> None:
    for item in corpus():
        end = 0
        for span in item.spans:
            assert item.text[span["start"] : span["end"]] == span["text"]
            assert span["start"] >= end, item.text
            end = span["end"]


def test_subjects_are_one_short_line() -> None:
    assert all(0 < len(item.subject) <= 60 and "\n" not in item.subject for item in corpus())


def test_a_third_of_each_intent_is_held_out_in_both_languages() -> None:
    cells = Counter((item.lang, item.intent, item.split) for item in corpus())
    for lang, intent in {(item.lang, item.intent) for item in corpus()}:
        share = cells[lang, intent, "test"] / (cells[lang, intent, "test"] + cells[lang, intent, "pool"])
        assert share == pytest.approx(1 / 3, abs=0.12)


def test_no_six_words_in_a_row_occur_in_more_than_three_texts() -> None:
    assert corpus_figures.most_shared_gram()[0] <= 3


def test_texts_differ_and_a_few_labels_are_worth_something_but_not_all() -> None:
    vectors = corpus_figures.embedded()
    assert corpus_figures.largest_cosine(vectors)[0] <= 0.92
    found = corpus_figures.accuracies(vectors)
    assert 0.50 <= sum(found) / len(found) <= 0.80


def test_the_readme_states_the_size() -> None:
    readme = CORPUS.with_name("README.md").read_text(encoding="utf-8")
    assert str(len(corpus())) in readme
    assert all(json.loads(line)["id"] for line in CORPUS.read_text(encoding="utf-8").splitlines())
