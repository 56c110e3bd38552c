"""Spans that look wrong: bounds, order, and the mistakes people make, found from outside."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.span_suspects import NOTHING, Question, Stretch, Text, applied, judge, occurrences, ranked

quick = settings(max_examples=80, deadline=None, database=None, derandomize=True)
PERSON, PLACE = 1, 2


@dataclass(frozen=True)
class Table:
    """A model that holds some stretches for likely, and the rest for unlikely."""

    likely: dict[Stretch, float] = field(default_factory=dict)
    otherwise: float = 0.05

    def probability(self, first: int, last: int, class_id: int) -> float:
        return self.likely.get((first, last, class_id), self.otherwise)


def text(words: str, given: list[Stretch], found: list[Stretch], likely: dict[Stretch, float], **more: bool) -> Text:
    return Text(words.split(), given, more.get("complete", True), found, Table(likely))


AGREED = text("anna is here", [(0, 0, PERSON)], [(0, 0, PERSON)], {(0, 0, PERSON): 0.9})


def only(judged: Text, *others: Text) -> Question:
    found = judge([judged, *others])[0]
    assert found.questions
    return found.questions[0]


def test_an_answer_that_everybody_shares_is_not_doubted() -> None:
    assert judge([AGREED])[0].doubt < 0.2


def test_another_class_a_missed_span_and_one_too_many_are_doubted_and_set_right() -> None:
    wrong_class = text("anna is here", [(0, 0, PLACE)], [(0, 0, PERSON)], {(0, 0, PERSON): 0.9})
    missed = text("anna is here", [], [(0, 0, PERSON)], {(0, 0, PERSON): 0.9})
    too_many = text("anna is here", [(2, 2, PLACE)], [], {(2, 2, NOTHING): 0.9})
    wrong_end = text("anna maria is here", [(0, 0, PERSON)], [(0, 1, PERSON)], {(0, 1, PERSON): 0.9})
    for one, instead in (
        (wrong_class, [(0, 0, PERSON)]),
        (missed, [(0, 0, PERSON)]),
        (too_many, []),
        (wrong_end, [(0, 1, PERSON)]),
    ):
        (found,) = judge([one])
        assert found.doubt > 0.8
        assert applied(one.given, found.questions) == instead


def test_the_same_words_marked_otherwise_elsewhere_speak_against_an_answer() -> None:
    unsure = {(2, 2, PLACE): 0.4, (2, 2, NOTHING): 0.5}
    one = text("she saw rome", [], [], unsure)
    others = [text(f"{who} likes Rome", [(2, 2, PLACE)], [(2, 2, PLACE)], {(2, 2, PLACE): 0.9}) for who in ("a", "b")]
    assert judge([one])[0].questions == (), "the model alone has nothing to say"
    found = judge([one, *others])[0]
    assert found.questions[0].instead == ((2, 2, PLACE),)
    assert found.doubt > 0.5
    assert found.beside in {1, 2}


def test_what_is_left_open_is_not_asked_about_and_says_nothing_of_the_same_words() -> None:
    part = text("anna saw ben", [(0, 0, PERSON)], [(0, 0, PERSON), (2, 2, PERSON)], {}, complete=False)
    found = judge([part, AGREED])
    assert all(one.given is not None for one in found[0].questions)
    assert occurrences([part, text("ben ran", [(0, 0, PERSON)], [], {})])[("ben",)] == [(1, PERSON)]


def test_doubtful_choices_take_their_places_only_where_there_is_room() -> None:
    given = [(0, 1, PERSON)]
    questions = [
        Question((0, 1, PERSON), ((0, 0, PERSON),), 0.9, confident=False),
        Question(None, ((1, 2, PLACE),), 0.8, confident=False),
        Question(None, ((2, 3, PLACE),), 0.7, confident=False),
        Question(None, ((5, 5, PLACE),), 0.4, confident=False),
    ]
    assert applied(given, questions) == [(0, 0, PERSON), (1, 2, PLACE)]
    assert applied(given, questions[3:]) == [(0, 1, PERSON), (5, 5, PLACE)], "the most doubtful one in any case"
    assert applied(given, []) == given


WORDS = ("anna", "ben", "rome", "is", "in", "the")
stretch = st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(1, 3)).map(
    lambda s: (s[0], min(5, s[0] + s[1]), s[2])
)


def kept_apart(spans: list[Stretch]) -> list[Stretch]:
    found: list[Stretch] = []
    for one in spans:
        if all(one[1] < other[0] or other[1] < one[0] for other in found):
            found.append(one)
    return sorted(found)


spans = st.lists(stretch, max_size=4).map(kept_apart)
texts = st.builds(
    lambda words, given, found, p, complete: Text(words, given, complete, found, Table(dict.fromkeys(found, p))),
    st.lists(st.sampled_from(WORDS), min_size=6, max_size=6),
    spans,
    spans,
    st.floats(0.01, 0.99),
    st.booleans(),
)


@quick
@given(st.lists(texts, min_size=1, max_size=5))
def test_doubts_are_shares_ranked_and_lead_to_answers_that_can_be_given(some: list[Text]) -> None:
    found = judge(some)
    assert [one.place for one in found] == list(range(len(some)))
    for one in found:
        assert 0.0 <= one.doubt <= 1.0
        doubts = [question.doubt for question in one.questions]
        assert doubts == sorted(doubts, reverse=True)
        assert one.beside != one.place
        given = some[one.place].given
        instead = applied(given, one.questions)
        assert kept_apart(instead) == instead, "no two spans share a word"
        if one.questions and not some[one.place].complete:
            assert all(question.given in given for question in one.questions)
    order = [one.doubt for one in ranked(found)]
    assert order == sorted(order, reverse=True)


@quick
@given(st.lists(texts, min_size=2, max_size=5), st.randoms())
def test_the_order_of_texts_makes_no_difference(some: list[Text], shuffling: object) -> None:
    order = list(range(len(some)))
    shuffling.shuffle(order)  # type: ignore[attr-defined]
    moved = judge([some[i] for i in order])
    plain = judge(some)
    for place, one in enumerate(moved):
        assert one.doubt == pytest.approx(plain[order[place]].doubt)
