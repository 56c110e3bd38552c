"""Which labels look wrong: answers that models which had not seen the text, and its neighbours, speak against.

After confident learning (Northcutt, Jiang and Chuang 2021, arXiv 1911.00068), for few labels. Out-of-fold probabilities
of few labels are noisy, so they are averaged with what the other labelled texts say, each weighted by how near it is
(Nadaraya-Watson; a text's own label has no say): both see a text only from outside. An answer is as doubtful as the
likeliest other one is likely beside it; where mistakes go to classes that are alike, that ranks them better than plain
self-confidence, the probability of what was given (`tests/bench/bench_suspects.py`).

Where classes exclude each other there is one question a text; else each class is a question of its own, and a text is
as doubtful as its most doubtful one. (Means that weigh the other questions, too, as those of Thyagarajan et al. 2022,
arXiv 2211.13895, found fewer of the wrong sets: of few labels, dozens of right answers are doubted a little.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH = 0.03
"""How fast a neighbour's say falls with its cosine: by a factor e each so much."""
PRIOR = 0.1
"""Share of the neighbours' say that is spread over all choices."""
SAY = 0.4
"""The neighbours' share in the blend; the models have the rest."""
LEAST = 1e-6
"""Probability of a choice that a model has never met."""
MOST = 999.0
"""Odds that are told at most: what is behind that is no news, and noise."""
BLOCK = 1024
"""Texts whose neighbours are looked at together."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said about n answers."""

    doubt: Floats
    """How much speaks against each, [n] in 0..1: the likeliest other answer's share of both their probabilities."""
    confident: NDArray[np.bool_]
    """Whether another answer is as probable as it is on average where it is given, [n] (confident learning's rule).

    Where a text can have several classes, this is about its most doubtful one.
    """
    blend: Floats
    """Probability of each class, [n, classes]."""


def judge(
    given: NDArray[np.bool_],
    head: Floats,
    features: NDArray[Any],
    *,
    exclusive: bool,
    rows: NDArray[np.int64] | None = None,
) -> Judged:
    """Judge answers. All arrays have a row a text.

    `given`: which text was given which class, [n, classes]; `head`: out-of-fold probabilities, [n, classes], 0 of a
    class that its model never met; `features`: [n, dim]; `rows`: only these are judged, the others have a say as
    neighbours.
    """
    near = neighbours(features, given, choices=given.shape[1] if exclusive else 2)
    if rows is not None:
        given, head, near = given[rows], head[rows], near[rows]
    if exclusive:
        blend = blended(head, near)
        doubt, confident = _one_question(blend, given.argmax(axis=1))
        return Judged(doubt, confident, blend)
    blend = np.stack([_yes(head[:, c], near[:, c]) for c in range(given.shape[1])], axis=1)
    found = [
        _one_question(np.stack([1.0 - blend[:, c], blend[:, c]], axis=1), given[:, c].astype(np.int64))
        for c in range(given.shape[1])
    ]
    doubts, confident = (np.stack(parts, axis=1) for parts in zip(*found, strict=True))
    each, worst = np.arange(len(doubts)), doubts.argmax(axis=1)
    return Judged(doubts[each, worst], confident[each, worst], blend)


def neighbours(features: NDArray[Any], given: NDArray[np.bool_], *, choices: int) -> Floats:
    """What all other labelled texts say about each, the nearer the louder: shares [n, classes].

    `choices`: over so many `PRIOR` is spread.
    """
    x = np.asarray(features, np.float32)
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    marks = given.astype(np.float32)
    out = np.empty(given.shape)
    for start in range(0, len(x), BLOCK):
        cosines = x[start : start + BLOCK] @ x.T
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = -np.inf
        top = cosines.max(axis=1, keepdims=True, initial=-2.0)  # only differences count, and nothing underflows
        say = np.exp((cosines - top) / WIDTH)
        out[start : start + BLOCK] = say @ marks / np.maximum(say.sum(axis=1, keepdims=True), 1e-9)
    return (1.0 - PRIOR) * out + PRIOR / choices


def blended(head: Floats, near: Floats) -> Floats:
    """The mean of both, rows of probabilities [n, choices]; what a model says of classes it met is all of its say."""
    p = np.maximum(head, LEAST)
    return np.asarray((1.0 - SAY) * p / p.sum(axis=1, keepdims=True) + SAY * near, np.float64)


def odds(doubt: float) -> float:
    """How many times as likely the other choice is as what was given, at most `MOST` times."""
    return min(MOST, doubt / max(1.0 - doubt, LEAST))


def ranked(judged: Judged) -> list[int]:
    """Rows of all texts, the most doubtful first; of equals the earlier."""
    return [int(row) for row in np.argsort(-judged.doubt, kind="stable")]


def nearest_with(features: NDArray[Any], row: int, rows: Sequence[int]) -> int | None:
    """Which of some rows has the features most like those of `row`, itself aside; None if there is none."""
    others = np.array([other for other in rows if other != row], np.int64)
    if not len(others):
        return None
    x = np.asarray(features[others], np.float32)
    cosines = x @ np.asarray(features[row], np.float32) / np.maximum(np.linalg.norm(x, axis=1), 1e-9)
    return int(others[np.argmax(cosines)])


def _yes(head: Floats, near: Floats) -> Floats:
    """Probability [n] that a class is right, where its other choice is that it is not."""
    return blended(np.stack([1.0 - head, head], axis=1), np.stack([1.0 - near, near], axis=1))[:, 1]


def _one_question(p: Floats, given: NDArray[np.int64]) -> tuple[Floats, NDArray[np.bool_]]:
    """(doubt [n], confident [n]) for probabilities [n, choices] and the choice that was given [n]."""
    rows = np.arange(len(p))
    usual = np.array([p[given == c, c].mean() if (given == c).any() else np.inf for c in range(p.shape[1])])
    sure = np.where(p >= usual, p, -1.0)
    best = sure.argmax(axis=1)
    confident = (sure[rows, best] >= 0.0) & (best != given)
    mine, others = p[rows, given], p.copy()
    others[rows, given] = 0.0
    other = others.max(axis=1)
    return other / np.maximum(mine + other, LEAST), confident
