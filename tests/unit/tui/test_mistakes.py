"""What the view of mistakes counts, and which texts are behind a row."""

from core.judged import JudgedText
from core.records import Evaluation
from core.spans import Span
from core.tasks.span_pairs import EXACT, NOBODY, SHARED, Pair
from core.tasks.spans import SPANS, span_answer
from tui.views.base import Facts
from tui.views.mistakes import _with, counted

GOLD = span_answer([Span(0, 4, 1), Span(6, 9, 2)])
FOUND = span_answer([Span(0, 4, 2), Span(7, 9, 2), Span(20, 22, 1)])


def test_every_mistake_is_counted_with_its_kind_and_leads_to_its_texts() -> None:
    counts = {"": {**SPANS.compare(GOLD, FOUND), **SPANS.compare(GOLD, GOLD)}}
    found = counted(Facts(SPANS, (), {}, {}, evaluation=Evaluation("head", "test", 1, counts)))
    assert found == {Pair(1, 2, EXACT): 1, Pair(2, 2, SHARED): 1, Pair(NOBODY, 1, 0): 1}
    wrong = JudgedText(1, SPANS.encode(GOLD), SPANS.encode(FOUND))
    right = JudgedText(2, SPANS.encode(GOLD), SPANS.encode(GOLD))
    for pair in found:
        assert _with(SPANS, pair)(wrong)
        assert not _with(SPANS, pair)(right)
