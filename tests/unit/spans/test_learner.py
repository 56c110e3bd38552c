"""Words are cached, tagged, suggested, picked by, and tuned on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core import queue
from core.connection import Connection
from core.inuse import model_in_use
from core.labelling import take_answers
from core.predictions import Predictions
from core.project import Project
from core.spans import guesses_of
from core.store import examples, models
from core.training import words
from core.training.space import load as load_space
from core.worker.jobs.round import ROUND
from core.worker.learners import own, refresh
from core.worker.span_learner import SPAN_LEARNER
from tests.unit.spans.conftest import GOLD, ids_of, marked_by, run

Fresh = Callable[..., Project]


def give(project: Project, con: Connection, texts: list[str], **more: Any) -> None:
    lines = [json.dumps({"text": text, "spans": GOLD[text]} | more) for text in texts]
    take_answers(con, project.task(con), project.settings(), lines, "ada")


def test_before_there_is_a_model_texts_that_look_like_entities_are_asked(fresh: Fresh) -> None:
    project = fresh()
    with project.open() as con:
        refresh(project, con)
        items = queue.upcoming(project, con, 5)
        assert [item.suggestion for item in items] == [None] * 5
        assert all(item.strategy == "herding" for item in items if item.probability is None)
        assert models.newest_ranking(con) is not None
        assert own(con) is SPAN_LEARNER


def test_answers_are_learnt_and_suggested_at_once(fresh: Fresh) -> None:
    project = fresh()
    texts = sorted(GOLD, key=lambda text: sum(map(ord, text)) % 7)
    with project.open() as con:
        give(project, con, texts[:20])
        refresh(project, con)
        items = {item.example_id: item for item in queue.upcoming(project, con, 40)}
        right = 0
        for text in texts[20:]:
            said = items[ids_of(project)[text]].suggestion
            found = {(g.span.start, g.span.end, g.span.label) for g in guesses_of(said)}
            right += found == {(s["start"], s["end"], s["label"]) for s in GOLD[text]}
            assert all(g.source == "head" and 0 <= (g.probability or 0) <= 1 for g in guesses_of(said))
        assert right >= 14  # of 20; the encoder is random, how words look is not
        task = project.task(con)
        with Predictions.open(project, con) as predictions:  # type: ignore[union-attr]
            for text in texts[:4]:
                assert predictions.suggestion(con, task, ids_of(project)[text]) is not None
            assert predictions.suggestion(con, task, 999_999) is None
        answered = marked_by(project, con, [texts[21], "", "x" * 3])
        assert len(answered) == 3
        assert answered[1].spans == ()
        for source in ("out-of-fold",):
            found_counts = models.newest_evaluation(con, "head", source)
            assert found_counts is not None
            assert found_counts.n == 20


def test_what_is_not_marked_in_an_answer_in_part_is_no_evidence_against_it(fresh: Fresh) -> None:
    project = fresh()
    texts = sorted(GOLD, key=lambda text: sum(map(ord, text)) % 7)
    with project.open() as con:
        give(project, con, texts[:12])
        partial = [{"text": t, "spans": {"spans": GOLD[t][:1], "complete": False}} for t in texts[12:36]]
        lines = [json.dumps(row) for row in partial]
        take_answers(con, project.task(con), project.settings(), lines, "ada")
        refresh(project, con)
        found = marked_by(project, con, texts[12:36])
    both = sum(len(answer.spans) == 2 for answer in found)
    assert both >= 16  # trained as "nothing", the second span of 24 texts would vanish


def test_texts_that_come_labelled_are_cached_when_they_are_needed(fresh: Fresh) -> None:
    project = fresh()
    with project.open() as con:
        refresh(project, con)
        space = load_space(project, str(models.newest_ranking(con).info["space"]))  # type: ignore[union-attr]
        store = words.store_of(space)
        there = store.load()
        assert sorted(there.ids.tolist()) == sorted(ids_of(project).values())
        for row, example_id in enumerate(there.ids.tolist()[:5]):
            (example,) = examples.get(con, [example_id])
            pieces = [example.text[a:b] for a, b in there.places[there.rows(row)]]
            assert "".join(pieces) == "".join(example.text.split())
        assert np.isfinite(there.features).all()


def test_a_round_tunes_judges_and_is_used(fresh: Fresh) -> None:
    project = fresh(epochs=2, max_steps=4, batch_size=8)
    with project.open() as con:
        give(project, con, list(GOLD)[:24])
        refresh(project, con)
        models.use_encoder(con, models.BASE, "")
    events = run(project, ROUND)
    result = events[-1].payload
    assert [e.payload["name"] for e in events if e.kind == "phase"][:2] == ["fold 1 of 2", "fold 2 of 2"]
    assert 0 <= result["macro_f1"] <= 1
    with project.open() as con:
        summary = models.rounds(con)[-1]
        assert summary.state in {"kept", "rejected"}
        judged = models.newest_evaluation(con, "round 1", "out-of-fold")
        assert judged is not None
        assert judged.n == 24
        if summary.state == "kept":
            refresh(project, con)
            assert model_in_use(project, con).name == "round 1"


def test_the_same_round_gives_the_same_weights(fresh: Fresh, tmp_path: Path) -> None:
    project = fresh(epochs=2, max_steps=4, batch_size=8)
    with project.open() as con:
        give(project, con, list(GOLD)[:24])
    results = [run(project, ROUND)[-1].payload for _ in range(2)]
    assert results[0]["log_loss"] == results[1]["log_loss"]
