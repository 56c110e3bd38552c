"""From logits to answers, in the way the bundle's `activation` says."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from exports.runtime.marking import Tagging, marked
from exports.runtime.sealed import BIO, SIGMOID, SOFTMAX


class Loaded(Tagging, Protocol):
    """What a way of answering may ask of a loaded bundle."""

    def logits(self, texts: Sequence[str], *, batch: int = 32) -> NDArray[np.float32]:
        """One row of logits a text, [texts, classes]."""
        ...


def best_class(model: Loaded, texts: Sequence[str], batch: int) -> list[dict[str, Any]]:
    """{"label": the most probable class, "scores": {class: probability}} for each text."""
    logits = model.logits(texts, batch=batch)
    rows = zip(logits.argmax(axis=1).tolist(), softmax(logits).round(6).tolist(), strict=True)
    return [{"label": model.labels[best], "scores": dict(zip(model.labels, row, strict=True))} for best, row in rows]


def class_sets(model: Loaded, texts: Sequence[str], batch: int) -> list[dict[str, Any]]:
    """{"labels": all classes that reach their threshold, "scores": {class: probability}} for each text."""
    logits = model.logits(texts, batch=batch)
    found = zip(answered(logits, model.manifest["classes"]), sigmoid(logits).round(6).tolist(), strict=True)
    return [{"labels": said, "scores": dict(zip(model.labels, row, strict=True))} for said, row in found]


ANSWERING: Mapping[str, Callable[[Loaded, Sequence[str], int], list[dict[str, Any]]]] = {
    SOFTMAX: best_class,
    SIGMOID: class_sets,
    BIO: marked,
}
"""A bundle's `activation` → what answers texts, so many windows at once."""


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Row-wise softmax, [n, classes]."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float64)


def sigmoid(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Each class's own probability, [n, classes]."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits.astype(np.float64))), np.float64)


def over(logits: NDArray[np.float32], classes: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    """How far each logit is above that of its class's threshold, [n, classes]."""
    cuts = np.array([item.get("threshold", 0.5) for item in classes], np.float64)
    return np.asarray(logits.astype(np.float64) - np.log(cuts / (1.0 - cuts)), np.float64)


def answered(logits: NDArray[np.float32], classes: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The names of the classes each text is given, in the bundle's order.

    A class comes with all that it implies, the one furthest over its threshold first; what is in one group with a class
    that was given before is left out.
    """
    closures = {item["name"]: _closure(item["name"], classes) for item in classes}
    groups = {item["name"]: item.get("group", "") for item in classes}
    found = []
    for row in over(logits, classes):
        given: set[str] = set()
        for place in np.argsort(-row, kind="stable"):
            wider = given | closures[classes[place]["name"]]
            taken = [groups[name] for name in wider if groups.get(name)]
            if row[place] >= 0.0 and len(taken) == len(set(taken)):
                given = wider
        found.append([item["name"] for item in classes if item["name"] in given])
    return found


def _closure(name: str, classes: Sequence[Mapping[str, Any]]) -> set[str]:
    implied = {item["name"]: item.get("implies", ()) for item in classes}
    found: set[str] = set()
    todo = [name]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += implied.get(one, ())
    return found
