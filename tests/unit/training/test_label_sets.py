"""Learning sets of labels: one against the rest, calibrated, with a cut for each label; and the goal of a round."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from core.tasks.multilabel import LabelSet, label_set
from core.training import head, one_vs_rest, recipe, thresholds
from core.training.head import Head
from core.training.multilabel import MULTILABEL_TRAINER, matrix
from core.training.recipe import HeadRecipe
from core.training.tune_sets import LABEL_SETS, overlap_loss, rarest


def world(n: int, *, labels: int = 5, dim: int = 24, seed: int = 0) -> tuple[np.ndarray, list[LabelSet]]:
    """Texts whose vectors are sums of their labels' directions and noise; label 1 is common, the last one rare."""
    draw = np.random.default_rng(seed)
    shares = np.linspace(0.5, 0.08, labels)
    given = draw.random((n, labels)) < shares
    given[: labels * 2] = np.tile(np.eye(labels, dtype=bool), (2, 1))[: len(given)]  # each occurs
    axes = np.linalg.qr(np.random.default_rng(99).normal(size=(dim, labels)))[0].T
    x = given @ axes + 0.25 * draw.normal(size=(n, dim))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x.astype(np.float32), [label_set((np.flatnonzero(row) + 1).tolist()) for row in given]


def test_each_label_is_the_regression_scikit_learn_fits() -> None:
    from sklearn.linear_model import LogisticRegression

    x, answers = world(80)
    ids, given = matrix(answers)
    found = one_vs_rest.fit(x, given, ids, c=10.0)
    for place in range(len(ids)):
        y = given[:, place]
        weights = {k: float(np.sqrt(len(y) / (2 * (y == k).sum()))) for k in (False, True)}
        theirs = LogisticRegression(C=10.0, class_weight=weights, max_iter=1000, tol=1e-8).fit(x, y)
        assert found.logits(x)[:, place] == pytest.approx(theirs.decision_function(x), abs=0.1)


def test_a_warm_start_ends_where_a_cold_one_does() -> None:
    x, answers = world(90)
    before = MULTILABEL_TRAINER.fit_head(x[:80], answers[:80])
    cold = MULTILABEL_TRAINER.fit_head(x, answers)
    warm = MULTILABEL_TRAINER.fit_head(x, answers, start=before)
    assert np.abs(cold.logits(x) - warm.logits(x)).max() < 0.05


def test_a_label_seen_once_and_one_that_every_text_has_keep_their_rows() -> None:
    x, _answers = world(20)
    answers = [label_set([1, 7] if i == 3 else [1]) for i in range(20)]
    fitted = MULTILABEL_TRAINER.fit_head(x, answers)
    p = MULTILABEL_TRAINER.scores(fitted, x)
    assert fitted.class_ids == (1, 7)
    assert (p[:, 0] > 0.9).all()
    assert p[:, 1].argmax() == 3
    assert np.isfinite(fitted.weight).all()


def test_the_recipe_is_chosen_out_of_fold_and_travels_as_json() -> None:
    x, answers = world(120)
    folds = np.arange(120) % 3
    how = MULTILABEL_TRAINER.choose(x, answers, folds)
    assert how.n_labels == 120
    assert sorted(how.cuts) == [1, 2, 3, 4, 5]
    assert HeadRecipe.from_json(json.loads(json.dumps(asdict(how)))) == how
    fitted = MULTILABEL_TRAINER.fit_head(x, answers, how)
    assert fitted.cuts == tuple(how.cuts[i] for i in fitted.class_ids)


def test_probabilities_out_of_sample_are_about_right() -> None:
    x, answers = world(150)
    how = MULTILABEL_TRAINER.choose(x, answers, np.arange(150) % 3)
    fresh, truth = world(2000, seed=7)
    p = MULTILABEL_TRAINER.scores(MULTILABEL_TRAINER.fit_head(x, answers, how), fresh)
    given = matrix(truth)[1]
    for low, high in ((0.0, 0.2), (0.3, 0.7), (0.8, 1.01)):
        inside = (p >= low) & (p < high)
        assert abs(float(p[inside].mean()) - float(given[inside].mean())) < 0.15


def test_a_head_keeps_its_cuts_on_the_disk(tmp_path: "object") -> None:
    from pathlib import Path

    where = Path(str(tmp_path))
    fitted = Head((1, 2), np.ones((2, 3), np.float32), np.zeros(2, np.float32), (0.25, 0.6))
    head.save(where, fitted, {})
    assert head.load(where).cuts == (0.25, 0.6)


