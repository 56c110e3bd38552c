"""A linear head whose classes don't exclude each other: one logistic regression a class, all of them fitted at once.

The problems share their features, so that each step is one matrix product for all classes: 62 of them cost little more
than one. Every class that was given to any text has its row, be it one text or all of them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from core.training.head import Head

MOST_STEPS = 300
TOLERANCE = 3e-5
"""Largest entry of the gradient where a fit ends, one begun at the last head as well as one begun at zero."""
_CHUNK = 16384


def sigmoid(logits: NDArray[Any]) -> NDArray[np.float64]:
    """1 / (1 + e^−z), without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.asarray(logits, np.float64))), np.float64)


def fit(
    features: NDArray[Any],
    given: NDArray[np.bool_],
    class_ids: tuple[int, ...],
    *,
    c: float = 10.0,
    temperature: float = 1.0,
    start: Head | None = None,
) -> Head:
    """Fit on features [n, dim] and which class each text was given, [n, classes].

    Texts with a class and those without it are weighted by the square root of their inverse frequency, as classes that
    exclude each other are. `c` is the inverse strength of the L2 penalty; the logits are divided by `temperature`. The
    fit begins at `start` if that head (of the same temperature) is about the same classes.
    """
    from scipy.optimize import minimize

    x, y = np.asarray(features, np.float64), given.astype(np.float64)
    begin = np.zeros((y.shape[1], x.shape[1] + 1))
    if start is not None and start.class_ids == class_ids and start.weight.shape[1] == x.shape[1]:
        begin = np.hstack([start.weight, start.bias[:, None]]).astype(np.float64) * temperature
    else:
        begin[:, -1] = 0.5 * prior(y.sum(axis=0), len(y))
    problem = _Problem(x, y, c)
    with threadpool_limits(1):
        found = minimize(
            problem, begin.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS, "gtol": TOLERANCE}
        ).x.reshape(begin.shape)
    found = (found / temperature).astype(np.float32)
    return Head(class_ids, np.ascontiguousarray(found[:, :-1]), np.ascontiguousarray(found[:, -1]))


def prior(times: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Logits of how often each class was given, [classes], drawn a little towards one half."""
    return np.log((times + 0.5) / (n - times + 0.5))


class _Problem:
    """Mean loss of all classes' regressions, added up, and its gradient."""

    def __init__(self, x: NDArray[np.float64], y: NDArray[np.float64], c: float) -> None:
        n, times = len(y), y.sum(axis=0)
        self._x, self._y = x, y
        yes = np.sqrt(n / (2.0 * np.maximum(times, 0.5)))
        no = np.sqrt(n / (2.0 * np.maximum(n - times, 0.5)))
        self._weight = np.where(y > 0, yes, no)
        self._penalty = 1.0 / c

    def __call__(self, flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        w = flat.reshape(self._y.shape[1], -1)
        z = self._x @ w[:, :-1].T + w[:, -1]
        n = len(z)
        loss = (self._weight * (np.logaddexp(0.0, z) - self._y * z)).sum()
        slope = self._weight * (sigmoid(z) - self._y)
        gradient = np.hstack([slope.T @ self._x + self._penalty * w[:, :-1], slope.sum(axis=0)[:, None]])
        # of a class that all texts have, or none, the bias would run away: its penalty is that of half a text
        gradient[:, -1] += 0.01 * w[:, -1]
        loss += 0.5 * self._penalty * np.square(w[:, :-1]).sum() + 0.005 * np.square(w[:, -1]).sum()
        return float(loss / n), gradient.ravel() / n


def probabilities(head: Head, features: NDArray[Any]) -> NDArray[np.float32]:
    """features [n, dim] (memory-mapped or not) → each class's own probability [n, classes], in chunks."""
    out = np.empty((len(features), len(head.class_ids)), np.float32)
    with threadpool_limits(1):
        for start in range(0, len(features), _CHUNK):
            out[start : start + _CHUNK] = sigmoid(head.logits(features[start : start + _CHUNK]))
    return out
