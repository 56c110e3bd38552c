"""The recipe `full`: plain fine-tuning as it is done with thousands of labels, and as the user sets it.

Cross-entropy on a linear classifier, every weight moves, each epoch sees each text once, the learning rate rises for a
tenth of the steps and falls to zero. With `patience` the loss on the texts that a fold holds out is looked at after
each epoch: tuning ends when it has not fallen for so many epochs, and the best epoch's weights are kept; the last
tuning, on all labels, takes as many epochs as the folds needed on average. Like every recipe it is a generator that
yields after each step, and a function of seed and step alone, so that a resumed run ends as a straight one does.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.errors import RefusedError
from core.i18n import _
from core.settings import Settings
from core.show import shorten
from core.tasks.classify import ClassAnswer
from core.training.augment import AUGMENTS
from core.training.base import Aside
from core.training.classify import ClassifyTrainer, class_numbers, places
from core.training.device import Compute, out_of_memory
from core.training.embed import autocast, pad
from core.training.featurizer import Featurizer
from core.training.tune import Step, TuneState

WARMUP = 0.1
PIECE = 8
"""Texts that go through the encoder together; a step adds up its pieces, so that any batch fits into memory."""
SCALE = 10.0
"""Logits by this much: features have unit length, and cosines alone could not be sure of anything."""
LOSSES, BEST = "losses", "best."


@dataclass(slots=True)
class FullState(TuneState):
    """A tuning that also remembers how the held-out texts were judged."""

    more: dict[str, Tensor] = field(default_factory=dict)
    """Held-out loss after each epoch, [epochs] float64, and copies of the best epoch's weights; saved with the rest."""

    @property
    def best_epoch(self) -> int:
        """Epochs after which the held-out loss was lowest; 0 if nothing was watched."""
        return int(self.more[LOSSES].argmin()) + 1 if LOSSES in self.more else 0

    def weights(self) -> Iterator[tuple[str, nn.Parameter]]:
        """All that is tuned, by name."""
        for part, module in (("model", self.model), ("classifier", self.classifier)):
            yield from ((f"{BEST}{part}.{name}", parameter) for name, parameter in module.named_parameters())

    def remember(self, loss: float) -> None:
        """Note the held-out loss after an epoch, and the weights if it is the lowest."""
        before = self.more.get(LOSSES, torch.empty(0, dtype=torch.float64))
        self.more[LOSSES] = torch.cat([before, torch.tensor([loss], dtype=torch.float64)])
        if self.best_epoch == len(before) + 1:
            self.more |= {name: parameter.detach().clone() for name, parameter in self.weights()}

    def go_back(self) -> None:
        """Put the best epoch's weights in place."""
        with torch.no_grad():
            for name, parameter in self.weights():
                parameter.copy_(self.more[name])


def start(model: Featurizer, n_classes: int, settings: Settings, compute: Compute) -> FullState:
    """A fresh classifier, and an optimiser over all weights; those with one dimension (biases, norms) do not decay."""
    torch.manual_seed(settings.seed)
    model.to(compute.device).train()
    classifier = nn.Linear(int(model.config.hidden_size), n_classes).to(compute.device)
    weights = [*model.encoder.parameters(), *classifier.parameters()]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in weights if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in weights if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return FullState(model, classifier, _optimizer(groups, settings))


def _optimizer(groups: list[dict[str, Any]], settings: Settings) -> torch.optim.Optimizer:
    if settings.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=settings.learning_rate, momentum=0.9)
    return torch.optim.AdamW(groups, lr=settings.learning_rate)


def batch_of(n: int, size: int, seed: int, step: int) -> NDArray[np.int64]:
    """Row numbers of one step's texts: every epoch goes through all `n` in an order of its own."""
    epoch, place = divmod(step, math.ceil(n / size))
    return np.random.default_rng((seed, 1, epoch)).permutation(n)[place * size : (place + 1) * size]


def rate_at(step: int, steps: int) -> float:
    """Share of the peak learning rate: up in a straight line, and down to (nearly) zero in another."""
    warm = max(1, round(steps * WARMUP))
    return (step + 1) / warm if step < warm else (steps - step) / max(1, steps - warm)


