"""How sure a tagger is of what it marks, made to mean what it says: of each span, and of a text as a whole.

A span's probability is what `core.tags.spans_of` makes of its words, their logits divided by a temperature (Guo et al.
2017, arXiv 1706.04599): the one at which taggers that had not seen the texts were right about their spans as often as
they said. A text as a whole is right if every word is. Were words independent, that would be as probable as the product
of their tags' probabilities; they are not, mistakes come together, so the product is raised to a power, which is fitted
in the same way. One number each, drawn towards 1 as far as few texts can't tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

TEMPERATURES = 2.0 ** np.arange(-1.25, 2.01, 0.125)
POWERS = 2.0 ** np.arange(-4.0, 2.01, 0.125)
WEIGHT = 8.0
"""As many spans, or texts, no change at all is worth: the width of its prior on a logarithmic scale is one by root."""
SURELY = 1e-4
"""Nothing is held for more certain than this far from 0 and 1, when probabilities are judged."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sureness:
    """What was fitted, and on how many labelled texts."""

    temperature: float = 1.0
    """Logits of words are divided by it."""
    power: float = 1.0
    """The product over a text's words is raised to it."""
    n_labels: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any] | None) -> Self:
        """What `as_json` gave; of nothing, that nothing was fitted."""
        return cls(**said) if said else cls()

    def of_text(self, logp: NDArray[np.floating], tags: NDArray[np.int64]) -> float:
        """How probable it is that all tags [words] of a text are right, by their log-probabilities [words, tags]."""
        return float(np.exp(self.power * joint(logp, tags)))


@dataclass(frozen=True, slots=True)
class Trial:
    """One text, marked by a tagger that had not seen it, at each of the temperatures."""

    spans: Sequence[Sequence[tuple[float, bool]]]
    """For each temperature the (probability, whether it is right) of every span that can be judged."""
    joint: Sequence[float]
    """For each temperature the logarithm of the product over words."""
    right: bool | None
    """Whether the text as a whole is right; None where that is not known."""


def joint(logp: NDArray[np.floating], tags: NDArray[np.int64]) -> float:
    """Logarithm of the product of the probabilities of tags [words]; nought of no words."""
    return float(logp[np.arange(len(tags)), tags].astype(np.float64).sum())


def fit(trials: Sequence[Trial]) -> Sureness:
    """The temperature at which spans, and then the power at which texts, have the least log loss."""
    losses = np.array([[_loss(one) for one in trial.spans] for trial in trials])
    best = _least(losses.reshape(len(trials), len(TEMPERATURES)).sum(axis=0), TEMPERATURES)
    known = [trial for trial in trials if trial.right is not None]
    together = np.array([trial.joint[best] for trial in known])
    right = np.array([trial.right for trial in known], np.bool_)
    sums = np.array([_bernoulli(np.exp(power * together), right) for power in POWERS])
    return Sureness(float(TEMPERATURES[best]), float(POWERS[_least(sums, POWERS)]), len(trials))


def _least(losses: Floats, grid: Floats) -> int:
    return int(np.argmin(losses + WEIGHT / 2 * np.log(grid) ** 2))


def _loss(spans: Sequence[tuple[float, bool]]) -> float:
    p = np.array([p for p, _right in spans], np.float64)
    return _bernoulli(p, np.array([right for _p, right in spans], np.bool_))


def _bernoulli(p: Floats, right: NDArray[np.bool_]) -> float:
    kept = np.clip(p, SURELY, 1.0 - SURELY)
    return float(-np.log(np.where(right, kept, 1.0 - kept)).sum())
