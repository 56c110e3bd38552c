"""Uncertainty herding: cover the doubtful part of the pool. One rule from the first label to the last.

After Bae, Sutherland and Oliveira (2024, arXiv 2412.20644), which joins MaxHerding (arXiv 2407.12212) and uncertainty
sampling: every pool text is covered as well as its most similar asked text covers it, and the next text is the one that
adds most coverage, summed over the pool with each text weighted by the model's doubt about it. Without a model, and as
long as a calibrated one doubts everything alike, that picks typical, spread-out texts; as the model learns, the weight
moves to where it hesitates. There is no phase to switch and no number of labels to know beforehand.

Classes with few labels so far weigh more, so that rare ones are found and then not forgotten. Large pools are looked at
through samples: one that is to be covered, and candidates, half of them those about which the model hesitates most.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.querying import reasons, sets
from core.querying.base import Pick, PoolView
from core.querying.clusters import unit
from core.querying.pool import label_counts, named, sampled, scores_of
from core.records import Reason

COVERED = 2000
"""Open texts that are to be covered; of a larger pool a sample."""
CANDIDATES = 1500
"""Open texts that may be picked."""
SEARCHED = 50_000
"""Open texts among which the most doubtful candidates are looked for."""
REMEMBERED = 4000
"""The newest labelled texts whose coverage counts."""
GREEDY = 40
"""Picks chosen one by one; the rest of a queue follows by what each would add after them."""
WIDTH = 0.4
"""Width of the kernel, as a share of the mean distance between two texts of the pool: encoders differ in theirs."""
BALANCE = 0.5
"""Power of a class's shortage of labels: 0 ignores it, 1 makes a class with half the labels weigh twice."""
TWINS = 0.06
"""Distance below which two texts are not both asked, as a share of the mean distance."""
FLOOR = 0.02
"""Least weight of a text: what the model is sure of can still be wrong."""


@dataclass(slots=True)
class _Ground:
    """What is to be covered, and how well it is."""

    kernel: NDArray[np.float32]
    """[covered, candidates]: similarity in 0..1."""
    weight: NDArray[np.float32]
    """[covered]"""
    cover: NDArray[np.float32]
    """[covered]: similarity to the most similar text that was asked or picked."""
    twins: float
    """Cosine above which two texts are not both asked."""

    def gains(self, columns: NDArray[np.int64]) -> NDArray[np.float32]:
        """What each of these candidates would add."""
        added = np.maximum(self.kernel[:, columns] - self.cover[:, None], 0.0)
        return np.asarray(self.weight @ added, np.float32)

    def take(self, column: int) -> int:
        """Cover by this candidate; returns for how many texts it is the nearest one asked and near at that."""
        near = self.kernel[:, column]
        fresh = int(((near > self.cover) & (near > 0.5)).sum())
        self.cover = np.maximum(self.cover, near)
        return fresh


