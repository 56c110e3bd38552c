"""Terms and expressions that suggest spans: what they find, what they refuse, and that they end in time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.connection import Connection
from core.errors import InputError
from core.patterns import parsed, with_term
from core.store import acts, patterns
from core.tasks.classify import Classify
from tests.hostile import PIECES, texts
from tui.spans.steps import steps

RULES = r"""
# places
[place]
Berlin
new york
北京
[code]
/\bD-\d{5}\b/
/order (\d+)/
\/etc/
"""


def found(rules: str, text: str) -> list[tuple[str, str, str]]:
    return [(text[g.span.start : g.span.end], g.span.label, g.source) for g in parsed(rules).guesses(text)]


def test_terms_are_whole_words_and_expressions_mean_their_group() -> None:
    text = "Berliner in Berlin, NEW YORK, New York and berlin: D-12345, order 77; 我在北京 /etc/"
    assert found(RULES, text) == [
        ("Berlin", "place", "gazetteer"),
        ("NEW YORK", "place", "gazetteer"),
        ("New York", "place", "gazetteer"),
        ("D-12345", "code", "pattern"),
        ("77", "code", "pattern"),
        ("北京", "place", "gazetteer"),
        ("/etc/", "code", "gazetteer"),
    ]


@pytest.mark.parametrize("term", ["Berlin", "#tag", "/etc/", "[x]", "\\back", "two  words"])
def test_a_term_that_is_added_is_found(term: str) -> None:
    rules = with_term(with_term("", "a", "Paris"), "b", term)
    assert found(rules, f"in {' '.join(term.split())} now") == [(" ".join(term.split()), "b", "gazetteer")]


def test_a_suggestion_has_its_source_and_no_probability() -> None:
    (guess,) = parsed("[place]\nBerlin").guesses("Berlin")
    assert guess.probability is None


def test_the_longest_goes_first_and_nothing_overlaps() -> None:
    rules = "[a]\nNew York\n[b]\nNew York City\n[c]\n/York \\w+ Hall/"
    assert found(rules, "New York City Hall") == [("New York City", "b", "gazetteer")]


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ("Berlin", "Line 1 can't be taken: no class stands above it."),
        ("[a]\n/(/", "Line 2 can't be taken: missing )"),
        ("[a]\n/" + "x" * 1001 + "/", "more than 1000 characters"),
        ("[a]\n" + "/x/\n" * 201, "more than 200 regular expressions"),
        ("x" * 2_000_001, "longer than 2,000,000"),
    ],
)
def test_what_can_not_be_taken_is_told_with_its_line(rules: str, why: str) -> None:
    with pytest.raises(InputError) as refused:
        parsed(rules)
    assert why in refused.value.title


def test_an_expression_that_would_run_for_ever_is_left_out_and_others_still_count() -> None:
    rules = "[a]\nBerlin\n[b]\n/(a|aa|a?)+$/\n/(x+x+)+y/"
    text = "Berlin " + "a" * 5000 + "! " + "x" * 5000
    assert found(rules, text)[0] == ("Berlin", "a", "gazetteer")


@settings(max_examples=150, deadline=None)
@given(texts, st.sampled_from(PIECES), st.sampled_from([r"\w+", r".", r"\s*", "e", r"\X\X", r"(?<=.)\p{L}+", ""]))
def test_what_is_suggested_lies_between_characters_and_can_be_seen(text: str, term: str, expression: str) -> None:
    rules = "[a]\n" + (" ".join(term.split()) or "x") + f"\n/{expression}/"
    try:
        guesses = parsed(rules).guesses(text)
    except InputError:
        return
    edges = {0, *(end for _start, end in steps(text).graphemes)}
    for guess in guesses:
        assert {guess.span.start, guess.span.end} <= edges
        assert text[guess.span.start : guess.span.end].strip()


def test_the_patterns_of_a_project_are_an_act_like_others(con: Connection, task: Classify) -> None:
    assert patterns.current(con) == ""
    patterns.write(con, "[a]\nx", "ada")
    patterns.write(con, "[a]\ny", "ada")
    turned = acts.undo(con, task, "ada")
    assert turned is not None
    assert acts.words(turned, {}) == "a change of the patterns"
    assert patterns.current(con) == "[a]\nx"
    acts.redo(con, task, "ada")
    assert patterns.current(con) == "[a]\ny"
