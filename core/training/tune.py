"""Fine-tuning an encoder on few labels: supervised contrastive loss and cross-entropy inside class-balanced batches.

Every pair inside a batch is free, so nothing is encoded twice for the contrastive term (Khosla et al. 2020, arXiv
2004.11362). The embeddings do not move: they are most of the weights and a few dozen texts touch almost none of them.
Lower layers may be left as they are, too (Lee, Tang and Lin 2019, arXiv 1911.03090): a text goes through them once
then. That saves a third of the time and more, and cost a point on two of three data sets. After many steps the weights
go part of the way back to where they came from, which keeps more of what the encoder knew (Wortsman et al. 2022, arXiv
2109.01903). The loop is a generator: it yields after each step, the caller stores, draws, or cancels by closing it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.errors import RefusedError
from core.i18n import _
from core.settings import Settings
from core.show import shorten
from core.training.device import Compute, out_of_memory
from core.training.embed import autocast, pad
from core.training.featurizer import Featurizer
from core.training.still import Remembered, fits, freeze

TEMPERATURE = 0.1
WARMUP = 0.1
SHORT, LONG = 25, 200
"""Steps up to which a tuning is kept whole, and from which on the weights go back as far as the options say.

In 12 or 24 steps the weights do not get far, and going back gains nothing. After 240, on 616 labels of 77 classes, what
was tuned answered .861 right, the untouched encoder .870; weights half-way .879 (mean of three draws, so in each).
"""
PIECE = 8
"""Texts of a batch that are encoded together."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one optimiser step did."""

    step: int
    """Steps done, 1 for the first."""
    steps: int
    """Steps planned in all."""
    loss: float


class Goal(Protocol):
    """What a task wants of a fine-tuning."""

    def batch(self, labels: NDArray[np.int64], size: int, seed: int, step: int) -> NDArray[np.int64]:
        """Row numbers of one batch; a function of seed and step alone."""
        ...

    def loss(self, logits: Tensor, vectors: Tensor, target: Tensor, contrastive: float) -> Tensor:
        """The loss of a batch from logits [B, classes], unit vectors [B, d] and its rows of `labels`."""
        ...


class OneClass:
    """Each text has one class, as its number: cross-entropy, and the contrastive loss over equal classes."""

    def batch(self, labels: NDArray[np.int64], size: int, seed: int, step: int) -> NDArray[np.int64]:
        return balanced_batch(labels, size, seed, step)

    def loss(self, logits: Tensor, vectors: Tensor, target: Tensor, contrastive: float) -> Tensor:
        loss = functional.cross_entropy(logits, target)
        return loss + contrastive * contrastive_loss(vectors, target) if contrastive else loss


ONE_CLASS = OneClass()


@dataclass(slots=True)
class TuneState:
    """Everything that must be saved to go on exactly where a run stopped, and what it is to reach."""

    model: Featurizer
    classifier: nn.Linear
    optimizer: torch.optim.Optimizer
    step: int = 0
    goal: Goal = ONE_CLASS
    still: int = 0
    """Layers, from the lowest on, that do not move."""
    untouched: Mapping[str, Tensor] = field(default_factory=dict)
    """The encoder's weights as they were, by name, where they are to be blended with the tuned ones."""


def planned_steps(n: int, settings: Settings) -> int:
    """Optimiser steps for n labelled texts."""
    return max(1, min(settings.max_steps, math.ceil(n / settings.batch_size) * settings.epochs))


def start(model: Featurizer, n_classes: int, settings: Settings, compute: Compute) -> TuneState:
    """Set the encoder up for tuning: a fresh classifier, lower layers and embeddings frozen, the optimiser."""
    torch.manual_seed(settings.seed)
    model.to(compute.device).train()
    still = freeze(model.encoder, settings.frozen)
    hidden = int(model.config.hidden_size)
    classifier = nn.Linear(hidden, n_classes).to(compute.device)
    groups = [
        {"params": [p for p in model.encoder.parameters() if p.requires_grad], "scale": 1.0},
        {"params": list(classifier.parameters()), "scale": 20.0},
    ]
    return TuneState(model, classifier, optimizer_for(groups, settings), still=still)


