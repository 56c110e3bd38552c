"""Is it time to stop labelling? What can be told without any gold: how much the model still changes, and doubts.

Two models in a row answer the same texts of the pool. Criteria: their agreement beyond chance (stabilizing
predictions: Bloodgood and Vijay-Shanker 2009, arXiv 1409.5165), the share of answers that flipped (classification
change: Zhu, Wang and Hovy 2008), the mean doubt (overall uncertainty: the same), and the change of F1 that the flips
could make at most (Altschuler and Bloodgood 2019, arXiv 1901.09118). One alone errs often, so advice takes several of
them, and the forecast of the learning curve has its say (`core.evaluation.outlook`).
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from core.evaluation.agreement import cohen
from core.evaluation.outlook import Gain
from core.i18n import _

AGREE, FLIP, DOUBT, DELTA = 0.94, 0.05, 0.1, 0.05
"""From which agreement, and up to which flips, doubt and change of F1, a criterion says that it is enough.

Chosen by simulation for the least regret, a point of accuracy being worth 50 labels (`tests/bench/bench_stopping.py`).
"""
SIGNS = 3
"""As many criteria must hold before stopping is advised."""
WORTH = 50
"""As many labels a point of accuracy is worth."""
IN_A_ROW = 2
"""Looks in a row that a criterion must hold for: one alone may be chance."""


@dataclass(frozen=True, slots=True)
class Look:
    """One comparison of two models in a row."""

    labels: int
    """Labels that the newer one has learnt from."""
    n: int
    """Texts that both answered."""
    agreement: float
    """Cohen's kappa between their answers, 1 for all the same."""
    flips: float
    """Share of texts that they answer differently."""
    doubt: float
    """1 less the newer one's mean confidence in its answers."""
    delta_f: float
    """Mean over classes of 1 less the F1 of the older one's answers against the newer one's."""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(**said)

    def votes(self) -> dict[str, bool]:
        """Criterion → whether it says that it is enough."""
        return {
            "agreement": self.agreement >= AGREE,
            "flips": self.flips <= FLIP,
            "doubt": self.doubt <= DOUBT,
            "delta-F": self.delta_f <= DELTA,
        }


def look(
    labels: int,
    before: Sequence[Hashable],
    after: Sequence[Hashable],
    mean_confidence: float,
    decisions: tuple[Sequence[Hashable], Sequence[Hashable]] | None = None,
) -> Look:
    """Compare the answers of two models to the same texts, at least one.

    `decisions`: the older and the newer ones that the answers are made of, if they are made of many (as of words, by
    which agreement is told where words are tagged: Bloodgood and Vijay-Shanker, section 3); else each answer is one.
    """
    n = len(after)
    flips = sum(one != other for one, other in zip(before, after, strict=True)) / n
    old, new = decisions if decisions and decisions[0] else (before, after)
    return Look(labels, n, kappa(old, new), flips, 1.0 - mean_confidence, delta_f(old, new))


def kappa(one: Sequence[Hashable], other: Sequence[Hashable]) -> float:
    """Cohen's kappa of two lists of as many answers, at least one; 1 where all are the same."""
    found = cohen(list(zip(one, other, strict=True))).value
    return 1.0 if found is None else found


def delta_f(before: Sequence[Hashable], after: Sequence[Hashable]) -> float:
    """1 less the mean F1 of the older answers against the newer, over all answers given; 0 where all are the same."""
    both = Counter(a for a, b in zip(before, after, strict=True) if a == b)
    old, new = Counter(before), Counter(after)
    found = [2 * both[value] / (old[value] + new[value]) for value in {*old, *new}]
    return 1.0 - sum(found) / len(found)


def standing(looks: Sequence[Look]) -> dict[str, bool]:
    """Criterion → whether it has held in each of the last looks; none holds while there are too few."""
    last = looks[-IN_A_ROW:]
    if len(last) < IN_A_ROW:
        return dict.fromkeys(("agreement", "flips", "doubt", "delta-F"), False)
    return {name: all(one.votes()[name] for one in last) for name in last[-1].votes()}


@dataclass(frozen=True, slots=True)
class Advice:
    """Whether to go on labelling."""

    stop: bool
    signs: dict[str, bool]
    """Criterion → whether it says that it is enough."""
    gain: Gain | None
    """None: not known."""


def advise(looks: Sequence[Look], gain: Gain | None) -> Advice:
    """Stop where most criteria say so, unless the forecast of the learning curve expects more than labels cost."""
    signs = standing(looks)
    stop = sum(signs.values()) >= SIGNS and (gain is None or 100 * gain.value * WORTH < gain.more)
    return Advice(stop, signs, gain)


def words(advice: Advice) -> str:
    """One line for people."""
    held = [name for name, holds in advice.signs.items() if holds]
    said = _("{n} of {all} signs say enough").format(n=len(held), all=len(advice.signs))
    if held:
        said += _(" ({names})").format(names=", ".join(held))
    if advice.stop:
        return _("You may stop: {said}.").format(said=said)
    if len(held) >= SIGNS:
        return _("Go on: {said}, but the curve still rises.").format(said=said)
    return _("Go on: {said}.").format(said=said)
