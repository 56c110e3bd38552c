"""Fine-tuning on few labels: it learns, it repeats itself bit for bit, and it fails in words."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RefusedError
from core.settings import Settings
from core.tasks.classify import ClassAnswer
from core.training import tune as module
from core.training.classify import CLASSIFY_TRAINER
from core.training.device import Compute
from core.training.embed import pad
from core.training.featurizer import Featurizer, load_encoder
from core.training.tune import (
    TEMPERATURE,
    Step,
    TuneState,
    balanced_batch,
    contrastive_loss,
    kept,
    planned_steps,
    start,
    tune,
)

QUICK = Settings(epochs=6, batch_size=8, learning_rate=2e-3, dropout=0.1)
LABELS = [0, 1, 2] * 6


def token_ids(n: int = len(LABELS), seed: int = 0) -> list[list[int]]:
    """Random texts in which the class's own token stands somewhere."""
    draw = np.random.default_rng(seed)
    found = []
    for i in range(n):
        body = draw.integers(10, 60, draw.integers(1, 12)).tolist()
        body[int(draw.integers(len(body)))] = 80 + LABELS[i]
        found.append([2, *body, 3])
    return found


def fresh(directory: Path, options: Settings, compute: Compute) -> TuneState:
    return start(Featurizer(load_encoder(directory, dropout=options.dropout), None), 3, options, compute)


def run(state: TuneState, options: Settings, compute: Compute, labels: Sequence[int] = LABELS) -> list[Step]:
    return list(tune(state, token_ids(), labels, options, compute, pad_id=0))


def weights(state: TuneState) -> dict[str, torch.Tensor]:
    named = [*state.model.named_parameters(), *state.classifier.named_parameters()]
    return {name: parameter.detach().clone() for name, parameter in named}


