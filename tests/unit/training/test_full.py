"""The recipe `full`: what the user sets is what happens, it repeats itself bit for bit, and folds end early."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import RefusedError
from core.project import Project
from core.records import JobEvent
from core.settings import Settings
from core.tasks.classify import ClassAnswer
from core.training import full, space
from core.training import round as rounds
from core.training.base import Aside, Watching
from core.training.classify import CLASSIFY_TRAINER
from core.training.device import Compute
from core.training.featurizer import Featurizer, load_encoder
from core.training.full import CLASSIFY_FULL, FullState, batch_of, rate_at
from core.training.round import RoundRequest, folds_of

OPTIONS = Settings(epochs=6, batch_size=5, learning_rate=2e-3, weight_decay=0.1, round_folds=2)
ANSWERS = [ClassAnswer((5, 7, 9)[i % 3]) for i in range(18)]


def token_ids(seed: int = 0) -> list[list[int]]:
    """Random texts in which the class's own token stands somewhere."""
    draw = np.random.default_rng(seed)
    found = []
    for i in range(len(ANSWERS)):
        body = draw.integers(10, 60, draw.integers(3, 14)).tolist()
        body[int(draw.integers(len(body)))] = 80 + i % 3
        found.append([2, *body, 3])
    return found


def tuned(
    encoder: Path, compute: Compute, options: Settings = OPTIONS, aside: Aside | None = None
) -> tuple[FullState, list[Any]]:
    model = Featurizer(load_encoder(encoder, dropout=options.dropout), None)
    trainer = CLASSIFY_FULL.watching(aside or Aside())
    state = trainer.start(model, ANSWERS, options, compute)
    return state, list(trainer.tune(state, token_ids(), ANSWERS, options, compute, pad_id=0))


def weights(state: FullState) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in state.weights()}


def same(one: FullState, two: FullState) -> bool:
    a, b = weights(one), weights(two)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def held_out() -> Aside:
    return Aside(token_ids(1), ANSWERS)


