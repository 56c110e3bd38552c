"""The sample of the pool that heads draw on, kept between refreshes: to find its neighbours takes longer than a fit."""

from collections.abc import Set as AbstractSet
from functools import lru_cache

import numpy as np

from core.training import unlabelled
from core.training.unlabelled import Pool
from core.vectors import VectorStore


def unlabelled_of(store: VectorStore, test: AbstractSet[int]) -> Pool | None:
    """A sample of the texts in `store` that are not of the test set, whose ids are given."""
    return _sample(store, store.count, frozenset(test))


@lru_cache(maxsize=1)
def _sample(store: VectorStore, _count: int, test: frozenset[int]) -> Pool | None:
    """`_count`: with more texts it is another sample."""
    rows = np.flatnonzero(~np.isin(store.ids(), list(test)))
    return unlabelled.sample(store.vectors(), rows)