def distance(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> float:
    return max(float((one[name] - two[name]).abs().max()) for name in one)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_the_loss_falls(bert: Path, compute: Compute, optimizer: str) -> None:
    rate = 2e-3 if optimizer == "adamw" else 0.05
    options = replace(QUICK, optimizer=optimizer, learning_rate=rate)
    steps = run(fresh(bert, options, compute), options, compute)
    losses = [step.loss for step in steps]
    assert np.mean(losses[-4:]) < 0.8 * np.mean(losses[:4])
    assert [(step.step, step.steps) for step in steps] == [(i + 1, 18) for i in range(18)]


def test_each_optimiser_is_the_one_asked_for(bert: Path, compute: Compute) -> None:
    kinds = {name: type(fresh(bert, replace(QUICK, optimizer=name), compute).optimizer) for name in ("adamw", "sgd")}
    assert kinds == {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}


def test_the_same_seed_gives_the_same_weights_bit_for_bit(bert: Path, compute: Compute) -> None:
    one, two, other = (fresh(bert, replace(QUICK, seed=seed), compute) for seed in (3, 3, 4))
    torch.manual_seed(99)
    said = run(one, replace(QUICK, seed=3), compute)
    torch.manual_seed(7)
    assert run(two, replace(QUICK, seed=3), compute) == said
    run(other, replace(QUICK, seed=4), compute)
    assert distance(weights(one), weights(two)) == 0.0
    assert distance(weights(one), weights(other)) > 0.0


def blended(encoder: Path, compute: Compute, share: float) -> dict[str, torch.Tensor]:
    """The weights after a round's tuning that keeps this share of what it changed."""
    options = replace(QUICK, blend=share)
    model = Featurizer(load_encoder(encoder, dropout=options.dropout), None)
    answers = [ClassAnswer(10 + label) for label in LABELS]
    state = CLASSIFY_TRAINER.start(model, answers, options, compute)
    list(CLASSIFY_TRAINER.tune(state, token_ids(), answers, options, compute, pad_id=0))
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def test_a_short_tuning_is_kept_whole_and_a_long_one_goes_back_as_far_as_asked() -> None:
    assert [kept(steps, 0.5) for steps in (1, 12, 25)] == [1.0] * 3
    assert [kept(steps, 0.5) for steps in (200, 400)] == [0.5] * 2
    found = [kept(steps, 0.3) for steps in range(25, 201)]
    assert found == sorted(found, reverse=True)
    assert [kept(steps, 1.0) for steps in (10, 50, 400)] == [1.0] * 3


def test_blended_weights_lie_between_the_untouched_and_the_tuned_ones(
    bert: Path, compute: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = blended(bert, compute, 0.0)
    monkeypatch.setattr(module, "SHORT", 1)
    monkeypatch.setattr(module, "LONG", 2)
    plain = {name: p.detach() for name, p in load_encoder(bert).named_parameters(prefix="encoder")}
    none, some, every = (blended(bert, compute, share) for share in (0.0, 0.25, 1.0))
    assert distance(none, plain) == 0.0
    assert distance(every, plain) > 1e-3
    assert distance(whole, every) == 0.0
    assert all(
        torch.allclose(some[name], plain[name] + 0.25 * (every[name] - plain[name]), atol=1e-6) for name in plain
    )


def moved_by(encoder: Path, compute: Compute, frozen: float) -> tuple[set[str], set[str]]:
    """Names of the weights that a tuning moved, and of those it did not (the pooler has no part in it)."""
    options = replace(QUICK, frozen=frozen)
    state = fresh(encoder, options, compute)
    before = weights(state)
    run(state, options, compute)
    moved = {name for name, value in weights(state).items() if not torch.equal(value, before[name])}
    return moved, {name for name in before if name not in moved and "pooler" not in name}


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta"])
def test_with_no_layer_frozen_only_the_embedding_matrix_does_not_move(
    encoders: dict[str, Path], compute: Compute, kind: str
) -> None:
    moved, unmoved = moved_by(encoders[kind], compute, 0.0)
    assert moved
    assert all("word_embeddings" in name for name in unmoved)


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta"])
def test_half_of_the_layers_frozen_leaves_all_below_the_upper_one_alone(
    encoders: dict[str, Path], compute: Compute, kind: str
) -> None:
    moved, unmoved = moved_by(encoders[kind], compute, 0.5)
    assert all("layer.1." in name or not name.startswith("encoder.") for name in moved)
    assert any("layer.1." in name for name in moved)
    assert all("embeddings" in name or "layer.0." in name for name in unmoved)


def test_a_long_text_is_tuned_on_by_its_beginning_and_its_end_token() -> None:
    assert module.shortened([1, 5, 6, 7, 8, 2], 4) == [1, 5, 6, 2]
    assert module.shortened([1, 5, 2], 4) == [1, 5, 2]


def test_dropout_is_on_while_tuning(bert: Path, compute: Compute) -> None:
    firsts = []
    for rate in (0.0, 0.5):
        options = replace(QUICK, dropout=rate, max_steps=1)
        firsts.append(run(fresh(bert, options, compute), options, compute)[0].loss)
    assert firsts[0] != firsts[1]


@pytest.mark.parametrize(
    ("change", "steps"), [({}, 18), ({"epochs": 2}, 6), ({"max_steps": 4}, 4), ({"batch_size": 32}, 6)]
)
def test_planned_steps_follow_the_options(change: dict[str, Any], steps: int) -> None:
    assert planned_steps(len(LABELS), replace(QUICK, **change)) == steps
    assert planned_steps(1, Settings(epochs=1)) == 1


def test_the_rate_warms_up_and_falls_to_nearly_nothing(bert: Path, compute: Compute) -> None:
    state = fresh(bert, QUICK, compute)
    seen = []
    for step in range(20):
        module.set_rate(state.optimizer, 1.0, step, 20)
        seen.append(state.optimizer.param_groups[0]["lr"])
    assert seen[:3] == [0.5, 1.0, 1.0]
    assert seen[2:] == sorted(seen[2:], reverse=True)
    assert 0.0 < seen[-1] < 0.1
    assert state.optimizer.param_groups[1]["lr"] == pytest.approx(20 * seen[-1])


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=60), st.integers(2, 16), st.integers(0, 9), st.integers(0, 30))
def test_a_batch_is_balanced_as_far_as_the_texts_go(labels: list[int], size: int, seed: int, step: int) -> None:
    y = np.array(labels)
    rows = balanced_batch(y, size, seed, step)
    assert rows.tolist() == sorted(set(rows.tolist()))
    found = {int(c): int((y[rows] == c).sum()) for c in np.unique(y)}
    turns, more = divmod(size, len(found))
    for c, n in found.items():
        there = int((y == c).sum())
        # a class has `turns` or one more; a text that comes round again within the batch is not taken twice
        assert bool(turns) <= n <= turns + bool(more)
        assert n == there or turns < 2 * there


