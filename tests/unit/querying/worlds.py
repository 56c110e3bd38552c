"""Small pools for strategies to pick from."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.querying.base import PoolView

CLASS_IDS = (3, 5, 9)


def unit(x: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9), np.float32)


def pool(
    n: int = 60, *, labelled: int = 9, skipped: int = 5, classes: int = 3, model: bool = True, seed: int = 0
) -> PoolView:
    """`n` rows in a shuffled order: some labelled, some skipped (in neither list), the others open."""
    draw = np.random.default_rng(seed)
    features = unit(draw.normal(size=(n, 16)))
    rows = draw.permutation(n)
    done, rest = rows[:labelled], rows[labelled + skipped :]
    ids = tuple(range(10, 10 + classes))
    given = [(ids[i % classes],) for i in range(labelled)] if classes else []
    scores = draw.dirichlet(np.ones(classes), n).astype(np.float32) if model and classes else None
    names = {i: f"class {i}" for i in ids}
    view = PoolView(features, np.sort(rest), done, given, ids if scores is not None else (), scores, names, 0.2)
    return described(view, ids, seed)


def described(view: PoolView, ids: tuple[int, ...], seed: int = 0) -> PoolView:
    """The same pool, its classes described, each with keywords that some texts hold, open or not."""
    draw = np.random.default_rng((seed, 1))
    n, dim = view.features.shape
    vectors = {i: unit(draw.normal(size=(1, dim)))[0] for i in ids}
    return replace(view, class_vectors=vectors, seeded={i: draw.integers(0, n, n // 8) for i in ids})


def topics(
    sizes: list[int], *, labels: int = 2, spread: float = 0.06, dim: int = 96, sharp: float = 12.0, seed: int = 0
) -> tuple[PoolView, NDArray[np.int64]]:
    """A group of texts per class, `labels` of each labelled, a model that knows the groups; and each row's group."""
    view, group = blobs(sizes, spread=spread, dim=dim, seed=seed)
    ids = tuple(range(10, 10 + len(sizes)))
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    done = np.concatenate([np.arange(s, s + min(labels, size)) for s, size in zip(first, sizes, strict=True)])
    logits = view.features @ np.eye(len(sizes), dim, dtype=np.float32).T * sharp
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    names = {i: f"class {i}" for i in ids}
    known = PoolView(
        view.features,
        np.setdiff1d(view.open, done),
        done,
        [(ids[g],) for g in group[done]],
        ids,
        np.asarray(p / p.sum(axis=1, keepdims=True), np.float32),
        names,
    )
    return described(known, ids, seed), group


def cold(view: PoolView) -> PoolView:
    """The same pool before anything is labelled."""
    return replace(view, labelled=view.labelled[:0], classes=(), class_ids=(), probabilities=None)


def scored(scores: list[list[float]], features: NDArray[np.float32] | None = None) -> PoolView:
    """Open rows of three classes with these probabilities; features differ much unless given."""
    n = len(scores)
    x = np.eye(n, max(n, 4), dtype=np.float32) if features is None else features
    names = {3: "refund", 5: "login", 9: "speed"}
    none = np.empty(0, np.int64)
    return PoolView(x, np.arange(n), none, (), CLASS_IDS, np.array(scores, np.float32), names)


def blobs(
    sizes: list[int], *, spread: float = 0.05, dim: int = 24, seed: int = 0
) -> tuple[PoolView, NDArray[np.int64]]:
    """Open texts in well separated groups, and each row's group."""
    draw = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    x = unit(np.eye(len(sizes), dim)[group] + draw.normal(size=(len(group), dim)) * spread)
    return PoolView(x, np.arange(len(x)), np.empty(0, np.int64)), group
