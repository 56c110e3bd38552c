"""The instant head: a linear classifier on cached features, fitted in milliseconds after every label.

Logistic regression by scikit-learn with one BLAS thread: with two it was fifty times slower beside other work.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from threadpoolctl import ThreadpoolController

from core.publish import publish_file

WEIGHTS, STORY = "head.safetensors", "head.json"
_CHUNK = 16384
BALANCE = 0.75
"""Power of a class's inverse frequency by which its labels weigh: with 1 all classes weigh the same."""
TOLERANCE = 1e-5
"""Where a fit ends; fine enough that one begun at the last head ends where one begun at zero does."""


@dataclass(frozen=True, slots=True, eq=False)
class Guesses:
    """Texts without a label, with the class that each is held to be of."""

    features: NDArray[np.float32]
    """[g, dim]"""
    classes: NDArray[np.int64]
    """[g] class ids"""
    weights: NDArray[np.float64]
    """[g] as many labels each is worth"""


@cache
def _threads() -> ThreadpoolController:
    """Looking for the BLAS libraries of the process takes milliseconds, so it is done once, when all are loaded."""
    import sklearn.linear_model  # noqa: F401 (brings SciPy's BLAS)

    return ThreadpoolController()


@dataclass(frozen=True, slots=True)
class Head:
    """Weights of a linear classifier over features."""

    class_ids: tuple[int, ...]
    """Permanent class ids in the order of the rows."""
    weight: NDArray[np.float32]
    """[classes, dim]"""
    bias: NDArray[np.float32]
    """[classes]"""
    cuts: tuple[float, ...] = ()
    """Probability from which each class is answered; empty where the most probable one is the answer."""

    def logits(self, features: NDArray[Any]) -> NDArray[np.float32]:
        """features [n, dim] → [n, classes]."""
        return np.asarray(features, np.float32) @ self.weight.T + self.bias

    def probabilities(self, features: NDArray[Any]) -> NDArray[np.float32]:
        """features [n, dim] (memory-mapped or not) → softmax probabilities [n, classes], in chunks."""
        out = np.empty((len(features), len(self.class_ids)), np.float32)
        with _threads().limit(limits=1):
            for start in range(0, len(features), _CHUNK):
                out[start : start + _CHUNK] = softmax(self.logits(features[start : start + _CHUNK]))
        return out


def one_thread() -> AbstractContextManager[Any]:
    """Products inside run on one BLAS thread."""
    found: AbstractContextManager[Any] = _threads().limit(limits=1)
    return found


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Row-wise softmax, [n, classes]."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float32)


def fit(
    features: NDArray[Any],
    classes: Sequence[int],
    *,
    c: float = 10.0,
    temperature: float = 1.0,
    start: Head | None = None,
    more: Guesses | None = None,
) -> Head:
    """Fit on features [n, dim] and one class id per row; at least two different ones.

    Classes are weighted by a power of their inverse frequency (`BALANCE`): labels that were picked on purpose say
    little about how frequent classes are, so that the rare ones are heard without drowning the others. `c` is the
    inverse strength of the L2 penalty. The logits are divided by `temperature`, once and for all: it is part of weights
    and bias. The fit begins at `start` if that head (of the same temperature) is about the same classes. `more`:
    further texts, of the same classes.
    """
    from sklearn.linear_model import LogisticRegression

    x = np.asarray(features, np.float64)
    y = np.asarray(classes)
    found, counts = np.unique(y, return_counts=True)
    weights = {int(k): float((len(y) / (len(found) * n)) ** BALANCE) for k, n in zip(found, counts, strict=True)}
    ids = tuple(int(k) for k in found)
    worth = None
    if more is not None:  # what a class weighs was counted on its labels, and guesses have weights of their own
        own = more.weights / np.array([weights[int(k)] for k in more.classes])
        worth = np.concatenate([np.ones(len(y)), own])
        x, y = np.concatenate([x, more.features]), np.concatenate([y, more.classes])
    model = LogisticRegression(C=c, max_iter=300, tol=TOLERANCE, class_weight=weights)
    if start is not None and start.class_ids == ids and start.weight.shape[1] == x.shape[1]:
        model.set_params(warm_start=True)
        model.coef_, model.intercept_ = _rows_to_start(start, temperature)
    with _threads().limit(limits=1):
        model.fit(x, y, sample_weight=worth)
    weight, bias = model.coef_ / temperature, model.intercept_ / temperature
    if len(found) == 2:  # one row of log-odds becomes two rows with the same softmax
        weight, bias = np.vstack([-weight / 2, weight / 2]), np.concatenate([-bias / 2, bias / 2])
    return Head(ids, weight.astype(np.float32), bias.astype(np.float32))


def _rows_to_start(start: Head, temperature: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients and intercepts as scikit-learn keeps them: one row for two classes."""
    weight, bias = start.weight.astype(np.float64) * temperature, start.bias.astype(np.float64) * temperature
    if len(start.class_ids) == 2:
        return weight[1:] - weight[:1], bias[1:] - bias[:1]
    return weight, bias


def save(directory: Path, head: Head, story: Mapping[str, Any]) -> None:
    """Write the weights and the JSON that tells where they come from."""
    save_file({"weight": np.ascontiguousarray(head.weight), "bias": head.bias}, directory / WEIGHTS)
    full = {**story, "class_ids": list(head.class_ids), "dim": int(head.weight.shape[1]), "cuts": list(head.cuts)}
    publish_file(directory / STORY, json.dumps(full, indent=1).encode())


def load(directory: Path) -> Head:
    """Read what `save` wrote."""
    story = json.loads((directory / STORY).read_text(encoding="utf-8"))
    arrays = load_file(directory / WEIGHTS)
    return Head(tuple(story["class_ids"]), arrays["weight"], arrays["bias"], tuple(story.get("cuts", ())))
