"""Query by committee: texts about which several models that fit the same labels disagree.

Seung, Opper and Sompolinsky 1992, "Query by Committee"; members by resampling as in Abe and Mamitsuka 1998;
disagreement by vote entropy (Dagan and Engelson 1995) and, where votes tie, by the mean KL divergence from the
committee's opinion (McCallum and Nigam 1998). A member is a ridge regression on the features, solved in milliseconds.
It weighs the labels at random as the Bayesian bootstrap does (Rubin 1981): drawing them with replacement would lose
classes that have one label. Classes weigh alike, however many labels they have. Of large pools a sample is looked at.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.querying import reasons
from core.querying.base import Pick, PoolView
from core.querying.clusters import unit
from core.querying.pool import label_counts, named, sampled
from core.querying.twins import Chooser
from core.querying.typical import typical
from core.records import Reason

MEMBERS = 8
MAX_POOL = 20_000
"""Open rows that are looked at."""
MAX_LABELLED = 5000
"""Labelled rows that members learn from; of more the newest."""
RIDGE = 1.0
"""Strength of the penalty: with a weak one, members would interpolate few labels and differ in nothing."""
_CHUNK = 1024


@dataclass(frozen=True, slots=True)
class Committee:
    """Linear members over unit features, side by side."""

    class_ids: tuple[int, ...]
    weight: NDArray[np.float32]
    """[dim, members × classes], a member's classes together."""

    def opinions(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """x [b, dim] → what each member believes, [b, members, classes], summing to one."""
        said = (x @ self.weight).reshape(len(x), -1, len(self.class_ids))
        said = np.maximum(said, 1e-6)
        return np.asarray(said / said.sum(axis=2, keepdims=True), np.float32)


def committee(view: PoolView, n: int, rng: np.random.Generator) -> list[Pick]:
    """`n` open rows, the most disputed first; typical ones until two classes have labels."""
    if len(label_counts(view)) < 2:
        return typical(view, n, rng)
    chooser = Chooser(view, n, rng)
    members = seated(view, rng)
    rows = sampled(view.open, MAX_POOL, rng)
    votes, divergence = _disputes(view, members, rows)
    chooser.offer_all(rows[np.lexsort((rng.random(len(rows)), -divergence, -votes))])
    return chooser.picks("committee", lambda row: _why(view, members, row))


def seated(view: PoolView, rng: np.random.Generator) -> Committee:
    """A committee that has learnt from the labelled rows, each member from a weighting of its own."""
    x = unit(view.features[view.labelled[-MAX_LABELLED:]])
    answers = view.classes[-MAX_LABELLED:]
    class_ids = tuple(sorted({c for answer in answers for c in answer}))
    truth = np.array([[c in answer for c in class_ids] for answer in answers], np.float32)
    per_label = truth @ (1.0 / truth.sum(axis=0)) * len(x) / len(class_ids)
    weight = [_ridge(x, truth, (rng.exponential(size=len(x)) * per_label).astype(np.float32)) for _m in range(MEMBERS)]
    return Committee(class_ids, np.concatenate(weight, axis=1))


def _ridge(x: NDArray[np.float32], truth: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weighted ridge regression of truth [l, classes] on x [l, dim] → [dim, classes], solved on the smaller side."""
    root = np.sqrt(weight)[:, None]
    a, b = x * root, truth * root
    if len(x) <= x.shape[1]:
        dual = np.linalg.solve(a @ a.T + RIDGE * np.eye(len(a), dtype=np.float32), b)
        return np.asarray(a.T @ dual, np.float32)
    return np.asarray(np.linalg.solve(a.T @ a + RIDGE * np.eye(a.shape[1], dtype=np.float32), a.T @ b), np.float32)


def _disputes(
    view: PoolView, members: Committee, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Vote entropy and mean KL from the mean opinion of each row, both [len(rows)]."""
    votes, divergence = np.empty(len(rows), np.float32), np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _CHUNK):
        piece = slice(start, start + _CHUNK)
        opinions = members.opinions(unit(view.features[rows[piece]]))
        votes[piece] = vote_entropy(np.argmax(opinions, axis=2))
        divergence[piece] = mean_divergence(opinions)
    return votes, divergence


def vote_entropy(votes: NDArray[np.int64]) -> NDArray[np.float32]:
    """Entropy of each row's votes [b, members], in nats; rounded so that equal splits tie."""
    share = (votes[:, :, None] == votes[:, None, :]).mean(axis=2)
    return np.asarray(np.round(-np.log(share).mean(axis=1), 5), np.float32)


def mean_divergence(opinions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean over members of KL(member ‖ committee's mean), [b]; opinions [b, members, classes]."""
    mean = opinions.mean(axis=1, keepdims=True)
    return np.asarray((opinions * np.log(opinions / mean)).sum(axis=2).mean(axis=1), np.float32)


def _why(view: PoolView, members: Committee, row: int) -> Reason:
    votes = np.argmax(members.opinions(unit(view.features[[row]]))[0], axis=1)
    counts = np.bincount(votes, minlength=len(members.class_ids))
    first, second = np.argsort(-counts, kind="stable")[:2]
    return Reason(
        reasons.SPLIT,
        {
            "n": len(votes),
            "first": named(view, members.class_ids[first]),
            "votes": int(counts[first]),
            "second": named(view, members.class_ids[second]),
            "others": int(counts[second]),
        },
    )