def test_every_epoch_goes_through_each_text_once_in_an_order_of_its_own() -> None:
    epochs = [np.concatenate([batch_of(18, 5, 3, epoch * 4 + i) for i in range(4)]).tolist() for epoch in range(3)]
    assert all(sorted(epoch) == list(range(18)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    assert [len(batch_of(18, 5, 3, step)) for step in range(4)] == [5, 5, 5, 3]


def test_the_rate_rises_for_a_tenth_and_falls_to_nearly_nothing() -> None:
    rates = [rate_at(step, 100) for step in range(100)]
    assert rates[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert rates[10] == 1.0
    assert rates[-1] == pytest.approx(1 / 90)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rate_at(0, 1) == 1.0


def test_it_learns_and_takes_all_batches_of_all_epochs(bert: Path, compute: Compute) -> None:
    _state, steps = tuned(bert, compute, replace(OPTIONS, epochs=30, max_steps=3))
    assert [s.step for s in steps] == list(range(1, 121)), "max_steps is about few-shot rounds"
    assert {s.steps for s in steps} == {120}
    assert np.mean([s.loss for s in steps[-4:]]) < 0.5 * np.mean([s.loss for s in steps[:4]])


@pytest.mark.parametrize("kind", ["bert", "modernbert", "electra"])
def test_every_weight_moves(encoders: dict[str, Path], compute: Compute, kind: str) -> None:
    model = Featurizer(load_encoder(encoders[kind]), None)
    state = full.start(model, 3, OPTIONS, compute)
    before = weights(state)
    list(CLASSIFY_FULL.tune(state, token_ids(), ANSWERS, OPTIONS, compute, pad_id=0))
    still = {name for name, value in weights(state).items() if torch.equal(value, before[name])}
    assert all("pooler" in name for name in still)
    assert any("embeddings" in name for name in before)


def test_the_same_seed_gives_the_same_weights_bit_for_bit(bert: Path, compute: Compute) -> None:
    options = replace(OPTIONS, augment="drop", patience=2, seed=3)
    one = tuned(bert, compute, options, held_out())
    torch.manual_seed(99)
    two = tuned(bert, compute, options, held_out())
    other = tuned(bert, compute, replace(options, seed=4), held_out())
    assert one[1] == two[1]
    assert same(one[0], two[0])
    assert not same(one[0], other[0])


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": "sgd"},
        {"learning_rate": 1e-3},
        {"dropout": 0.5},
        {"weight_decay": 0.9},
        {"augment": "drop"},
        {"augment": "swap"},
        {"batch_size": 7},
    ],
)
def test_what_is_set_changes_the_outcome(bert: Path, compute: Compute, change: dict[str, Any]) -> None:
    assert not same(tuned(bert, compute)[0], tuned(bert, compute, replace(OPTIONS, **change))[0])


@pytest.mark.parametrize("change", [{"contrastive": 0.0}, {"frozen": 0.9}, {"tune_length": 8}, {"max_steps": 2}])
def test_what_belongs_to_the_few_shot_recipe_does_not(bert: Path, compute: Compute, change: dict[str, Any]) -> None:
    assert same(tuned(bert, compute)[0], tuned(bert, compute, replace(OPTIONS, **change))[0])


def test_biases_and_norms_do_not_decay(bert: Path, compute: Compute) -> None:
    state = full.start(Featurizer(load_encoder(bert), None), 3, OPTIONS, compute)
    decays = {group["weight_decay"]: {p.ndim for p in group["params"]} for group in state.optimizer.param_groups}
    assert decays == {0.1: {2}, 0.0: {1}}


def test_a_fold_ends_when_its_held_out_loss_stops_falling_and_keeps_the_best(bert: Path, compute: Compute) -> None:
    """The held-out answers are wrong on purpose, so that the loss on them must rise at last."""
    wrong = Aside(token_ids(1), ANSWERS[1:] + ANSWERS[:1])
    options = replace(OPTIONS, epochs=40, patience=2, dropout=0.0)
    state, steps = tuned(bert, compute, options, wrong)
    losses = state.more[full.LOSSES].tolist()
    assert len(steps) == 4 * len(losses) < 160
    assert losses.index(min(losses)) + 1 == state.best_epoch == len(losses) - 2
    assert steps[-1].step == steps[-1].steps

    place = {5: 0, 7: 1, 9: 2}
    labels = np.array([place[a.class_id] for a in wrong.answers])
    watching = full.Tuning([], labels[:0], options, compute, 0, 1, wrong.token_ids, labels)
    assert watching._held_out_loss(state) == pytest.approx(min(losses), abs=1e-6)


def test_without_patience_nothing_is_watched(bert: Path, compute: Compute) -> None:
    state, steps = tuned(bert, compute, OPTIONS, held_out())
    assert len(steps) == 24
    assert state.best_epoch == 0
    assert same(state, tuned(bert, compute)[0])


def test_on_all_labels_it_takes_as_many_epochs_as_the_folds_needed(bert: Path, compute: Compute) -> None:
    after_folds = Aside(best_epochs=[2, 4])
    assert len(tuned(bert, compute, replace(OPTIONS, patience=1), after_folds)[1]) == 3 * 4
    assert len(tuned(bert, compute, OPTIONS, after_folds)[1]) == 6 * 4


def test_held_out_texts_of_a_class_it_never_met_are_not_watched(bert: Path, compute: Compute) -> None:
    strangers = Aside(token_ids(1)[:2], [ClassAnswer(77)] * 2)
    state, steps = tuned(bert, compute, replace(OPTIONS, patience=1), strangers)
    assert (state.best_epoch, len(steps)) == (0, 24)


def test_W6_a_loss_that_is_no_number_ends_the_round_in_words(bert: Path, compute: Compute) -> None:
    model = Featurizer(load_encoder(bert), None)
    state = full.start(model, 3, OPTIONS, compute)
    with torch.no_grad():
        state.classifier.weight.fill_(float("nan"))
    with pytest.raises(RefusedError, match="astray"):
        next(CLASSIFY_FULL.tune(state, token_ids(), ANSWERS, OPTIONS, compute, pad_id=0))


def test_W5_too_little_memory_is_said(bert: Path, compute: Compute, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Featurizer(load_encoder(bert), None)
    state = full.start(model, 3, OPTIONS, compute)

    def starved(*_given: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Featurizer, "embed", starved)
    with pytest.raises(RefusedError, match="too little memory"):
        next(CLASSIFY_FULL.tune(state, token_ids(), ANSWERS, OPTIONS, compute, pad_id=0))


@pytest.fixture
def request_(bare_project: Project, own_bert: Path, compute: Compute) -> RoundRequest:
    options = replace(OPTIONS, patience=1, epochs=4)
    texts = [f"{word} {n} please" for n in range(6) for word in ("refund money", "login password", "slow router")]
    made = space.prepare(bare_project, options, "base", own_bert, texts)
    folds = folds_of(range(18), [answer.class_id for answer in ANSWERS], 2, 0)
    work = bare_project.root / "work"
    return RoundRequest(bare_project, made, texts, ANSWERS, folds, "ab12", work, options, compute, "full")


def play(request: RoundRequest) -> Iterator[JobEvent]:
    return rounds.run(request, CLASSIFY_FULL)


def outcome(request: RoundRequest) -> tuple[list[tuple[int, list[float]]], bytes]:
    scores = sorted((row, found.tolist()) for row, _head, found in rounds.out_of_fold(request))
    return scores, (rounds.tuned_encoder(request) / "model.safetensors").read_bytes()


def test_a_round_that_was_cut_off_ends_as_one_that_was_not(
    request_: RoundRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what was seen of the held-out texts, and the best weights, go on where they stood."""
    list(play(straight := replace(request_, work=request_.work / "straight")))
    monkeypatch.setattr(rounds, "CHECKPOINT_SECONDS", -1.0)
    monkeypatch.setattr(rounds, "TICK", -1.0)
    resumed = []
    for stop in (4, 6, 9):
        run = play(request_)
        resumed += [event.payload["text"] for event in islice(run, stop) if event.kind == "note"]
        run.close()  # type: ignore[attr-defined]
    list(play(request_))
    assert resumed, "else nothing was cut off"
    assert outcome(request_) == outcome(straight)


def test_another_recipe_makes_another_round(request_: RoundRequest) -> None:
    list(play(request_))
    few_shot = replace(request_, recipe=rounds.FEW_SHOT)
    list(rounds.run(few_shot, CLASSIFY_TRAINER))
    assert outcome(few_shot) != outcome(request_)
    assert isinstance(CLASSIFY_FULL, Watching)
    assert not isinstance(CLASSIFY_TRAINER, Watching)
