"""The instant tagger: a linear classifier of words on cached features, fitted after every answer.

It is the head of `core.training.head` with tags for classes: one row a tag of `core.tags`, outside first.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.publish import publish_file
from core.spans import Span
from core.tags import UNKNOWN, Steps, best_tags, log_softmax, spans_of, steps_in, steps_of, tag_count, tags_of
from core.tasks.spans import SpanAnswer, span_answer
from core.training import head as heads
from core.training.head import Head

STRENGTH = 10.0
"""Inverse strength of the L2 penalty."""
MODEST = 1e-6
"""What a tag that no labelled word has is held for, beside one that some have."""
SCHEME = "bio"
"""How spans are tags, as head.json says."""
STEP_DIGITS = 4
STEPS = 60
"""Most steps of one fit."""


@dataclass(frozen=True, slots=True)
class Tagger:
    """Weights over features of words, and the classes they are about."""

    class_ids: tuple[int, ...]
    """Permanent class ids in the order of their tags."""
    weight: NDArray[np.float32]
    """[tags, dim]"""
    bias: NDArray[np.float32]
    """[tags]"""
    steps: Steps | None = None
    """What tags behind one another are worth (`core.tags.best_tags`), [tags, 3]; None: nothing."""

    def logits(self, features: NDArray[Any]) -> NDArray[np.float32]:
        """features of words [words, dim] → [words, tags]."""
        with heads.one_thread():
            return np.asarray(np.asarray(features, np.float32) @ self.weight.T + self.bias, np.float32)

    def log_probabilities(self, features: NDArray[Any]) -> NDArray[np.float32]:
        """features of words [words, dim] → [words, tags]."""
        return log_softmax(self.logits(features))

    def head(self) -> Head:
        """As a head whose classes are tags."""
        return Head(tuple(range(len(self.bias))), self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class Found:
    """One span that a tagger found."""

    span: Span[int]
    probability: float


def tags_for(answer: SpanAnswer, places: NDArray[np.int64], class_ids: Sequence[int]) -> NDArray[np.int64]:
    """The tag of each word [words]; `places`: where it starts and ends in the text, [words, 2].

    A span takes in every word that it shares characters with, the longest span first.
    """
    number = {class_id: k for k, class_id in enumerate(class_ids)}
    taken: set[int] = set()
    spans = []
    for span in sorted(answer.spans, key=lambda s: (s.start - s.end, s.start)):
        first = int(np.searchsorted(places[:, 1], span.start, side="right"))
        last = int(np.searchsorted(places[:, 0], span.end, side="left")) - 1
        own = range(first, last + 1)
        if own and span.label in number and taken.isdisjoint(own):
            taken.update(own)
            spans.append((first, last, number[span.label]))
    return tags_of(spans, len(places), complete=answer.complete)


def classes_in(answers: Sequence[SpanAnswer]) -> tuple[int, ...]:
    """Ids of all classes that were given, in order."""
    return tuple(sorted({span.label for answer in answers for span in answer.spans}))


def fit(
    features: NDArray[np.float32], tags: NDArray[np.int64], class_ids: Sequence[int], start: Tagger | None = None
) -> Tagger:
    """Fit on words' features [words, dim] and tags [words], leaving out those that are unknown.

    Multinomial logistic regression by L-BFGS in single precision, the tags weighted as heads weight classes. `start`: a
    tagger of nearly the same words, from which the fit begins.
    """
    from scipy.optimize import minimize

    known = tags != UNKNOWN
    x, y = features[known], tags[known]
    n_tags = tag_count(len(class_ids))
    counts = np.bincount(y, minlength=n_tags)
    there = counts > 0
    weights = np.sqrt(len(y) / (there.sum() * np.maximum(counts, 1)))[y].astype(np.float32)
    hot = np.zeros((len(y), n_tags), np.float32)
    hot[np.arange(len(y)), y] = 1.0
    bias_of_unmet = np.where(there, 0.0, np.log(MODEST)).astype(np.float32)

    def cost(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        both = flat.reshape(n_tags, -1).astype(np.float32)
        weight, bias = both[:, :-1], both[:, -1] + bias_of_unmet
        logp = log_softmax(x @ weight.T + bias)
        residual = (np.exp(logp) - hot) * weights[:, None]
        slope = np.concatenate([residual.T @ x + weight / STRENGTH, residual.sum(axis=0)[:, None]], axis=1)
        slope[~there] = 0.0
        loss = -float((logp[np.arange(len(y)), y] * weights).sum()) + float(np.square(weight).sum()) / (2 * STRENGTH)
        return loss, slope.astype(np.float64).ravel()

    begin = np.zeros((n_tags, x.shape[1] + 1))
    if start is not None and start.class_ids == tuple(class_ids) and start.weight.shape[1] == x.shape[1]:
        begin = np.concatenate([start.weight, (start.bias - bias_of_unmet)[:, None]], axis=1).astype(np.float64)
        begin[~there] = 0.0
    with heads.one_thread():
        found = minimize(cost, begin.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS, "ftol": 1e-5})
    both = found.x.reshape(n_tags, -1).astype(np.float32)
    return Tagger(tuple(class_ids), both[:, :-1].copy(), both[:, -1] + bias_of_unmet)


def fit_texts(
    features: NDArray[np.float32],
    tags: Sequence[NDArray[np.int64]],
    class_ids: Sequence[int],
    start: Tagger | None = None,
) -> Tagger:
    """Fit on the words of texts, one text after the other [words, dim], and on how their tags follow one another."""
    fitted = fit(features, np.concatenate(tags), class_ids, start)
    return replace(fitted, steps=steps_of(tags, len(fitted.bias)).round(STEP_DIGITS))


def tempered(model: Tagger, temperature: float) -> Tagger:
    """The tagger with its logits divided, once and for all; tags that no word had stay as improbable as they are."""
    divided = model.bias / np.float32(temperature)
    bias = np.where(model.weight.any(axis=1), divided, model.bias).astype(np.float32)
    return replace(model, weight=model.weight / np.float32(temperature), bias=bias)


def found_in(
    tagger: Tagger, places: Sequence[NDArray[np.int64]], logp: Sequence[NDArray[np.float32]]
) -> list[tuple[Found, ...]]:
    """The spans that log-probabilities [words, tags] mean, for each text whose words lie at `places` [words, 2]."""
    return [
        tuple(
            Found(Span(int(own[a, 0]), int(own[b, 1]), tagger.class_ids[k]), p) for a, b, k, p in spans_of(tags, said)
        )
        for own, tags, said in zip(places, best_tags(logp, tagger.steps), logp, strict=True)
    ]


def as_answer(found: Sequence[Found]) -> SpanAnswer:
    """What was found, as an answer."""
    return span_answer(one.span for one in found)


def save(directory: Path, tagger: Tagger, story: Mapping[str, Any]) -> None:
    """Write the weights and the JSON that tells where they come from, as heads are written."""
    heads.save(directory, tagger.head(), story)
    said = json.loads((directory / heads.STORY).read_text(encoding="utf-8"))
    steps = None if tagger.steps is None else tagger.steps.round(STEP_DIGITS).tolist()
    own = {"class_ids": list(tagger.class_ids), "scheme": SCHEME, "steps": steps}
    publish_file(directory / heads.STORY, json.dumps(said | own, indent=1).encode())


def load(directory: Path) -> Tagger:
    """Read what `save` wrote."""
    found = heads.load(directory)
    said = json.loads((directory / heads.STORY).read_text(encoding="utf-8"))
    return Tagger(found.class_ids, found.weight, found.bias, steps_in(said))
