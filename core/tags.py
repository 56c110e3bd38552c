"""Spans as one tag a word, and back: the scheme BIO, decoded so that an inside never stands without its begin.

Tag 0 is outside; class k (0…C−1) begins at 1+2k and goes on at 2+2k. Needs numpy only, for bundles decode by it, too.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

OUTSIDE, UNKNOWN = 0, -1
"""`UNKNOWN`: nobody has said what the word is."""
IMPOSSIBLE = -1e9

WordSpan = tuple[int, int, int, float]
"""first word, last word (inclusive), class number, probability"""


def tag_count(n_classes: int) -> int:
    """How many tags there are for so many classes."""
    return 1 + 2 * n_classes


def begin(k: int) -> int:
    """The tag of a span's first word, for class number k."""
    return 1 + 2 * k


def tags_of(spans: Sequence[tuple[int, int, int]], n_words: int, *, complete: bool) -> NDArray[np.int64]:
    """One tag a word [words] for spans of (first word, last word, class number) that don't share words."""
    tags = np.full(n_words, OUTSIDE if complete else UNKNOWN, np.int64)
    for first, last, k in spans:
        tags[first] = begin(k)
        tags[first + 1 : last + 1] = begin(k) + 1
    return tags


def _steps(n_tags: int, again: float) -> NDArray[np.float64]:
    """[tags before, tags] of zeros, `again` where a span follows one, `IMPOSSIBLE` where an inside can not go on."""
    steps = np.zeros((n_tags, n_tags))
    steps[1:, 1::2] = again
    for inside in range(2, n_tags, 2):
        steps[:, inside] = IMPOSSIBLE
        steps[inside - 1, inside] = steps[inside, inside] = 0.0
    return steps


def allowed(tags: NDArray[np.int64]) -> bool:
    """Whether each inside goes on from its begin or itself."""
    before = np.concatenate([[OUTSIDE], tags[:-1]])
    inside = (tags > 0) & (tags % 2 == 0)
    return bool(np.all(~inside | (before == tags) | (before == tags - 1)))


def best_tags(logp: Sequence[NDArray[np.floating]], again: float = 0.0) -> list[NDArray[np.int64]]:
    """The most probable allowed tags of each text, [words], from its log-probabilities [words, tags] (Viterbi 1967).

    `again`, 0 or below, is added for each span that begins right behind another: how much rarer that is than any begin.
    """
    found = [np.asarray(one.argmax(axis=1), np.int64) for one in logp]
    order = sorted((i for i, tags in enumerate(found) if not _stands(tags, again)), key=lambda i: len(logp[i]))
    for start in range(0, len(order), 256):
        rows = order[start : start + 256]
        for row, tags in zip(rows, _viterbi([np.asarray(logp[i], np.float64) for i in rows], again), strict=True):
            found[row] = tags
    return found


def _stands(tags: NDArray[np.int64], again: float) -> bool:
    """Whether the most probable tag of each word is the best one in its place, too."""
    return allowed(tags) and (again == 0.0 or not repeats(tags))


def repeats(tags: NDArray[np.int64]) -> int:
    """How many spans begin right behind another."""
    return int(np.sum((tags[1:] % 2 == 1) & (tags[1:] > 0) & (tags[:-1] > 0)))


def again_of(tags: Sequence[NDArray[np.int64]]) -> float:
    """What `best_tags` takes, from the tags of labelled texts: a logarithm of how much rarer, 0 if it is not."""
    begins = sum(int(np.sum((own > 0) & (own % 2 == 1))) for own in tags)
    words = sum(int(np.sum(own != UNKNOWN)) for own in tags)
    behind = sum(int(np.sum((own[:-1] > 0) & (own[1:] != UNKNOWN))) for own in tags)
    rate = begins / max(1, words)
    if not begins:
        return 0.0
    return min(0.0, float(np.log((sum(map(repeats, tags)) + rate) / (behind + 1.0) / rate)))


def _viterbi(logp: list[NDArray[np.float64]], again: float) -> list[NDArray[np.int64]]:
    longest, n_tags = len(logp[-1]), logp[0].shape[1]
    steps = _steps(n_tags, again)
    padded = np.zeros((len(logp), longest, n_tags))
    padded[:, :, 1:] = IMPOSSIBLE  # behind its end a text is outside
    for row, one in enumerate(logp):
        padded[row, : len(one)] = one
    score = padded[:, 0].copy()
    score[:, 2::2] = IMPOSSIBLE
    back = np.zeros((len(logp), longest, n_tags), np.int64)
    for place in range(1, longest):
        ways = score[:, :, None] + steps[None]
        back[:, place] = ways.argmax(axis=1)
        score = ways.max(axis=1) + padded[:, place]
    tags = np.zeros((len(logp), longest), np.int64)
    tags[:, -1] = score.argmax(axis=1)
    rows = np.arange(len(logp))
    for place in range(longest - 1, 0, -1):
        tags[:, place - 1] = back[rows, place, tags[:, place]]
    return [tags[row, : len(one)] for row, one in enumerate(logp)]


def spans_of(tags: NDArray[np.int64], logp: NDArray[np.floating]) -> list[WordSpan]:
    """The spans that allowed tags [words] mean, each as probable as all of its tags and its end together."""
    found: list[WordSpan] = []
    place = 0
    while place < len(tags):
        tag = int(tags[place])
        if tag == OUTSIDE:
            place += 1
            continue
        end = place + 1
        while end < len(tags) and tags[end] == tag + 1:
            end += 1
        p = float(np.exp(logp[np.arange(place, end), tags[place:end]].sum()))
        if end < len(tags):
            p *= 1.0 - float(np.exp(logp[end, tag + 1]))
        found.append((place, end - 1, (tag - 1) // 2, min(1.0, max(0.0, p))))
        place = end
    return found


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Row-wise, [n, tags]."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float32)


def score_of(logp: NDArray[np.floating], tags: NDArray[np.int64], again: float) -> float:
    """What `best_tags` makes as large as it can, for allowed tags [words]."""
    return float(logp[np.arange(len(tags)), tags].astype(np.float64).sum()) + again * repeats(tags)
