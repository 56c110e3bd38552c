"""The default: uncertainty herding, with a random audit share mixed in; random picking where picking does not pay.

Herding needs no phases: before there is a model it covers the pool, and it turns to doubts as far as the calibrated
model has any that mean something. What it costs to trust it is watched: once enough audit labels are there to compare
labels that were picked with as many that were drawn, and the comparison says that picking loses, texts are drawn at
random until it says something else (`core.evaluation.paying`).

What was said about classes helps to find those without a label: their keywords first, then what sounds like their names
and descriptions, taking turns with what the pool itself offers. From a class's first label on, the model decides.
"""

from dataclasses import replace
from itertools import zip_longest

import numpy as np

from core.querying.base import Pick, PoolView
from core.querying.herding import herding
from core.querying.named import by_names
from core.querying.pool import label_counts
from core.querying.randomly import audit, randomly
from core.querying.seeds import seeds

HINTS = ("seeds", "named")
"""Strategies whose picks are made for a class; what they fill up with is left to herding."""


def auto(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows: picked on purpose, audits in between.

    The audits are drawn first and from all open rows, whether or not they are wanted for another reason: else they
    would stand for what nobody asks about, and for nothing else.
    """
    take = view.take(n)
    slots = rng.random(take) < view.audit_share
    drawn = audit(view, int(slots.sum()), rng) if slots.any() else []
    purposeful = _purposeful(view, take, rng) if view.picking_pays else randomly(view, take, rng)
    audited = {pick.row for pick in drawn}
    wanted = (pick for pick in purposeful if pick.row not in audited)
    audits = iter(drawn)
    return [next(audits) if is_audit else next(wanted) for is_audit in slots]


def _purposeful(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """Herding, and in every other place a text for a class without a label, while there are such."""
    herded = herding(view, n, rng)
    hints = _for_classes_without_labels(view, n, rng)
    if not hints:
        return herded
    turns = [pick for pair in zip_longest(herded, hints) for pick in pair if pick is not None]
    return list({pick.row: pick for pick in reversed(turns)}.values())[::-1][:n]


def _for_classes_without_labels(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    labels = label_counts(view)
    vectors = {c: vector for c, vector in view.class_vectors.items() if c not in labels}
    seeded = {c: rows for c, rows in view.seeded.items() if c not in labels}
    found = seeds(replace(view, seeded=seeded), n, rng) if seeded else []
    found += by_names(replace(view, class_vectors=vectors), n, rng) if vectors else []
    return [pick for pick in found if pick.strategy in HINTS]