def test_a_batch_has_each_class_equally_often_if_there_are_texts_enough() -> None:
    y = np.repeat([0, 1, 2, 3], [60, 20, 12, 8])
    for step in range(40):
        assert np.bincount(y[balanced_batch(y, 8, 1, step)]).tolist() == [2, 2, 2, 2]
    drawn = np.concatenate([balanced_batch(y, 8, 1, step) for step in range(30)])
    times = np.bincount(drawn, minlength=len(y))
    assert times[:60].tolist() == [1] * 60, "every text of the largest class has had its turn before one is repeated"


def test_a_batch_is_a_function_of_seed_and_step_alone() -> None:
    y = np.array([0, 1, 2, 0, 1, 2, 0, 0, 1])
    first = balanced_batch(y, 5, 1, 7).tolist()
    np.random.seed(3)
    torch.manual_seed(3)
    balanced_batch(y, 5, 1, 6)
    assert balanced_batch(y, 5, 1, 7).tolist() == first
    assert any(balanced_batch(y, 5, 2, step).tolist() != balanced_batch(y, 5, 1, step).tolist() for step in range(5))


def slow_contrastive(vectors: torch.Tensor, labels: list[int]) -> float:
    """Supervised contrastive loss, written as in the paper: for each anchor over its positives, over all others."""
    rows = []
    for i, anchor in enumerate(vectors):
        others = [j for j in range(len(vectors)) if j != i]
        positives = [j for j in others if labels[j] == labels[i]]
        if not positives:
            continue
        total = sum(torch.exp(anchor @ vectors[j] / TEMPERATURE) for j in others)
        logs = [torch.log(torch.exp(anchor @ vectors[p] / TEMPERATURE) / total) for p in positives]
        rows.append(-sum(logs) / len(positives))
    return float(sum(rows) / len(rows)) if rows else 0.0


@pytest.mark.parametrize("labels", [[0, 0, 1, 1, 2], [0, 0, 0, 0], [0, 1, 2, 3], [0], [0, 0], [1, 0, 1, 0, 1, 0, 2]])
def test_the_contrastive_loss_equals_a_slow_loop(labels: list[int]) -> None:
    torch.manual_seed(0)
    vectors = torch.nn.functional.normalize(torch.randn(len(labels), 6, dtype=torch.float64), dim=1)
    found = contrastive_loss(vectors, torch.tensor(labels))
    assert float(found) == pytest.approx(slow_contrastive(vectors, labels), abs=1e-6)


def test_the_contrastive_loss_has_a_finite_gradient_even_without_pairs() -> None:
    for labels in ([0, 1, 2], [0, 0, 1], [0]):
        vectors = torch.randn(len(labels), 6, requires_grad=True)
        contrastive_loss(torch.nn.functional.normalize(vectors, dim=1), torch.tensor(labels)).backward()  # type: ignore[no-untyped-call]
        assert vectors.grad is not None
        assert torch.isfinite(vectors.grad).all()


