"""The task `spans`: marked stretches in files, on record, and against each other."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import plugins
from core.errors import InputError
from core.settings import Settings
from core.spans import Guess, Span, apart, crossing, guesses_of, suggestion_of, touching
from core.tasks.base import Task
from core.tasks.span_pairs import EXACT, NOBODY, SHARED, Pair, pairs
from core.tasks.spans import SPANS, SpanAnswer, Spans, span_answer

IDS = {"person": 1, "place": 2, "时间": 7}
NAMES = {class_id: name for name, class_id in IDS.items()}
TEXT = "Anna 👩‍👩‍👧 flew to 北京 at 9:30."
quick = settings(max_examples=80, deadline=None, database=None, derandomize=True)
places = st.tuples(st.integers(0, len(TEXT) - 1), st.integers(1, 6), st.sampled_from(sorted(NAMES)))
some = st.lists(places.map(lambda p: Span(p[0], min(p[0] + p[1], len(TEXT)), p[2])), max_size=6)
visible = some.map(lambda found: [s for s in found if not TEXT[s.start : s.end].isspace()])
answers = st.builds(lambda found, complete: span_answer(found, complete=complete), visible, st.booleans())
ANY = Spans("any")


def test_it_is_found_by_its_name() -> None:
    found: Task[SpanAnswer] = plugins.load(plugins.TASKS, "spans")
    assert (found.name, found.field, found.exclusive) == ("spans", "spans", False)


@quick
@given(answers)
def test_every_form_of_an_answer_leads_back_to_it(answer: SpanAnswer) -> None:
    assert ANY.decode(ANY.encode(answer)) == answer
    said = json.loads(json.dumps(ANY.to_file(answer, NAMES)))
    assert ANY.from_file(said, IDS, TEXT) == answer
    assert ANY.from_file(ANY.from_row({"spans": json.dumps(said)}), IDS, TEXT) == answer


def test_nothing_marked_is_an_answer_and_nothing_said_is_none() -> None:
    assert SPANS.from_row({"spans": "  "}) is None
    assert SPANS.from_row({"spans": None}) is None
    assert SPANS.from_file(SPANS.from_row({"spans": "[]"}), IDS, TEXT) == SpanAnswer((), complete=True)
    assert SPANS.from_file({"spans": [], "complete": False}, IDS, TEXT) == SpanAnswer((), complete=False)
    assert SPANS.from_file([[0, 4, "person"]], IDS, TEXT) == SpanAnswer((Span(0, 4, 1),))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("person", "no list of spans"),
        ({"complete": True}, "no list of spans"),
        ({"spans": [], "complete": "yes"}, "no list of spans"),
        ([{"start": 0, "label": "person"}], "no span"),
        ([{"start": True, "end": 4, "label": "person"}], "no span"),
        ([{"start": 0, "end": 4.0, "label": "person"}], "no span"),
        ([[0, 4]], "no span"),
        ([{"start": 0, "end": 4, "label": " "}], "no class name"),
        ([[0, 99, "person"]], "not within"),
        ([[-2, 4, "person"]], "not within"),
        ([[4, 4, "person"]], "not within"),
        ([[4, 5, "person"]], "blanks only"),
        ([{"start": 0, "end": 4, "label": "person", "text": "Ann "}], "not"),
        ([[0, 4, "person"], [0, 4, "place"]], "share characters"),
    ],
)
def test_what_is_no_answer_is_refused(raw: Any, why: str) -> None:
    with pytest.raises(InputError) as refused:
        SPANS.from_file(raw, IDS, TEXT)
    assert why in str(refused.value)


def test_spans_may_share_characters_as_the_project_says() -> None:
    inside, across = [[0, 12, "place"], [5, 10, "person"]], [[0, 10, "place"], [5, 12, "person"]]
    for allowed, raw, fits in (
        ("none", inside, False),
        ("nested", inside, True),
        ("nested", across, False),
        ("any", across, True),
    ):
        task = SPANS.bound([], Settings(span_overlap=allowed))
        if fits:
            assert len(task.from_file(raw, IDS, TEXT).spans) == 2
        else:
            with pytest.raises(InputError, match="share characters"):
                task.from_file(raw, IDS, TEXT)


@quick
@given(some)
def test_pairs_that_touch_or_cross_are_found_as_by_comparing_all(found: list[Span[int]]) -> None:
    different = sorted(set(found))
    both = [(a, b) for i, a in enumerate(different) for b in different[i + 1 :]]
    meet = [(a, b) for a, b in both if a.start < b.end and b.start < a.end]
    assert (touching(different) is None) == (not meet)
    across = [(a, b) for a, b in meet if a.start < b.start < a.end < b.end]
    assert (crossing(different) is None) == (not across)
    assert touching(apart(found)) is None


def test_merging_classes_leaves_each_span_once() -> None:
    answer = span_answer([Span(0, 4, 1), Span(0, 4, 2), Span(5, 6, 2)], complete=False)
    assert SPANS.replaced(answer, 2, 1) == SpanAnswer((Span(0, 4, 1), Span(5, 6, 1)), complete=False)
    assert SPANS.classes_of(answer) == (1, 2)


def test_each_span_has_one_counterpart_the_best_first() -> None:
    gold = span_answer([Span(0, 4, 1), Span(10, 14, 1), Span(20, 24, 2), Span(30, 34, 2)])
    predicted = span_answer([Span(0, 4, 1), Span(2, 4, 1), Span(10, 14, 2), Span(21, 30, 2), Span(40, 41, 7)])
    (cell,) = SPANS.compare(gold, predicted)
    assert list(pairs(cell)) == sorted(
        [Pair(1, 1, EXACT), Pair(1, 2, EXACT), Pair(2, 2, SHARED), Pair(2, NOBODY, 0), Pair(0, 1, 0), Pair(0, 7, 0)]
    )
    counts = {c.class_id: (c.tp, c.fp, c.fn) for c in SPANS.class_counts({cell: 2}, [1, 2, 7])}
    assert counts == {1: (2, 2, 2), 2: (0, 4, 4), 7: (0, 2, 0)}
    assert SPANS.correct({cell: 2, (): 5, (1, 1, EXACT): 1}) == 6


def test_what_an_answer_in_part_says_nothing_about_does_not_count() -> None:
    gold = span_answer([Span(0, 4, 1)], complete=False)
    (cell,) = SPANS.compare(gold, span_answer([Span(0, 4, 1), Span(6, 8, 2)]))
    assert list(pairs(cell)) == [Pair(1, 1, EXACT)]


@quick
@given(answers)
def test_an_answer_is_right_against_itself(answer: SpanAnswer) -> None:
    (cell,) = SPANS.compare(answer, answer)
    assert SPANS.correct({cell: 1}) == 1
    assert len(list(pairs(cell))) == len(answer.spans)


def test_a_suggestion_is_an_answer_in_file_form_and_tells_its_sources() -> None:
    said = (Guess(Span(0, 4, "person"), 0.9, "round 3"), Guess(Span(16, 18, "place"), None, "gazetteer"))
    found = suggestion_of(reversed(said), "round 3", 0.8)
    assert guesses_of(found) == said
    assert guesses_of(None) == ()
    assert SPANS.from_file(found.value, IDS, TEXT) == span_answer([Span(0, 4, 1), Span(16, 18, 2)])


@pytest.mark.parametrize(
    ("text", "other", "expected"),
    [
        ("Anna is in Rome", "Anna is in Rome", [(0, 4, 1), (11, 15, 2)]),
        ("Anna is in Rome", "So anna is now in Rome!", [(3, 7, 1), (18, 22, 2)]),
        ("Anna is in Rome", "Anna is in Oslo", [(0, 4, 1), (11, 15, 2)]),
        ("Anna is in Rome", "Anna is in", None),
    ],
)
def test_an_answer_goes_with_its_words_to_a_text_that_is_nearly_the_same(
    text: str, other: str, expected: list[tuple[int, int, int]] | None
) -> None:
    found = SPANS.carried(span_answer([Span(0, 4, 1), Span(11, 15, 2)]), text, other)
    assert found == (None if expected is None else span_answer(Span(*one) for one in expected))
