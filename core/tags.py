"""Spans as one tag a word, and back: the scheme BIO, decoded so that an inside never stands without its begin.

Tag 0 is outside; class k (0…C−1) begins at 1+2k and goes on at 2+2k. Needs numpy only, for bundles decode by it, too.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

OUTSIDE, UNKNOWN = 0, -1
"""`UNKNOWN`: nobody has said what the word is."""
IMPOSSIBLE = -1e9

Steps = NDArray[np.float64]
"""[tags, 3]: what is added where a tag is followed by an outside, by a begin, and by the inside of its own class."""
SHARE, SMOOTHING = 0.3, 2.0

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


def allowed(tags: NDArray[np.int64]) -> bool:
    """Whether each inside goes on from its begin or itself."""
    before = np.concatenate([[OUTSIDE], tags[:-1]])
    inside = (tags > 0) & (tags % 2 == 0)
    return bool(np.all(~inside | (before == tags) | (before == tags - 1)))


def best_tags(logp: Sequence[NDArray[np.floating]], steps: Steps | None = None) -> list[NDArray[np.int64]]:
    """The most probable allowed tags of each text, [words], from its log-probabilities [words, tags] (Viterbi 1967).

    `steps`: what tags behind one another are worth beside that; a text begins and ends outside.
    """
    found = [np.asarray(one.argmax(axis=1), np.int64) for one in logp]
    order = [i for i, tags in enumerate(found) if len(tags) and (steps is not None or not allowed(tags))]
    order.sort(key=lambda i: len(logp[i]))
    for start in range(0, len(order), 256):
        rows = order[start : start + 256]
        for row, tags in zip(rows, _viterbi([np.asarray(logp[i], np.float64) for i in rows], steps), strict=True):
            found[row] = tags
    return found


def steps_of(tags: Sequence[NDArray[np.int64]], n_tags: int) -> Steps:
    """What `best_tags` takes, from the tags of labelled texts; those that are not known whole tell nothing.

    The logarithm of how much more often than anywhere a tag stands behind another one, times `SHARE`: the model of a
    word has seen its neighbours, and would be told twice. Tags that were seen little do as all of their kind do.
    """
    whole = [np.concatenate([[OUTSIDE], own, [OUTSIDE]]) for own in tags if not (own == UNKNOWN).any()]
    if not whole:
        return np.zeros((n_tags, 3))
    kinds = np.arange(n_tags) % 2 + np.where(np.arange(n_tags) > 0, 1, 0)  # 0 outside, 2 begins, 1 insides
    times, seen = np.zeros((n_tags, 3)), np.full(n_tags, 0.5)
    for own in whole:
        behind = np.where(own[1:] == OUTSIDE, 0, np.where(own[1:] % 2 == 1, 1, 2))
        np.add.at(times, (own[:-1], behind), 1.0)
        np.add.at(seen, own[1:-1], 1.0)
    usual = np.stack([times[kinds == kind].sum(axis=0) + 0.5 for kind in range(3)])
    usual[0, 2] = 0.0  # nothing goes on from outside
    usual /= usual.sum(axis=1, keepdims=True)
    shares = (times + SMOOTHING * usual[kinds]) / (times.sum(axis=1, keepdims=True) + SMOOTHING)
    seen /= seen.sum()
    anywhere = np.stack([np.full(n_tags, seen[0]), np.full(n_tags, seen[1::2].sum()), seen], axis=1)
    anywhere[1::2, 2] = seen[2::2]  # a begin goes on with its inside
    return np.asarray(SHARE * np.log(np.maximum(shares, 1e-9) / anywhere), np.float64)


def steps_in(said: Mapping[str, Any]) -> Steps | None:
    """The steps that a JSON file tells of; None if there are none in it."""
    return np.asarray(said["steps"], np.float64) if said.get("steps") else None


def _viterbi(logp: list[NDArray[np.float64]], steps: Steps | None) -> list[NDArray[np.int64]]:
    longest, n_tags = len(logp[-1]), logp[0].shape[1]
    out, begun, on = (np.zeros((n_tags, 3)) if steps is None else steps).T
    padded = np.zeros((len(logp), longest, n_tags))
    padded[:, :, 1:] = IMPOSSIBLE  # behind its end a text is outside
    for row, one in enumerate(logp):
        padded[row, : len(one)] = one
    rows = np.arange(len(logp))
    score = np.full((len(logp), n_tags), IMPOSSIBLE)
    score[:, OUTSIDE] = 0.0
    back = np.zeros((len(logp), longest, n_tags), np.int64)
    for place in range(longest):
        to_outside, to_begin, going_on = score + out, score + begun, score + on
        goes_inside = going_on[:, 2::2] > going_on[:, 1::2]
        back[:, place, 0] = to_outside.argmax(axis=1)
        back[:, place, 1::2] = to_begin.argmax(axis=1)[:, None]
        back[:, place, 2::2] = np.arange(1, n_tags, 2) + goes_inside
        score = padded[:, place].copy()
        score[:, 0] += to_outside[rows, back[:, place, 0]]
        score[:, 1::2] += to_begin.max(axis=1)[:, None]
        score[:, 2::2] += np.where(goes_inside, going_on[:, 2::2], going_on[:, 1::2])
    tags = np.zeros((len(logp), longest), np.int64)
    tags[:, -1] = (score + out).argmax(axis=1)
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


def score_of(logp: NDArray[np.floating], tags: NDArray[np.int64], steps: Steps | None = None) -> float:
    """What `best_tags` makes as large as it can, for allowed tags [words]."""
    total = float(logp[np.arange(len(tags)), tags].astype(np.float64).sum())
    if steps is None or not len(tags):
        return total
    around = np.concatenate([[OUTSIDE], tags, [OUTSIDE]])
    behind = np.where(around[1:] == OUTSIDE, 0, np.where(around[1:] % 2 == 1, 1, 2))
    return total + float(steps[around[:-1], behind].sum())
