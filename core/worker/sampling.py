"""The sample of the pool that heads draw on, kept between refreshes: to find its neighbours takes longer than a fit."""

from functools import lru_cache

import numpy as np

from core.connection import Connection
from core.settings import Settings
from core.store import examples
from core.training import unlabelled
from core.training.base import DrawsOnPool, Trainer
from core.training.unlabelled import Pool
from core.vectors import VectorStore


def drawing(trainer: Trainer, settings: Settings, store: VectorStore, con: Connection) -> Trainer:
    """This trainer with a sample of the texts in `store` that are not of the test set, if it can use one and may."""
    if not settings.draw_on_pool or not isinstance(trainer, DrawsOnPool):
        return trainer
    return trainer.drawing_on(_sample(store, store.count, frozenset(examples.test_ids(con))))


@lru_cache(maxsize=1)
def _sample(store: VectorStore, _count: int, test: frozenset[int]) -> Pool | None:
    """`_count`: with more texts it is another sample."""
    rows = np.flatnonzero(~np.isin(store.ids(), list(test)))
    return unlabelled.sample(store.vectors(), rows)