def moving(model: Featurizer) -> dict[str, Tensor]:
    """Copies of the weights that a tuning moves, by name."""
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


def kept(steps: int, share: float) -> float:
    """Share of its change that each weight keeps after so many steps; `share`: that after a long tuning."""
    far = math.log(max(steps, 1) / SHORT) / math.log(LONG / SHORT)
    return 1.0 - (1.0 - share) * min(1.0, max(0.0, far))


def blend(state: TuneState, share: float) -> None:
    """Let the tuned weights keep this share of their way from the untouched ones, in place."""
    with torch.no_grad():
        for name, parameter in state.model.named_parameters():
            if name in state.untouched:
                parameter.copy_(torch.lerp(state.untouched[name], parameter, share))


def optimizer_for(groups: list[dict[str, object]], settings: Settings) -> torch.optim.Optimizer:
    """The optimiser that the options ask for."""
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=0.9, weight_decay=decay)
    return torch.optim.AdamW(groups, lr=rate, weight_decay=decay, fused=True)


def balanced_batch(labels: NDArray[np.int64], size: int, seed: int, step: int) -> NDArray[np.int64]:
    """Row numbers of one batch: classes in turn, texts within a class shuffled anew each time it is used up.

    A function of seed and step alone, so that a resumed run draws what the straight one would have drawn.
    """
    classes = np.unique(labels)
    per_class = {int(c): np.flatnonzero(labels == c) for c in classes}
    first = step * size
    rows = []
    for place in range(first, first + size):
        lap, turn = divmod(place, len(classes))
        order = np.random.default_rng((seed, 1, lap)).permutation(classes)
        members = per_class[int(order[turn])]
        again, within = divmod(lap, len(members))
        rows.append(np.random.default_rng((seed, 2, int(order[turn]), again)).permutation(members)[within])
    return np.array(sorted(set(rows)), np.int64)


def contrastive_loss(vectors: Tensor, labels: Tensor) -> Tensor:
    """Supervised contrastive loss over unit vectors [B, d] with class numbers [B]; zero if no class occurs twice."""
    similar = vectors @ vectors.T / TEMPERATURE
    same = (labels[:, None] == labels[None, :]).float()
    eye = torch.eye(len(labels), device=labels.device)
    same = same - eye
    logp = similar - torch.logsumexp(similar - eye * 1e9, dim=1, keepdim=True)
    pairs = same.sum(1)
    per_row = (same * logp).sum(1) / pairs.clamp(min=1.0)
    return -(per_row * (pairs > 0)).sum() / (pairs > 0).sum().clamp(min=1)


def tune(
    state: TuneState,
    token_ids: Sequence[Sequence[int]],
    labels: Sequence[int] | NDArray[np.int64],
    settings: Settings,
    compute: Compute,
    *,
    pad_id: int,
) -> Iterator[Step]:
    """Train `state` in place on token ids and labels (class numbers 0…C−1, or what its goal wants), step by step.

    Raises RefusedError if the loss stops being a number, or if memory runs out in a step and again in its two halves.
    """
    y = np.asarray(labels, np.int64)
    steps = planned_steps(len(y), settings)
    cut = [shortened(ids, settings.tune_length) for ids in token_ids]
    texts = Texts.of(state.model, state.still, cut, compute, pad_id)
    while state.step < steps:
        rows = state.goal.batch(y, settings.batch_size, settings.seed, state.step)
        set_rate(state.optimizer, settings.learning_rate, state.step, steps)
        torch.manual_seed(settings.seed * 1_000_003 + state.step)  # dropout, the same after a resume
        loss = _step_with_retry(state, texts, rows, y, settings.contrastive)
        if not math.isfinite(loss):
            raise RefusedError(
                _("Training went astray: the loss is no number any more."),
                _("Step {step} of {steps}.").format(step=state.step + 1, steps=steps),
                _("Lower the learning rate (handful config DIR learning_rate) or use precision fp32."),
            )
        state.step += 1
        yield Step(state.step, steps, loss)