def test_alike_texts_of_one_class_lose_less_than_strewn_ones() -> None:
    near = torch.nn.functional.normalize(torch.tensor([[1.0, 0], [1, 0.1], [0, 1], [0.1, 1]]), dim=1)
    assert contrastive_loss(near, torch.tensor([0, 0, 1, 1])) < contrastive_loss(near, torch.tensor([0, 1, 0, 1]))


def test_a_batch_in_pieces_of_like_length_has_the_same_vectors(bert: Path, compute: Compute) -> None:
    model = Featurizer(load_encoder(bert), None).eval()
    ids = token_ids()
    whole = model.embed(*pad(ids, 0))
    texts = module.Texts.of(model, 0, ids, compute, 0)
    assert torch.allclose(texts.vectors(range(len(ids))), whole, atol=1e-5)


def test_a_loss_that_is_no_number_is_refused(bert: Path, compute: Compute) -> None:
    state = fresh(bert, QUICK, compute)
    steps = tune(state, token_ids(), LABELS, QUICK, compute, pad_id=0)
    next(steps)
    with torch.no_grad():
        state.classifier.bias[0] = float("nan")
    with pytest.raises(RefusedError, match="no number") as caught:
        next(steps)
    assert "Step 2 of 18" in caught.value.what
    assert state.step == 1


class Starved:
    """Makes memory run out in chosen calls of `Featurizer.embed`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fails: set[int], error: type[Exception], words: str) -> None:
        self.calls = 0
        embed = Featurizer.embed

        def failing(model: Featurizer, input_ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            if self.calls in fails:
                raise error(words)
            return embed(model, input_ids, mask)

        monkeypatch.setattr(Featurizer, "embed", failing)


MEMORY = [
    (torch.OutOfMemoryError, "CUDA out of memory"),
    (RuntimeError, "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"),
    (MemoryError, ""),
]


@pytest.mark.parametrize(("error", "words"), MEMORY)
def test_memory_that_runs_out_once_costs_nothing_but_time(
    bert: Path, compute: Compute, monkeypatch: pytest.MonkeyPatch, error: type[Exception], words: str
) -> None:
    # without dropout and pairs across the batch, the gradient of two halves is that of the whole
    options = replace(QUICK, dropout=0.0, contrastive=0.0, max_steps=3, optimizer="sgd")
    straight, starved = fresh(bert, options, compute), fresh(bert, options, compute)
    expected = run(straight, options, compute)
    with monkeypatch.context() as patch:
        Starved(patch, {2}, error, words)
        found = run(starved, options, compute)
    assert [s.loss for s in found] == pytest.approx([s.loss for s in expected], abs=1e-4)
    assert distance(weights(straight), weights(starved)) < 1e-5


@pytest.mark.parametrize(("error", "words"), MEMORY)
def test_memory_that_runs_out_again_ends_the_round_in_words(
    bert: Path, compute: Compute, monkeypatch: pytest.MonkeyPatch, error: type[Exception], words: str
) -> None:
    starved = Starved(monkeypatch, {1, 2}, error, words)
    with pytest.raises(RefusedError, match="too little memory") as caught:
        run(fresh(bert, QUICK, compute), QUICK, compute)
    assert "batch_size" in caught.value.hint
    assert starved.calls == 2, "one retry, never an endless loop"


def test_other_errors_are_not_retried(bert: Path, compute: Compute, monkeypatch: pytest.MonkeyPatch) -> None:
    starved = Starved(monkeypatch, {1}, RuntimeError, "shapes cannot be multiplied")
    with pytest.raises(RuntimeError, match="shapes"):
        run(fresh(bert, QUICK, compute), QUICK, compute)
    assert starved.calls == 1


def test_in_half_precision_it_learns_too(bert: Path, compute: Compute) -> None:
    half = replace(compute, bf16=True)
    steps = run(fresh(bert, QUICK, half), QUICK, half)
    assert steps[-1].loss < steps[0].loss