def test_a_label_that_is_scored_low_gets_a_low_cut_and_a_rare_one_that_of_all() -> None:
    draw = np.random.default_rng(1)
    given = np.zeros((200, 3), np.bool_)
    given[:60, 0] = given[60:120, 1] = given[0, 2] = True
    scores = np.where(given, 0.7, 0.1) + draw.normal(size=given.shape) * 0.05
    scores[:, 1] = np.where(given[:, 1], 0.3, 0.08)
    scores[:, 2] = 0.1
    general, cuts = thresholds.tune(np.clip(scores, 0, 1), given, (4, 5, 6))
    assert cuts[5] <= 0.3 < cuts[4] + 0.2
    assert abs(cuts[6] - general) < 0.1
    assert thresholds.of((5, 9), general, cuts) == (cuts[5], general)


def test_no_text_is_answered_by_cuts_that_it_helped_to_tune(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    real = thresholds.tune
    monkeypatch.setattr(thresholds, "tune", lambda p, g, ids: (seen.append(len(p)), real(p, g, ids))[1])
    one, two = (Head((1,), np.ones((1, 2), np.float32), np.zeros(1, np.float32)) for _turn in range(2))
    scored = [(one, np.array([0.9])), (one, np.array([0.2])), (two, np.array([0.8]))]
    found = MULTILABEL_TRAINER.answers(scored, [LabelSet((1,)), LabelSet(), LabelSet((1,))])
    assert found == [LabelSet((1,)), LabelSet(), LabelSet((1,))]
    assert sorted(seen) == [1, 2]


def test_calibration_takes_back_what_is_too_sure() -> None:
    x, answers = world(150)
    sure = replace(MULTILABEL_TRAINER.fit_head(x, answers, HeadRecipe(c=1000.0, temperature=0.1)), cuts=())
    fresh, truth = world(150, seed=3)
    scored = [(sure, row) for row in MULTILABEL_TRAINER.scores(sure, fresh)]
    how, loss = MULTILABEL_TRAINER.calibrate(scored, truth)
    assert how.temperature > recipe.USUAL_TEMPERATURE
    assert 0.0 < loss < 5.0


def test_doubts_grow_towards_the_cut_of_a_label_not_towards_one_half() -> None:
    fitted = Head((1, 2), np.zeros((2, 1), np.float32), np.zeros(2, np.float32), (0.2, 0.5))
    at_cut, at_half, sure = MULTILABEL_TRAINER.doubts(fitted, np.array([[0.2, 0.01], [0.5, 0.01], [0.999, 0.001]]))
    assert at_cut > at_half > sure
    assert 0.0 <= sure < 0.05 < at_cut < 1.0


def test_an_expected_label_that_is_not_answered_is_a_doubt() -> None:
    fitted = Head((1, 2, 3), np.zeros((3, 1), np.float32), np.zeros(3, np.float32), (0.5, 0.5, 0.5))
    spread, one = MULTILABEL_TRAINER.doubts(fitted, np.array([[0.33, 0.33, 0.33], [0.33, 0.001, 0.001]]))
    assert spread > one


def test_a_batch_meets_rare_labels_and_texts_as_they_are() -> None:
    labels = np.zeros((200, 3), np.int64)
    labels[:150, 0] = labels[5, 1] = labels[6, 2] = 1
    rows = [LABEL_SETS.batch(labels, 16, 0, step) for step in range(6)]
    assert rarest(labels)[[0, 5, 6, 199]].tolist() == [0, 1, 2, 3]
    assert sum(5 in batch.tolist() for batch in rows) >= 4
    assert (LABEL_SETS.batch(labels, 16, 0, 2) == rows[2]).all()
    assert all(len(set(batch.tolist())) == len(batch) <= 16 for batch in rows)


def test_texts_attract_each_other_as_their_sets_overlap() -> None:
    given = torch.tensor([[1.0, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]])
    near = torch.nn.functional.normalize(torch.tensor([[1.0, 0], [1, 0.1], [0, 1], [-1, 0]]), dim=1)
    far = near[[0, 2, 1, 3]]
    assert overlap_loss(near, given) < overlap_loss(far, given)
    assert overlap_loss(near, torch.eye(4)) == 0.0
    assert overlap_loss(near, torch.zeros(4, 3)) == 0.0


def test_the_loss_is_that_of_every_label() -> None:
    logits, target = torch.zeros(2, 3), torch.tensor([[1, 0, 1], [0, 0, 0]])
    assert float(LABEL_SETS.loss(logits, torch.eye(2), target, 0.0)) == pytest.approx(3 * np.log(2), abs=1e-5)
