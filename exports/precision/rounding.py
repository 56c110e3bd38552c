"""Weights as eight-bit integers, rounded so that what a product gives on the project's texts stays near.

To the nearest is not the best that can be done: an error in one row can be made up for in the rows still to come, by
what they have in common on real inputs (GPTQ, Frantar et al. 2022, arXiv 2210.17323). Pure functions.
"""

import numpy as np
from numpy.typing import NDArray

LARGEST = 127
DAMPING = 0.01
"""Share of the mean second moment that is added to each, so that few texts can't make them singular."""
_BLOCK = 64
"""Rows after which the rest is brought up to date."""


def scales(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """One a column, [N] of [K, N]: the largest becomes LARGEST."""
    return np.asarray(np.maximum(np.abs(weights).max(axis=0), 1e-12) / LARGEST, np.float32)


def nearest(weights: NDArray[np.float32], scale: NDArray[np.float32]) -> NDArray[np.int8]:
    """[K, N], each to the nearest multiple of its column's scale."""
    return np.asarray(np.clip(np.round(weights / scale), -LARGEST, LARGEST), np.int8)


def fitted(weights: NDArray[np.float32], scale: NDArray[np.float32], seen: NDArray[np.float32]) -> NDArray[np.int8]:
    """[K, N], rounded row by row, the rest making up for each error on the inputs `seen`, [n, K]."""
    moments = (seen.T @ seen).astype(np.float64)
    diagonal = np.diagonal(moments)
    order = np.argsort(-diagonal, kind="stable")  # what is large is rounded while there is most to make up for it
    moments = moments[np.ix_(order, order)] + np.eye(len(order)) * max(DAMPING * float(diagonal.mean()), 1e-12)
    spread = np.linalg.cholesky(np.linalg.inv(moments)).T
    left, rows = weights[order].astype(np.float64), np.empty(weights.shape, np.int8)
    for start in range(0, len(left), _BLOCK):
        end = min(len(left), start + _BLOCK)
        errors = np.empty((end - start, left.shape[1]))
        for row in range(start, end):
            whole = np.clip(np.round(left[row] / scale), -LARGEST, LARGEST)
            rows[order[row]] = whole
            errors[row - start] = (left[row] - whole * scale) / spread[row, row]
            left[row + 1 : end] -= np.outer(spread[row, row + 1 : end], errors[row - start])
        left[end:] -= spread[start:end, end:].T @ errors
    return rows
