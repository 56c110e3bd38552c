"""The default: typical texts first, then half of them and half doubts, with a random audit share mixed in.

The doubts of a head that has seen a handful of labels are noise (arXiv 2403.15744), so uncertainty gets a say only once
each known class has a few labels on average; until then the pool itself decides.
"""

import numpy as np

from core.querying.base import Pick, PoolView
from core.querying.randomly import audit
from core.querying.typical import typical
from core.querying.uncertainty import margin

LABELS_PER_CLASS = 6
"""Labels a class, on average, from which the model's doubts are heard."""


def auto(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows: typical ones, doubts taking turns with them once the model is worth it, audits in between.

    The audits are drawn first and from all open rows, whether or not they are wanted for another reason: else they
    would stand for what nobody asks about, and for nothing else.
    """
    take = view.take(n)
    slots = rng.random(take) < view.audit_share
    drawn = audit(view, int(slots.sum()), rng)
    purposeful = typical(view, take, rng)
    if trusts_the_model(view):
        purposeful = _merge(margin(view, take, rng), purposeful)
    audited = {pick.row for pick in drawn}
    wanted = (pick for pick in purposeful if pick.row not in audited)
    audits = iter(drawn)
    return [next(audits) if is_audit else next(wanted) for is_audit in slots]


def trusts_the_model(view: PoolView) -> bool:
    """Whether there are labels enough for the model's doubts to mean something."""
    seen = {c for classes in view.classes for c in classes}
    return view.probabilities is not None and len(seen) > 1 and len(view.labelled) >= LABELS_PER_CLASS * len(seen)


def _merge(first: list[Pick], second: list[Pick]) -> list[Pick]:
    out: dict[int, Pick] = {}
    for pair in zip(first, second, strict=False):
        for pick in pair:
            out.setdefault(pick.row, pick)
    for pick in [*first, *second]:
        out.setdefault(pick.row, pick)
    return list(out.values())
