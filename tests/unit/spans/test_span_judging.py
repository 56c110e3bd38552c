"""What a project of marked texts says about its model: the audit, how sure it is, wrong spans, and how it goes on."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from core import alone, checking, judged, queue
from core.connection import Connection
from core.evaluation.report import reports
from core.predictions import Predictions
from core.project import Project
from core.records import QueueItem, Reason
from core.spans import Span, guesses_of
from core.store import classes, examples, labels, meta, models
from core.store.labels import Decision
from core.tasks.spans import SPANS, SpanAnswer, span_answer
from core.worker import span_judging
from core.worker.learners import refresh
from core.worker.span_doubting import stretches
from tests.unit.spans.conftest import GOLD, ids_of

Fresh = Callable[..., Project]
TEXTS = sorted(GOLD, key=lambda text: sum(map(ord, text)) % 7)


def gold(names: Mapping[str, int], text: str) -> SpanAnswer:
    return span_answer(Span(one["start"], one["end"], names[one["label"]]) for one in GOLD[text])


def answer(
    con: Connection, ids: Mapping[str, int], texts: Sequence[str], probability: float | None, **wrong: SpanAnswer
) -> None:
    """Label texts as if they had been drawn at random, or picked; `wrong`: what some are given instead."""
    pick = queue.pick_of(QueueItem(1, "audit", Reason("audit"), probability))
    names = classes.ids(con)
    given = [Decision(ids[text], SPANS.encode(wrong.get(text, gold(names, text))), pick) for text in texts]
    labels.decide(con, SPANS, given, "ada")


@pytest.fixture
def project(fresh: Fresh) -> Project:
    made = fresh(answer_above=0.5)
    with made.open() as con:
        from core.records import LabelClass

        classes.add(con, [LabelClass(0, "person"), LabelClass(0, "place")], "ada")
    return made


def test_the_audit_stands_for_the_whole_pool_and_says_how_sure_the_model_was(project: Project) -> None:
    with project.open() as con:
        ids = ids_of(project)
        answer(con, ids, TEXTS[:14], None)
        answer(con, ids, TEXTS[14:34], 0.2)
        refresh(project, con)
        evaluation = models.newest_evaluation(con, "head", "audit")
        assert evaluation is not None
        assert evaluation.n == 20
        found = judged.behind(project, evaluation)
        assert found is not None
        assert found.rest is not None
        assert (sum(found.rest.known.values()), found.rest.open) == (34, 6)
        assert sum(found.rest.levels) == 6
        assert sum(found.rest.later.values()) == pytest.approx(sum(range(1, 21)) / 20)
        assert found.rest.control is not None
        assert all(text.confidence is not None and 0 < text.confidence <= 1 for text in found.texts)
        assert len(found.trust.pieces) >= 20, "two spans a text are there to be found"
        assert all(0 <= sure <= 1 for sure, _right in found.trust.pieces)
        whole = reports(SPANS, evaluation, classes.names(con), *judged.beside(found))[0]
        assert whole.pool is not None
        assert (whole.pool.labelled, whole.pool.open) == (34, 6)
        past = meta.get(con, models.PAST)
        assert (past["labels"], past["n"]) == (34, 20)
        assert [one["labels"] for one in past["earlier"]] == [12, 17]
        assert meta.get(con, models.PAYING)["n"] == 14, "of picked ones there are too few"
        outside = judged.load(project, "head", "out-of-fold")
        assert outside is not None
        assert len(outside.texts) == 34
        assert all(text.confidence is not None for text in outside.texts)


def test_what_the_model_is_sure_of_it_answers_by_itself(project: Project) -> None:
    with project.open() as con:
        answer(con, ids_of(project), TEXTS[:34], 0.2)
        refresh(project, con)
        with Predictions.open(project, con) as found:  # type: ignore[union-attr]
            sure = dict(found.confidences())
            said = {i: found.suggestion(con, SPANS, i) for i in examples.open_ids(con)}
        assert sorted(sure) == sorted(ids_of(project).values())
        for example_id, suggestion in said.items():
            assert suggestion is not None
            assert suggestion.score == pytest.approx(sure[example_id], abs=1e-4)
        limit = float(np.median([sure[i] for i in said]))
        alone_ones = list(alone.answers(project, con, limit))
        assert {one.example_id for one in alone_ones} == {i for i in said if sure[i] >= limit}
        items = {item.example_id: item for item in queue.upcoming(project, con, 50)}
        settled = {i for i in said if sure[i] >= 0.5}
        assert all(items[i].strategy in {"spot-check", "audit"} for i in settled if i in items)
        assert alone.expected(project, con, limit).n <= 34


def test_wrong_spans_are_found_and_what_they_should_be(project: Project) -> None:
    with project.open() as con:
        ids, names = ids_of(project), classes.ids(con)
        swapped = {names["person"]: names["place"], names["place"]: names["person"]}
        right = gold(names, TEXTS[3])
        other_class = span_answer(Span(one.start, one.end, swapped[one.label]) for one in right.spans)
        missed = span_answer(gold(names, TEXTS[7]).spans[:1])
        answer(con, ids, TEXTS[:34], None, **{TEXTS[3]: other_class, TEXTS[7]: missed})
        refresh(project, con)
        found = checking.overview(project, con)
        assert found.checked == 34
        doubts = [one for one in found.suspects if one.kind == "doubt"]
        assert {doubts[0].id, doubts[1].id} == {ids[TEXTS[3]], ids[TEXTS[7]]}
        suggested = {one.id: SPANS.decode(one.suggested) for one in doubts[:2]}
        assert suggested[ids[TEXTS[7]]] == gold(names, TEXTS[7])
        assert set(suggested[ids[TEXTS[3]]].spans) & set(right.spans)
        assert all(one.beside is None or one.beside.example_id != one.id for one in doubts)


def test_texts_marked_in_part_are_not_held_against_the_model(project: Project) -> None:
    with project.open() as con:
        ids, names = ids_of(project), classes.ids(con)
        part = {text: span_answer(gold(names, text).spans[:1], complete=False) for text in TEXTS[20:34]}
        answer(con, ids, TEXTS[:34], 0.2, **part)
        refresh(project, con)
        found = judged.load(project, "head", "audit")
        assert found is not None
        sure = {text.example_id: text.confidence for text in found.texts}
        assert all((sure[ids[text]] is None) == (text in part) for text in TEXTS[:34])
        listed = checking.overview(project, con).suspects
        of_part = [one for one in listed if one.id in {ids[text] for text in part}]
        assert all(not SPANS.decode(one.suggested).complete for one in of_part)


def test_a_judgement_is_due_when_labels_have_grown_or_the_encoder_is_another(project: Project) -> None:
    with project.open() as con:
        assert span_judging.is_due(con, 1)
        answer(con, ids_of(project), TEXTS[:30], None)
        refresh(project, con)
        assert not span_judging.is_due(con, 30)
        assert span_judging.is_due(con, 32)
        assert span_judging.is_due(con, 20)
        models.use_encoder(con, "7", "")
        assert span_judging.is_due(con, 30)
        assert span_judging.sureness_of(con).n_labels == 0, "what was fitted was fitted for another encoder"


def test_stretches_take_in_every_word_a_span_shares_characters_with() -> None:
    places = np.array([[0, 4], [5, 9], [9, 10]])
    spans = (Span(1, 3, 1), Span(5, 10, 2))
    assert stretches(SpanAnswer(spans), places) == [(0, 0, 1), (1, 2, 2)]
    assert stretches(SpanAnswer((Span(4, 5, 1),)), places) == []


def test_suggestions_carry_the_probability_of_the_whole(project: Project) -> None:
    with project.open() as con:
        answer(con, ids_of(project), TEXTS[:20], None)
        refresh(project, con)
        items: list[Any] = queue.upcoming(project, con, 10)
        assert items
        for item in items:
            assert 0.0 <= item.suggestion.score <= 1.0
            json.dumps([one.probability for one in guesses_of(item.suggestion)])


def test_near_copies_are_told_apart_by_their_words_and_settled_in_their_own_places(project: Project) -> None:
    """`Anna wants a refund in Rome.` has its likes with other names in the same places: those agree."""
    with project.open() as con:
        ids, names = ids_of(project), classes.ids(con)
        pair = ["Anna wants a refund in Rome.", "Anna wants a refund in Oslo."]
        short = span_answer(gold(names, pair[0]).spans[:1])
        answer(con, ids, [text for text in TEXTS if text not in pair][:20] + pair, None, **{pair[0]: short})
        refresh(project, con)
        found = [one for one in checking.overview(project, con).suspects if one.kind == "copies"]
        assert found
        assert all(ids[pair[0]] in one.answers for one in found), "all others have the same in the same places"
        one = next(one for one in found if set(one.answers) == {ids[text] for text in pair})
        here = {i: SPANS.decode(stored) for i, stored in ((one.id, one.suggested), (one.beside.example_id, one.back))}  # type: ignore[union-attr]
        assert here[ids[pair[0]]] == gold(names, pair[0])
        assert here[ids[pair[1]]] == span_answer(gold(names, pair[1]).spans[:1])
