"""What the words of a text say about how much it is worth to ask about it. Arrays in, one number a text out.

Neither sums nor maxima, which would ask for long texts whatever they hold: doubts are averaged, over the words that may
belong to an entity (in the manner of MNLP, Shen et al. 2018, arXiv 1707.05928, which averages over all).
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.shapes import CODE, DIGITS, INITIAL, MIXED, TITLE, UPPER, shape_of

AWAY = 0.05
"""Weight of a word that is certainly outside, in the mean of a text's doubts."""
STRIKING = frozenset({TITLE, UPPER, INITIAL, MIXED, DIGITS, CODE})
RARE = 3
"""A word that occurs in so few texts looks like a name, too."""
PLAIN = 0.2
"""Worth of a text without any word that looks like an entity, where one full of them has 1."""
SEEN = 3.0
"""So many striking words make a text half as worthy as it can be."""


def doubts(logp: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Mean doubt about the words of each text, [texts] in 0..1.

    `logp`: [words of all texts, tags], outside first; `starts`: where each text's words begin, and the end.
    """
    p = np.exp(logp)
    unsure = 1.0 - p.max(axis=1)
    weight = AWAY + 1.0 - p[:, 0]
    return np.asarray(_sums(unsure * weight, starts) / np.maximum(_sums(weight, starts), 1e-6), np.float32)


def class_probabilities(logp: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """How probably each class is begun by the likeliest word of each text, [texts, classes]."""
    p = np.exp(logp[:, 1::2])
    found = np.zeros((len(starts) - 1, p.shape[1]), np.float32)
    there = np.flatnonzero(np.diff(starts))
    if len(there):
        found[there] = np.maximum.reduceat(p, starts[:-1][there], axis=0)
    return found


def _sums(values: NDArray[np.floating], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray(total[starts[1:]] - total[starts[:-1]], np.float64)


def promise(texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """How much texts, given as their words, look as if they held entities: [texts] in 0..1; before there is a model.

    Capitals (but for the first word's), digits and rare words count, as a share of the text and in number alike.
    """
    times = Counter(word.casefold() for words in texts for word in {*words})
    found = np.zeros(len(texts), np.float32)
    for row, words in enumerate(texts):
        striking = sum(
            (shape_of(word) in STRIKING and place > 0) or (times[word.casefold()] <= RARE and word.isalnum())
            for place, word in enumerate(words)
        )
        found[row] = striking / (striking + SEEN)
    return PLAIN + (1.0 - PLAIN) * found
