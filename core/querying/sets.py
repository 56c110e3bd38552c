"""Doubts about classes that don't exclude each other: each has its own probability, and is a question of its own."""

import numpy as np
from numpy.typing import NDArray

from core.querying import reasons
from core.querying.base import PoolView
from core.records import Reason


def margin(p: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far the most doubtful class of each text is from one half, [n] in 0..1; p: [n, classes]."""
    return np.asarray(np.abs(2.0 * p - 1.0).min(axis=1), np.float32)


def confidence(p: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logarithm of the probability of the likeliest set of classes, were they independent, [n]."""
    return np.asarray(np.log(np.maximum(p, 1.0 - p)).sum(axis=1), np.float32)


def certainty(p: NDArray[np.float32]) -> NDArray[np.float32]:
    """Negative entropy of the classes, summed, [n]."""
    q = np.clip(p, 1e-7, 1.0 - 1e-7)
    return np.asarray((q * np.log(q) + (1.0 - q) * np.log(1.0 - q)).sum(axis=1), np.float32)


def reason(view: PoolView, p: NDArray[np.float32], similar: int = 0) -> Reason:
    """The class that is most in doubt; p: [classes] of one text."""
    most = int(np.argmin(np.abs(p - 0.5)))
    name = view.names.get(view.class_ids[most], str(view.class_ids[most]))
    return Reason(reasons.EITHER, {"label": name, "p": round(float(p[most]), 4), "similar": similar})
