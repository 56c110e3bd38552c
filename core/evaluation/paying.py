"""Does picking pay? Labels that were picked against as many that were drawn at random, on texts neither has seen.

The audit labels are cut into folds. For each fold two models are trained on as many labels: the audit labels of the
other folds, and the first labels that were picked on purpose. Both answer the fold's texts, which were drawn at random
and so stand for the pool. Only texts that exactly one of them answers right tell anything (McNemar 1947): the interval
of the difference follows from the share of those that speak for picking.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from core.evaluation.intervals import ENOUGH, wilson
from core.i18n import _

if TYPE_CHECKING:  # the terminal says what was found without numpy
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Answers = Callable[[Rows, Rows], NDArray[np.bool_] | None]
    """(rows to learn from, rows to answer) → which are right; None if the first are not enough to learn from"""
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Paying:
    """What the comparison says."""

    n: int
    """Audit labels that were compared."""
    difference: float | None = None
    """Accuracy with picked labels less accuracy with drawn ones; None: too few to tell."""
    interval: tuple[float, float] | None = None
    """90 %."""

    @property
    def pays(self) -> bool:
        """False only if picking is worse beyond doubt."""
        return self.interval is None or self.interval[1] >= 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def from_json(said: Mapping[str, Any] | None) -> Paying | None:
    """What `as_json` gave."""
    if not said:
        return None
    interval = said["interval"]
    return Paying(int(said["n"]), said["difference"], None if interval is None else (interval[0], interval[1]))


def compare(audit: "Rows", picked: "Rows", answers: "Answers", rng: "np.random.Generator") -> Paying:
    """Compare on audit rows [a], with picked rows [p] in the order they were answered."""
    import numpy as np

    if len(audit) < ENOUGH or len(picked) < ENOUGH:
        return Paying(min(len(audit), len(picked)))
    order = rng.permutation(audit)
    better = worse = judged = 0
    for fold in range(FOLDS):
        held = order[fold::FOLDS]
        drawn = np.setdiff1d(order, held)
        size = min(len(drawn), len(picked))
        ours, theirs = answers(picked[:size], held), answers(drawn[:size], held)
        if ours is None or theirs is None:
            continue
        better += int((ours & ~theirs).sum())
        worse += int((theirs & ~ours).sum())
        judged += len(held)
    if judged < ENOUGH:
        return Paying(judged)
    differ = better + worse
    low, high = wilson(better, differ) or (0.5, 0.5)
    share = differ / judged
    return Paying(judged, (better - worse) / judged, ((2 * low - 1) * share, (2 * high - 1) * share))


def words(found: Paying | None) -> str:
    """One line for people."""
    if found is None or found.difference is None or found.interval is None:
        n = found.n if found else 0
        return _("Is picking paying? Can't tell yet: {n} of {enough} audit labels.").format(n=n, enough=ENOUGH)
    said = _(
        "{points:+.0f} points ({low:+.0f} to {high:+.0f}) against labels drawn at random, on {n} audit labels"
    ).format(points=100 * found.difference, low=100 * found.interval[0], high=100 * found.interval[1], n=found.n)
    if found.interval[0] > 0:
        return _("Picking pays: {said}.").format(said=said)
    if not found.pays:
        return _("Picking does not pay, so texts are drawn at random: {said}.").format(said=said)
    return _("Is picking paying? Can't tell yet: {said}.").format(said=said)
