"""The default: uncertainty herding, with a random audit share mixed in; random picking where picking does not pay.

Herding needs no phases: before there is a model it covers the pool, and it turns to doubts as far as the calibrated
model has any that mean something. What it costs to trust it is watched: once enough audit labels are there to compare
labels that were picked with as many that were drawn, and the comparison says that picking loses, texts are drawn at
random until it says something else (`core.evaluation.paying`).

What was said about classes helps to find those without a label: their keywords first, then what sounds like their names
and descriptions, taking turns with what the pool itself offers. From a class's first label on, the model decides.

What the model answers by itself is left to it, but for audits, and spot checks in a share of the places.
"""

from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import zip_longest

import numpy as np

from core.querying.base import Pick, PoolView
from core.querying.herding import herding
from core.querying.named import by_names
from core.querying.pool import label_counts
from core.querying.randomly import audit, randomly, spot_check
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
    audited = {pick.row for pick in drawn}
    if len(view.settled):
        wanted = _beside_the_settled(view, take, rng, audited)
    else:
        wanted = [pick for pick in _doubtful(view, take, rng) if pick.row not in audited]
    audits, others = iter(drawn), iter(wanted)
    return [next(audits) if is_audit else next(others) for is_audit in slots]


def _doubtful(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    return _purposeful(view, n, rng) if view.picking_pays else randomly(view, n, rng)


def _beside_the_settled(view: PoolView, n: int, rng: np.random.Generator, audited: AbstractSet[int]) -> list[Pick]:
    """What the model does not answer by itself, with spot checks between; those alone once it is used up."""
    left = np.setdiff1d(view.open, view.settled)
    doubtful = _doubtful(replace(view, open=left), min(n, len(left)), rng) if len(left) else []
    wanted = (replace(pick, probability=None) for pick in doubtful)  # drawn or not, it was not from all
    checks = iter(spot_check(view, len(view.settled), rng))
    found: dict[int, Pick] = {}
    for is_check in [*(rng.random(n) < view.spot_share), *[False] * n, *[True] * len(view.settled)]:
        pick = next(checks if is_check else wanted, None)
        if pick is not None and pick.row not in audited:
            found.setdefault(pick.row, pick)
    return list(found.values())


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
