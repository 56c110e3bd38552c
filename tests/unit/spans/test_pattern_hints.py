"""What typed patterns do for picking: they point to what nobody has labelled, and to what a tagger leaves out."""

from collections.abc import Callable

import numpy as np
import pytest

from core import clock, queue
from core.project import Project
from core.records import LabelClass
from core.spans import Span
from core.store import classes, patterns
from core.training.tagger import Found
from core.worker import pattern_hints
from core.worker.learners import refresh
from core.worker.pattern_hints import PatternHints, left_out, pointing_to, raised
from tests.unit.spans.conftest import GOLD, ids_of

PLACE = LabelClass(0, "place")
NAMES = {1: "person", 2: "place"}


def test_texts_that_the_patterns_mark_are_asked_first(fresh: Callable[..., Project]) -> None:
    project = fresh(audit_share=0.0)
    with project.open() as con:
        classes.add(con, [PLACE], "ada")
        patterns.write(con, "[place]\nOslo\n", "ada")
        refresh(project, con)
        asked = [item.example_id for item in queue.upcoming(project, con, 6)]
        oslo = {number for text, number in ids_of(project).items() if "Oslo" in text}
        assert len(oslo & {*asked}) >= 4  # of 40 texts 10 hold it
        patterns.write(con, "", "ada")
        refresh(project, con)
        assert len(oslo & {item.example_id for item in queue.upcoming(project, con, 6)}) <= 2


def test_hints_are_kept_until_the_patterns_change(
    fresh: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = fresh()
    ids = [number for _text, number in sorted(ids_of(project).items())]
    hints = PatternHints()
    with project.open() as con:
        classes.add(con, [PLACE], "ada")
        assert hints.of(project, con, ids) == {}
        patterns.write(con, "[place]\nOslo\n[nobody]\nRome\n", "ada")
        found = hints.of(project, con, ids)
        texts = sorted(GOLD)
        assert {texts[row] for row in found} == {text for text in texts if "Oslo" in text}
        assert all(texts[row][s.start : s.end] == "Oslo" for row, spans in found.items() for s in spans)
        with monkeypatch.context() as patch:
            patch.setattr(pattern_hints, "parsed", lambda _text: RULES)
            assert hints.of(project, con, ids) == found
        patterns.write(con, "[place]\nRome\n", "ada")
        assert {texts[row] for row in hints.of(project, con, ids)} == {text for text in texts if "Rome" in text}


class _Rules:
    labels = ("place",)

    def guesses(self, _text: str) -> tuple[()]:
        raise AssertionError("a text is looked at once")


RULES = _Rules()


def test_looking_ends_in_time_and_goes_on_the_next_time(
    fresh: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = fresh()
    ids, now = list(ids_of(project).values()), iter(range(1000))
    monkeypatch.setattr(pattern_hints, "PIECE", 8)
    monkeypatch.setattr(clock, "monotonic", lambda: float(next(now)))
    hints = PatternHints()
    with project.open() as con:
        classes.add(con, [PLACE], "ada")
        patterns.write(con, "[place]\n/[a-z]+/\n", "ada")
        seen = [len(hints._found)]
        for _time in range(4):
            hints.of(project, con, ids)
            seen.append(len(hints._found))
    assert 0 < seen[1] < len(ids)
    assert seen == sorted(set(seen))


def test_what_a_tagger_leaves_out_is_in_doubt() -> None:
    hints = {0: [Span(0, 4, "place")], 2: [Span(0, 4, "place"), Span(6, 9, "person")], 3: [Span(2, 5, "place")]}
    found = [
        (Found(Span(2, 8, 2), 0.9),),
        (),
        (Found(Span(0, 4, 2), 0.9), Found(Span(6, 9, 2), 0.9)),
        (),
    ]
    assert left_out(hints, found, NAMES) == [2, 3]
    doubts = raised(np.array([0.1, 0.2, 0.6, 0.0], np.float32), [2, 3])
    assert doubts.tolist() == pytest.approx([0.1, 0.2, 0.8, 0.5])


def test_a_class_nobody_has_labelled_is_looked_for_where_patterns_point() -> None:
    hints = {4: [Span(0, 1, "place")], 7: [Span(0, 1, "person"), Span(3, 4, "place")]}
    found = pointing_to(hints, {2: np.array([1, 4])}, {"place": 2, "date": 5})
    assert {k: v.tolist() for k, v in found.items()} == {2: [1, 4, 7]}