def herding(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows, each adding most to the coverage of what the model doubts; near-duplicates after all others."""
    take = view.take(n)
    covered = sampled(view.open, COVERED, rng)
    candidates = _candidates(view, max(CANDIDATES, take), rng)
    x = unit(view.features[candidates])
    ground = _ground(view, covered, x)
    order, stands_for = _greedy(ground, x, min(take, GREEDY), _asked_already(view, x, ground.twins))
    scale = len(view.open) / len(covered)
    rest = _rest(ground, x, order, take)
    similar = [max(1, round(k * scale)) for k in stands_for] + [1] * len(rest)
    return [
        Pick(int(candidates[column]), "herding", _reason(view, int(candidates[column]), k))
        for column, k in zip([*order, *rest], similar, strict=True)
    ]


def _candidates(view: PoolView, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Half of them the most doubtful open rows, if there is a model; the others at random."""
    if len(view.open) <= most:
        return view.open
    if not view.decides:
        return sampled(view.open, most, rng)
    searched = sampled(view.open, max(SEARCHED, most), rng)
    doubtful = searched[np.argsort(-view.doubts(searched), kind="stable")[: most // 2]]
    others = np.setdiff1d(view.open, doubtful, assume_unique=True)
    return np.sort(np.concatenate([doubtful, sampled(others, most - len(doubtful), rng)]))


def _ground(view: PoolView, covered: NDArray[np.int64], x: NDArray[np.float32]) -> _Ground:
    y = unit(view.features[covered])
    # of unit vectors, the mean cosine of all pairs is the squared length of their mean
    spread = max(1e-3, 1.0 - float(np.square(y.mean(axis=0)).sum()))
    width = WIDTH * spread
    cover = np.zeros(len(y), np.float32)
    asked = view.labelled[-REMEMBERED:]
    if len(asked):
        cover = np.exp(((y @ unit(view.features[asked]).T).max(axis=1) - 1.0) / width)
    kernel = y @ x.T
    kernel -= 1.0
    kernel /= width
    np.exp(kernel, out=kernel)
    return _Ground(kernel, _weights(view, covered), cover, 1.0 - TWINS * spread)


def _weights(view: PoolView, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """How much each text wants to be covered: the model's doubt, more for classes that are short of labels."""
    if not view.decides:
        return np.ones(len(rows), np.float32) if view.promise is None else view.promise[rows]
    doubt = FLOOR + view.doubts(rows)
    labels = label_counts(view)
    counts = np.array([labels.get(c, 0) for c in view.class_ids], np.float32)
    shortage = (max(float(counts.mean()), 1.0) / np.maximum(counts, 1.0)) ** BALANCE
    p = np.asarray(scores_of(view)[rows], np.float32)
    wanted = p @ shortage
    if not view.exclusive:  # the mean over the classes a text may have, however many those are
        wanted = wanted / np.maximum(p.sum(axis=1), 1e-6)
    return np.asarray(doubt * wanted, np.float32)


def _asked_already(view: PoolView, x: NDArray[np.float32], twins: float) -> NDArray[np.bool_]:
    """Which candidates are nearly equal to a labelled text, [candidates]."""
    asked = view.labelled[-REMEMBERED:]
    if not len(asked):
        return np.zeros(len(x), np.bool_)
    return np.asarray((x @ unit(view.features[asked]).T).max(axis=1) > twins)


def _greedy(ground: _Ground, x: NDArray[np.float32], n: int, twin: NDArray[np.bool_]) -> tuple[list[int], list[int]]:
    """Up to `n` candidates one by one, and how many texts each stands for.

    Gains only shrink as more is covered, so that a candidate whose old gain is below another's new one need not be
    looked at again (lazy greedy, Minoux 1978).
    """
    gains = ground.gains(np.arange(len(x)))
    gains[twin] = -1.0
    order: list[int] = []
    stands_for: list[int] = []
    while len(order) < n and (gains >= 0.0).any():
        column = _best(ground, gains)
        if order and float((x[order] @ x[column]).max()) > ground.twins:
            gains[column] = -1.0
            continue
        order.append(column)
        stands_for.append(ground.take(column))
        gains[column] = -1.0
    return order, stands_for


def _best(ground: _Ground, gains: NDArray[np.float32]) -> int:
    """The candidate that adds most now; `gains`, made when less was covered, are renewed where that decides."""
    while True:
        top = np.argpartition(-gains, min(16, len(gains) - 1))[:16]
        top = top[gains[top] >= 0.0]
        gains[top] = ground.gains(top)
        best = int(top[np.argmax(gains[top])])
        others = np.delete(gains, best)
        if not len(others) or gains[best] >= others.max():
            return best


def _rest(ground: _Ground, x: NDArray[np.float32], order: list[int], take: int) -> list[int]:
    """The rest of the queue: what adds most after the greedy picks; near-duplicates of those at the end."""
    if len(order) == take:
        return []
    gains = ground.gains(np.arange(len(x)))
    gains[order] = -np.inf
    if order:
        gains[(x @ x[order].T).max(axis=1) > ground.twins] -= 1e6
    found: list[int] = [int(i) for i in np.argsort(-gains, kind="stable")[: take - len(order)]]
    return found


def _reason(view: PoolView, row: int, similar: int) -> Reason:
    if not view.decides:
        return Reason(reasons.TYPICAL, {"similar": similar})
    p = np.asarray(scores_of(view)[row], np.float32)
    if not view.exclusive:
        return sets.reason(view, p, similar)
    first, second = (int(i) for i in np.argsort(-p, kind="stable")[:2])
    names = [named(view, view.class_ids[i]) for i in (first, second)]
    return Reason(
        reasons.HERDING,
        {
            "first": names[0],
            "p": round(float(p[first]), 4),
            "second": names[1],
            "q": round(float(p[second]), 4),
            "similar": similar,
        },
    )