@dataclass(frozen=True, slots=True)
class Tuning:
    """What stays the same during one fine-tuning."""

    token_ids: Sequence[Sequence[int]]
    labels: NDArray[np.int64]
    """Class numbers 0…C−1, [n]"""
    settings: Settings
    compute: Compute
    pad_id: int
    epochs: int
    held_ids: Sequence[Sequence[int]] = ()
    """Texts that are watched; none if tuning ends after all its epochs."""
    held_labels: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def steps(self, state: FullState) -> Iterator[Step]:
        """Train `state` in place from where it stands, yielding after each step.

        Raises RefusedError if the loss stops being a number, or if memory does not suffice for `PIECE` texts.
        """
        n, seed = len(self.labels), self.settings.seed
        an_epoch = math.ceil(n / self.settings.batch_size)
        steps = an_epoch * self.epochs
        while state.step < steps:
            rows = batch_of(n, self.settings.batch_size, seed, state.step)
            for group in state.optimizer.param_groups:
                group["lr"] = self.settings.learning_rate * rate_at(state.step, steps)
            loss = self._step(state, rows)
            if not math.isfinite(loss):
                raise _astray(state.step + 1, steps)
            state.step += 1
            if len(self.held_ids) and state.step % an_epoch == 0:
                state.remember(self._held_out_loss(state))
                if len(state.more[LOSSES]) - state.best_epoch >= self.settings.patience:
                    steps = state.step
            if state.step == steps and len(self.held_ids):
                state.go_back()
            yield Step(state.step, steps, loss)

    def _step(self, state: FullState, rows: NDArray[np.int64]) -> float:
        """One optimiser step over these rows; returns their mean loss."""
        torch.manual_seed(self.settings.seed * 1_000_003 + state.step)  # dropout, the same after a resume
        rng = np.random.default_rng((self.settings.seed, 2, state.step))
        change = AUGMENTS[self.settings.augment]
        ids = [change(self.token_ids[row], rng) for row in rows]
        state.optimizer.zero_grad(set_to_none=True)
        try:
            total = 0.0
            for loss in self._losses(state, ids, self.labels[rows]):
                share = loss / len(rows)
                share.backward()  # type: ignore[no-untyped-call]
                total += float(share.detach())
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            raise _too_large(state.step + 1, error) from error
        nn.utils.clip_grad_norm_([p for group in state.optimizer.param_groups for p in group["params"]], 1.0)
        state.optimizer.step()
        return total

    def _held_out_loss(self, state: FullState) -> float:
        """Mean cross-entropy on the watched texts, without dropout."""
        state.model.eval()
        with torch.inference_mode():
            total = sum(float(loss) for loss in self._losses(state, self.held_ids, self.held_labels))
        state.model.train()
        return total / len(self.held_ids)

    def _losses(self, state: FullState, ids: Sequence[Sequence[int]], labels: NDArray[np.int64]) -> Iterator[Tensor]:
        """Summed cross-entropy, piece by piece of like length."""
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        for begin in range(0, len(order), PIECE):
            piece = order[begin : begin + PIECE]
            input_ids, mask = pad([ids[i] for i in piece], self.pad_id)
            with autocast(self.compute):
                vectors = state.model.embed(input_ids.to(self.compute.device), mask.to(self.compute.device))
                logits = state.classifier(vectors) * SCALE
            target = torch.from_numpy(labels[piece]).to(self.compute.device)
            yield functional.cross_entropy(logits.float(), target, reduction="sum")


def _astray(step: int, steps: int) -> RefusedError:
    return RefusedError(
        _("Training went astray: the loss is no number any more."),
        _("Step {step} of {steps}.").format(step=step, steps=steps),
        _("Lower the learning rate (--learning-rate) or use precision fp32."),
    )


def _too_large(step: int, error: BaseException) -> RefusedError:
    return RefusedError(
        _("There is too little memory for this round."),
        _("Step {step}: {error}").format(step=step, error=shorten(str(error), 200)),
        _("Set a smaller max_length (handful config DIR max_length), or end other programs."),
    )


@dataclass(frozen=True, slots=True)
class FullClassifyTrainer(ClassifyTrainer):
    """Single-label classification by the recipe `full`; the head, and what it is judged by, are as always."""

    aside: Aside = field(default_factory=Aside)

    def watching(self, aside: Aside) -> "FullClassifyTrainer":
        return replace(self, aside=aside)

    def start(
        self, model: Featurizer, answers: Sequence[ClassAnswer], settings: Settings, compute: Compute
    ) -> FullState:
        return start(model, len(set(class_numbers(answers))), settings, compute)

    def tune(
        self,
        state: TuneState,
        token_ids: Sequence[Sequence[int]],
        answers: Sequence[ClassAnswer],
        settings: Settings,
        compute: Compute,
        *,
        pad_id: int,
    ) -> Iterator[Step]:
        if not isinstance(state, FullState):
            raise TypeError(type(state))
        tuning = Tuning(
            token_ids, np.array(class_numbers(answers), np.int64), settings, compute, pad_id, settings.epochs
        )
        place = places(answers)
        known = [i for i, answer in enumerate(self.aside.answers) if answer.class_id in place]
        if settings.patience and known:
            held = np.array([place[self.aside.answers[i].class_id] for i in known], np.int64)
            tuning = replace(tuning, held_ids=[self.aside.token_ids[i] for i in known], held_labels=held)
        elif settings.patience and self.aside.best_epochs:
            tuning = replace(tuning, epochs=round(float(np.mean(self.aside.best_epochs))))
        return tuning.steps(state)


CLASSIFY_FULL = FullClassifyTrainer()
