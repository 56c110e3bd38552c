"""The default: uncertainty herding, with a random audit share mixed in; random picking where picking does not pay.

Herding needs no phases: before there is a model it covers the pool, and it turns to doubts as far as the calibrated
model has any that mean something. What it costs to trust it is watched: once enough audit labels are there to compare
labels that were picked with as many that were drawn, and the comparison says that picking loses, texts are drawn at
random until it says something else (`core.evaluation.paying`).
"""

import numpy as np

from core.querying.base import Pick, PoolView
from core.querying.herding import herding
from core.querying.randomly import audit, randomly


def auto(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows: picked on purpose, audits in between.

    The audits are drawn first and from all open rows, whether or not they are wanted for another reason: else they
    would stand for what nobody asks about, and for nothing else.
    """
    take = view.take(n)
    slots = rng.random(take) < view.audit_share
    drawn = audit(view, int(slots.sum()), rng) if slots.any() else []
    purposeful = herding(view, take, rng) if view.picking_pays else randomly(view, take, rng)
    audited = {pick.row for pick in drawn}
    wanted = (pick for pick in purposeful if pick.row not in audited)
    audits = iter(drawn)
    return [next(audits) if is_audit else next(wanted) for is_audit in slots]
