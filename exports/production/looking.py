"""How each kind of bundle looks at texts from production: features, answers, and how sure it is of them."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from core.querying import words
from core.reading import Reading
from core.tags import log_softmax
from exports.production.features import Features, WordFeatures
from exports.runtime.predictor import Predictor
from exports.runtime.sealed import BIO, SIGMOID, SOFTMAX

_TINY = 1e-6

Seen = tuple[NDArray[np.float32], list[dict[str, Any]], NDArray[np.float32]]
"""Features of texts [n, dim] with rows of length 1, their answers, and how sure the model is of each, [n] in 0..1."""


class Look(Protocol):
    """One kind of bundle."""

    fields: ClassVar[tuple[str, ...]]
    """Where a line may say what is right, the first that is there."""

    def see(self, texts: Sequence[str]) -> Seen:
        """What the bundle makes of up to some hundred texts."""
        ...

    def classes_of(self, answer: Mapping[str, Any]) -> tuple[str, ...]:
        """The classes an answer gives, each once."""
        ...

    def corrected(self, said: Any, answer: Mapping[str, Any]) -> bool:
        """Whether what a line says is right is another answer."""
        ...


class _Told(Predictor):
    """A bundle whose logits may be known already."""

    known: NDArray[np.float32] | None = None
    """Those of the texts that are asked for next; None: the model computes them."""
    known_words: list[NDArray[np.float32]] | None = None
    """Those of their words."""

    def logits(self, texts: Sequence[str], *, batch: int = 32) -> NDArray[np.float32]:
        return super().logits(texts, batch=batch) if self.known is None else self.known

    def word_logits(self, readings: Sequence[Reading], *, batch: int = 32) -> list[NDArray[np.float32]]:
        return super().word_logits(readings, batch=batch) if self.known_words is None else self.known_words


class Classes:
    """A bundle that gives whole texts classes. Sure: the probability of the class, or, with several, how far the
    closest call is from its threshold."""

    fields: ClassVar[tuple[str, ...]] = ("labels", "label")

    def __init__(self, bundle: Path, predictor: _Told, threads: int) -> None:
        self._predictor = predictor
        self._features = Features(bundle, predictor, threads)
        self._cuts = {item["name"]: item.get("threshold", 0.5) for item in predictor.manifest["classes"]}

    def see(self, texts: Sequence[str]) -> Seen:
        features, self._predictor.known = self._features.of(texts)
        answers = self._predictor.predict(texts)
        self._predictor.known = None
        return features, answers, np.array([self._sure(answer) for answer in answers], np.float32)

    def classes_of(self, answer: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(answer["labels"]) if "labels" in answer else (answer["label"],)

    def corrected(self, said: Any, answer: Mapping[str, Any]) -> bool:
        names = sorted(map(str, said)) if isinstance(said, list) else [str(said)]
        return names != sorted(self.classes_of(answer))

    def _sure(self, answer: Mapping[str, Any]) -> float:
        if "labels" not in answer:
            return float(max(answer["scores"].values()))
        calls = [abs(_logit(score) - _logit(self._cuts[name])) for name, score in answer["scores"].items()]
        return 1.0 / (1.0 + math.exp(-min(calls)))


class Marks:
    """A bundle that marks spans. Sure: by the words that may belong to one, as texts are picked by
    (`core.querying.words`)."""

    fields: ClassVar[tuple[str, ...]] = ("spans",)

    def __init__(self, bundle: Path, predictor: _Told, threads: int) -> None:
        self._predictor = predictor
        self._features = WordFeatures(bundle, predictor, threads)

    def see(self, texts: Sequence[str]) -> Seen:
        features, logits = self._features.of(texts)
        self._predictor.known_words = logits
        answers = self._predictor.predict(texts)
        self._predictor.known_words = None
        starts = np.cumsum([0, *map(len, logits)])
        return features, answers, 1.0 - words.doubts(log_softmax(np.concatenate(logits)), starts)

    def classes_of(self, answer: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(span["label"] for span in answer["spans"]))

    def corrected(self, said: Any, answer: Mapping[str, Any]) -> bool:
        """What is said in part (`complete` is false) only tells of spans that are missing."""
        part = isinstance(said, Mapping)
        right, found = (_stretches(one) for one in (said.get("spans") if part else said, answer["spans"]))
        if part and said.get("complete") is False:
            return not right <= found
        return right != found


def _stretches(spans: Any) -> set[tuple[Any, Any, str]]:
    """(start, end, class) of spans; those that are none are left out."""
    there = [span for span in spans if isinstance(span, Mapping)] if isinstance(spans, list) else []
    return {(span.get("start"), span.get("end"), str(span.get("label"))) for span in there}


LOOKS: Mapping[str, Callable[[Path, _Told, int], Look]] = {SOFTMAX: Classes, SIGMOID: Classes, BIO: Marks}
"""A bundle's `activation` → how it looks at texts, with so many threads."""


def opened(bundle: Path, threads: int) -> tuple[Predictor, Look | None]:
    """A bundle and its look, None if texts have no answer that could be compared; raises what the predictor raises."""
    predictor = _Told(bundle, threads=threads)
    made = LOOKS.get(predictor.manifest["activation"])
    return predictor, made(bundle, predictor, threads) if made else None


def _logit(p: float) -> float:
    p = min(1.0 - _TINY, max(_TINY, p))
    return math.log(p / (1.0 - p))
