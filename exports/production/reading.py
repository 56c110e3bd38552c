"""Texts read by a bundle: what it answers, how sure it is, and how far each text lies from the project's pool."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.connection import Connection
from core.errors import InputError, RefusedError
from core.evaluation.drift import nearest
from core.i18n import _
from core.show import visible
from core.store import examples
from exports.production.features import Features
from exports.runtime.errors import BundleError, LineError
from exports.runtime.lines import MAX_LINE, parse
from exports.runtime.predictor import Predictor
from exports.runtime.sealed import SIGMOID, SOFTMAX

POOL = 1000
"""Texts of the pool that others are compared with."""
BLOCK = 256
"""Texts read at once."""
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Line:
    """One text that came in."""

    text: str
    kept: Mapping[str, Any]
    """What of the line goes with the answer (an id)."""
    said: Any = None
    """What somebody said is right for it (`label` or `labels`); None if nobody did."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a bundle makes of some texts."""

    answers: list[dict[str, Any]]
    sure: NDArray[np.float32]
    """[n] in 0..1: the probability of the class, or, with several, how far the closest call is from its threshold."""
    distances: NDArray[np.float32]
    """[n]: to the nearest text of the pool."""


def lines(stream: BinaryIO, *, text_lines: bool) -> Iterator[Line]:
    """The texts of a file; raises InputError at the first line that can't be used."""
    number = 0
    while raw := stream.readline(MAX_LINE + 2):
        number += 1
        raw = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        if text_lines or raw.strip():
            try:
                text, kept = parse(raw, text_lines=text_lines)
            except LineError as error:
                what = _("line {number}: {why}").format(number=number, why=visible(str(error)))
                raise InputError(_("A line of the texts can't be used."), what) from error
            whole = {} if text_lines else json.loads(raw)
            said = whole.get("labels", whole.get("label")) if isinstance(whole, dict) else None
            yield Line(text, kept, said)


class _Told(Predictor):
    """A bundle whose logits may be known already."""

    known: NDArray[np.float32] | None = None
    """Those of the texts that are asked for next; None: the model computes them."""

    def logits(self, texts: Sequence[str], *, batch: int = 32) -> NDArray[np.float32]:
        return super().logits(texts, batch=batch) if self.known is None else self.known


class Reader:
    """A bundle beside the pool of a project."""

    def __init__(self, bundle: Path, con: Connection, threads: int) -> None:
        """Raises InputError if the bundle can't be used, RefusedError if there is nothing to compare with."""
        try:
            self._predictor = _Told(bundle, threads=threads)
        except (BundleError, OSError) as error:
            raise InputError(_("The bundle can't be used."), visible(str(error))) from error
        if self._predictor.manifest["activation"] not in (SOFTMAX, SIGMOID):
            raise RefusedError(_("The answers of this bundle are not classes of whole texts."))
        self._features = Features(bundle, self._predictor, threads)
        texts = examples.original_texts(con, POOL)
        if len(texts) < 2:
            raise RefusedError(_("The pool has no texts to compare with."))
        found = [self._read(texts[start : start + BLOCK]) for start in range(0, len(texts), BLOCK)]
        self._pool = np.concatenate([features for features, _answers in found])
        answers = [answer for _features, said in found for answer in said]
        self.pool = Read(answers, self._sure(answers), nearest(self._pool, self._pool, same=True))
        """The pool's own texts, each against the others."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the bundle's classes."""
        return self._predictor.labels

    def read(self, texts: Sequence[str]) -> Read:
        """What the bundle makes of up to some hundred texts."""
        features, answers = self._read(texts)
        return Read(answers, self._sure(answers), nearest(features, self._pool))

    def _read(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[dict[str, Any]]]:
        features, logits = self._features.of(texts)
        self._predictor.known = logits
        answers = self._predictor.predict(texts)
        self._predictor.known = None
        return features, answers

    def _sure(self, answers: Sequence[Mapping[str, Any]]) -> NDArray[np.float32]:
        cuts = {item["name"]: item.get("threshold", 0.5) for item in self._predictor.manifest["classes"]}
        return np.array([_sure(answer, cuts) for answer in answers], np.float32)


def labels_of(answer: Mapping[str, Any]) -> list[str]:
    """The classes an answer gives: one, or any number."""
    return list(answer["labels"]) if "labels" in answer else [answer["label"]]


def count(answers: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Class → answers that give it."""
    return Counter(name for answer in answers for name in labels_of(answer))


def _sure(answer: Mapping[str, Any], cuts: Mapping[str, float]) -> float:
    if "labels" not in answer:
        return float(max(answer["scores"].values()))
    calls = [abs(_logit(score) - _logit(cuts[name])) for name, score in answer["scores"].items()]
    return 1.0 / (1.0 + math.exp(-min(calls)))


def _logit(p: float) -> float:
    p = min(1.0 - _TINY, max(_TINY, p))
    return math.log(p / (1.0 - p))