def shortened(ids: Sequence[int], most: int) -> Sequence[int]:
    """The beginning of a text, its last token (the one that ends it) kept."""
    return ids if len(ids) <= most else [*ids[: most - 1], ids[-1]]


def set_rate(optimizer: torch.optim.Optimizer, peak: float, step: int, steps: int) -> None:
    """Warm up, then fall to zero; each group of weights by its own `scale`."""
    warm = max(1, round(steps * WARMUP))
    factor = (step + 1) / warm if step < warm else (steps - step) / max(1, steps - warm)
    for group in optimizer.param_groups:
        group["lr"] = peak * factor * group["scale"]


@dataclass(frozen=True, slots=True)
class Texts:
    """What a tuning learns from, as the encoder takes it."""

    model: Featurizer
    token_ids: Sequence[Sequence[int]]
    compute: Compute
    pad_id: int
    below: Remembered | None
    """What the layers that do not move said of each text; None if they are gone through each time."""

    @staticmethod
    def of(model: Featurizer, still: int, token_ids: Sequence[Sequence[int]], compute: Compute, pad_id: int) -> "Texts":
        """The texts with what the `still` lowest layers say of them, if there is room for it."""
        remember = still and fits(model, token_ids)
        below = Remembered(model, still, token_ids, compute, pad_id) if remember else None
        return Texts(model, token_ids, compute, pad_id, below)

    def vectors(self, rows: Sequence[int]) -> Tensor:
        """[B, d], encoded in pieces of like length: the same numbers with far less padding."""
        order = sorted(range(len(rows)), key=lambda i: len(self.token_ids[rows[i]]))
        parts = [self._encoded([rows[i] for i in order[k : k + PIECE]]) for k in range(0, len(order), PIECE)]
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        return torch.cat(parts)[back.to(self.compute.device)]

    def _encoded(self, rows: Sequence[int]) -> Tensor:
        input_ids, mask = pad([self.token_ids[row] for row in rows], self.pad_id)
        with self.below.in_place_of_layers(rows) if self.below else nullcontext():
            return self.model.embed(input_ids.to(self.compute.device), mask.to(self.compute.device))


def _step_with_retry(
    state: TuneState, texts: Texts, rows: NDArray[np.int64], labels: NDArray[np.int64], contrastive: float
) -> float:
    try:
        return _step(state, texts, [rows], labels, contrastive)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
    # out of the handler, where the failed attempt's tensors are let go
    state.optimizer.zero_grad(set_to_none=True)
    if texts.compute.device.type == "cuda":
        torch.cuda.empty_cache()
    half = len(rows) // 2
    try:
        return _step(state, texts, [rows[:half], rows[half:]], labels, contrastive)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise RefusedError(
            _("There is too little memory for this round."),
            _("Step {step} failed twice, the second time in halves: {error}").format(
                step=state.step + 1, error=shorten(str(error), 200)
            ),
            _("Set a smaller batch_size or max_length (handful config DIR batch_size), or end other programs."),
        ) from error


def _step(
    state: TuneState,
    texts: Texts,
    parts: Sequence[NDArray[np.int64]],
    labels: NDArray[np.int64],
    contrastive: float,
) -> float:
    """One optimiser step, its gradient accumulated over the parts of the batch (row numbers)."""
    total = sum(map(len, parts))
    value = 0.0
    state.optimizer.zero_grad(set_to_none=True)
    for rows in parts:
        target = torch.from_numpy(labels[rows]).to(texts.compute.device)
        with autocast(texts.compute):
            vectors = texts.vectors(rows.tolist())
            logits = state.classifier(vectors) * 10.0
        loss = state.goal.loss(logits.float(), vectors.float(), target, contrastive)
        share = loss * (len(rows) / total)
        share.backward()  # type: ignore[no-untyped-call]
        value += float(share.detach())
    nn.utils.clip_grad_norm_([p for group in state.optimizer.param_groups for p in group["params"]], 1.0)
    state.optimizer.step()
    return value
