"""The audit's folds hold out drawn texts alone, a few at a time; what a round learnt from is judged by its folds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core import judged
from core.evaluation.report import reports
from core.project import Project
from core.simulation import making, working
from core.store import classes, meta, models
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.training.classify import CLASSIFY_TRAINER
from core.training.recipe import HeadRecipe
from core.worker.judging import AUDIT_FOLDS, audit_folds, out_of_fold
from core.worker.learner import refresh
from core.worker.verdict import Verdict
from tests.e2e.conftest import TEXTS, gold
from tests.unit.worker.conftest import Answer

quick = hypothesis_settings(max_examples=80, deadline=None, database=None, derandomize=True)


@quick
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 4)), min_size=1, max_size=300), st.integers(0, 9))
def test_drawn_texts_are_held_out_a_few_at_a_time(rows: list[tuple[bool, int]], seed: int) -> None:
    drawn = [is_one for is_one, _c in rows]
    folds = audit_folds(drawn, range(len(rows)), [c for _d, c in rows], seed)
    assert [fold >= 0 for fold in folds] == drawn
    sizes = np.bincount(folds[folds >= 0]) if any(drawn) else np.zeros(0, int)
    assert len(sizes) <= AUDIT_FOLDS[1]
    if sum(drawn) >= AUDIT_FOLDS[1]:
        assert sizes.max() - sizes.min() <= 4, "folds are of about the same size"
        assert sizes.max() <= max(-(-sum(drawn) // AUDIT_FOLDS[0]) + 4, 0.05 * len(rows) + 5)


def test_every_head_learns_from_all_that_was_picked_and_never_from_what_it_answers() -> None:
    learnt: list[set[float]] = []

    class Trainer:
        def fit_head(self, features: np.ndarray, *_rest: object) -> object:  # type: ignore[type-arg]
            learnt.append(set(features[:, 0].tolist()))
            return object()

        def scores(self, _head: object, features: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
            assert not set(features[:, 0].tolist()) & learnt[-1]
            return np.zeros((len(features), 1))

    folds = np.array([-1, 0, -1, 1, 0, -1])
    features = np.arange(6.0)[:, None]
    answers = [ClassAnswer(1 + i % 2) for i in range(6)]
    trainer: object = Trainer()
    found = out_of_fold(CLASSIFY, trainer, folds, answers, features, HeadRecipe())  # type: ignore[arg-type]
    assert sorted(row for row, _h, _s in found) == [1, 3, 4]
    assert all({0.0, 2.0, 5.0} <= one for one in learnt)


def test_the_audit_is_about_the_whole_pool_before_and_after_a_round(
    mail: Project, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.worker.contest.decide", lambda *_sides: Verdict(True, "kept", {}))
    making.list_classes(mail, sorted({gold(text) for text in TEXTS}))
    with mail.open() as con:
        list(working.run(mail, con, "embed"))
        answer(mail, range(1, 13), None)
        answer(mail, range(13, 25), 0.2)
        refresh(mail, con)
        before = models.newest_evaluation(con, "head", "audit")
        assert before is not None
        assert before.n == 12
        behind = judged.behind(mail, before)
        assert behind is not None
        assert behind.rest is not None
        assert (sum(behind.rest.known.values()), behind.rest.open) == (24, len(TEXTS) - 24)
        assert sum(behind.rest.levels) == behind.rest.open
        assert sum(behind.rest.later.values()) == pytest.approx(6.5), "the drawn ones came last, one after the other"
        assert behind.rest.control is not None
        assert behind.rest.control.n == 12
        assert all(text.confidence is not None and 0 <= text.confidence <= 1 for text in behind.texts)
        past = meta.get(con, models.PAST)
        assert (past["labels"], past["n"]) == (24, 12)
        list(working.run(mail, con, "round"))
        answer(mail, range(25, 31), 0.2)
        refresh(mail, con)
        after = models.newest_evaluation(con, "round 1", "audit")
        assert after is not None
        assert after.n == 18, "twelve judged by the round's folds, six that are new to its encoder"
        found = judged.behind(mail, after)
        assert found is not None
        assert found.rest is not None
        assert found.rest.control is None, "confidences of fold models and of heads don't compare"
        assert behind.rest.ceiling is None, "before a round nothing was seen"
        assert found.rest.ceiling is not None
        assert 0 <= found.rest.ceiling <= 18
        assert found.rest.open == len(TEXTS) - 30
        whole = reports(CLASSIFY, after, classes.names(con), *judged.beside(found))[0]
        assert whole.pool is not None
        assert (whole.pool.labelled, whole.pool.open) == (30, len(TEXTS) - 30)
        looks = meta.get(con, models.LOOKS)
        assert [one["labels"] for one in looks] == [30]


def test_the_confidence_of_a_set_is_that_of_its_suggestion() -> None:
    from core.tasks.multilabel import MULTILABEL
    from core.training.head import Head
    from core.training.multilabel import MULTILABEL_TRAINER

    scores = np.random.default_rng(0).random((20, 3)).astype(np.float32)
    head = Head((1, 2, 3), np.zeros((3, 2), np.float32), np.zeros(3, np.float32), (0.4, 0.5, 0.6))
    found = MULTILABEL_TRAINER.confidence(head, scores)
    names = {1: "a", 2: "b", 3: "c"}
    said = [MULTILABEL.suggest(row.tolist(), head.class_ids, names, "head", head.cuts).score for row in scores]
    assert found.tolist() == pytest.approx(said, abs=1e-4)
    single = CLASSIFY_TRAINER.confidence(head, np.array([[0.2, 0.7, 0.1]]))
    assert single.tolist() == pytest.approx([0.7])
