"""How the instant head is fitted: strength of the penalty and temperature, chosen by labels each did not see.

Both are chosen anew only when the labels have grown by a tenth, so that a label costs one fit. A head on few labels is
far too modest (its logits are shrunk by the penalty), and picking by its doubts needs them to mean something; so its
logits are divided by a temperature (Guo et al. 2017, arXiv 1706.04599) fitted out of fold, drawn towards a usual one
as far as few labels can't tell.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

PENALTIES = (1.0, 10.0, 100.0)
USUAL = 10.0
"""Inverse strength of the penalty until there are labels to choose by."""
USUAL_TEMPERATURE = 0.5
WEIGHT = 8.0
"""As many labels the usual temperature is worth: the width of its prior on a logarithmic scale is one over its root."""
TEMPERATURES = np.geomspace(0.05, 4.0, 89)
GROWTH = 1.1
LEAST = 10
"""Labels below which nothing is chosen."""
MOST_CLASSES = 40
"""Classes above which the penalty stays the usual one: each trial costs seconds there, and gains nothing."""


@dataclass(frozen=True, slots=True)
class HeadRecipe:
    """What was chosen, and at how many labels."""

    c: float = USUAL
    """Inverse strength of the L2 penalty."""
    temperature: float = USUAL_TEMPERATURE
    """Logits are divided by it."""
    n_labels: int = 0
    cut: float = 0.5
    """Probability from which a class is answered that `cuts` says nothing about, where classes don't exclude others."""
    cuts: Mapping[int, float] = field(default_factory=dict)
    """The same by class id."""
    unlabelled: str = ""
    """How the head draws on texts without a label (`core.training.unlabelled`); empty: not at all."""

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """What `asdict` gave, after a way through JSON."""
        cuts = {int(class_id): float(cut) for class_id, cut in said.get("cuts", {}).items()}
        return cls(**{**said, "cuts": cuts})

    def serves(self, n_labels: int) -> bool:
        """Whether it need not be chosen anew for so many labels."""
        return n_labels < max(LEAST, self.n_labels * GROWTH) and n_labels * GROWTH >= self.n_labels


OutOfFold = Callable[[float], tuple[NDArray[np.float32], NDArray[np.int64]]]
"""penalty → logits [m, classes] of texts judged by a head that did not see them, and the place of their class [m]
(or, where classes don't exclude each other, which they are given [m, classes])."""
Temper = Callable[[NDArray[np.float32], NDArray[np.int64]], tuple[float, float]]
"""Both of these → (best temperature, mean loss at it)."""


def choose(n_labels: int, n_classes: int, out_of_fold: OutOfFold, temper: Temper | None = None) -> HeadRecipe:
    """The penalty with the least out-of-fold loss, each at its best temperature (`fit_temperature` if not given)."""
    penalties: Sequence[float] = PENALTIES if n_labels >= LEAST and n_classes <= MOST_CLASSES else (USUAL,)
    found = []
    for c in penalties:
        logits, gold = out_of_fold(c)
        temperature, loss = (temper or fit_temperature)(logits, gold)
        found.append((loss, abs(math.log(c / USUAL)), c, temperature))
    _loss, _distance, c, temperature = min(found)
    return HeadRecipe(c, temperature, n_labels)


def text_losses(logits: NDArray[np.float32], gold: NDArray[np.int64], temperature: float) -> NDArray[np.float64]:
    """The log loss of each text at a temperature, [m]; NaN where its head never saw the class (place -1)."""
    losses = np.full(len(gold), np.nan)
    told = gold >= 0
    if told.any():
        losses[told] = _losses(logits[told].astype(np.float64) / temperature, gold[told])
    return losses


def is_better(losses: NDArray[np.float64], than: NDArray[np.float64]) -> bool:
    """Whether losses [m] are lower than others of the same texts by more than a standard error of the difference.

    The rule of one standard error (Breiman et al. 1984): what changes little is not done. Texts without a loss (NaN) on
    either side don't count.
    """
    gain = than - losses
    gain = gain[~np.isnan(gain)]
    if len(gain) < 2:  # one difference has no spread
        return False
    return float(gain.mean()) > float(gain.std(ddof=1)) / math.sqrt(len(gain))


def fit_temperature(logits: NDArray[np.float32], gold: NDArray[np.int64]) -> tuple[float, float]:
    """(temperature, mean loss at it) for logits [m, classes] and the place of the right class [m].

    Texts of a class that their head never saw (place -1) say nothing about its temperature. Without any text: the
    usual one, and no loss.
    """
    told = gold >= 0
    if not told.any():
        return USUAL_TEMPERATURE, 0.0
    z, y = logits[told].astype(np.float64), gold[told]
    return best_temperature(lambda t: _loss(z / t, y), len(y))


def best_temperature(loss_at: Callable[[float], float], n: int) -> tuple[float, float]:
    """(temperature, mean loss at it), drawn towards the usual one; `loss_at`: mean loss of `n` texts."""
    losses = np.array([loss_at(float(t)) for t in TEMPERATURES])
    prior = WEIGHT / 2 * np.log(TEMPERATURES / USUAL_TEMPERATURE) ** 2
    best = int(np.argmin(losses * n + prior))
    return float(TEMPERATURES[best]), float(losses[best])


def _loss(z: NDArray[np.float64], y: NDArray[np.int64]) -> float:
    return float(np.mean(_losses(z, y)))


def _losses(z: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.float64]:
    top = z.max(axis=1)
    found: NDArray[np.float64] = np.log(np.exp(z - top[:, None]).sum(axis=1)) + top - z[np.arange(len(y)), y]
    return found
