"""Taggers on what is labelled: how they are fitted, and what such say of a text that had not seen it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.collect import is_right
from core.evaluation.tagging import TEMPERATURES, Sureness, Trial, fit, joint
from core.records import LabelledExample
from core.spans import Span
from core.tags import best_tags, log_softmax, spans_of
from core.tasks.base import Task
from core.tasks.spans import SpanAnswer
from core.training import tagger
from core.training.tagger import Found, Tagger
from core.vectors import rows_of
from core.word_store import Words

MOST_WORDS = 60_000
"""Words a tagger is fitted on; of more, those of the newest answers."""


@dataclass(frozen=True, slots=True)
class Marked:
    """Labelled texts whose words are cached."""

    items: list[LabelledExample]
    answers: list[SpanAnswer]
    texts: list[int]
    """Their places among the cached ones."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """A labelled text, and a tagger that had not seen it."""

    row: int
    """Its number among the labelled ones."""
    model: Tagger
    logits: NDArray[np.float32]
    """Of its words, [words, tags]."""

    def at(self, temperature: float) -> NDArray[np.float32]:
        """Log-probabilities [words, tags] as `core.training.tagger.tempered` makes them."""
        met = self.model.weight.any(axis=1)
        return log_softmax(np.where(met, self.logits / np.float32(temperature), self.logits))


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a text."""

    found: tuple[Found, ...]
    sure: float
    """Probability that the text as a whole is right."""

    @property
    def answer(self) -> SpanAnswer:
        """As an answer."""
        return tagger.as_answer(self.found)


def marked(task: Task[Any], there: Words, items: list[LabelledExample]) -> Marked:
    """Those labelled texts whose words are cached."""
    rows = rows_of(there.ids, np.array([item.example.id for item in items], np.int64))
    kept = [(item, int(row)) for item, row in zip(items, rows, strict=True) if row >= 0]
    return Marked([i for i, _row in kept], [task.decode(i.stored) for i, _row in kept], [row for _item, row in kept])


def fitted_on(there: Words, known: Marked, rows: Sequence[int], start: Tagger | None = None) -> Tagger:
    """The tagger of some of the labelled texts, by their numbers among these."""
    class_ids = tagger.classes_in([known.answers[i] for i in rows])
    kept: list[int] = []
    room = MOST_WORDS
    for i in reversed(rows):
        own = there.rows(known.texts[i])
        room -= own.stop - own.start
        if room < 0 and kept:
            break
        kept.append(i)
    features = there.gather([known.texts[i] for i in kept])
    tags = [tagger.tags_for(known.answers[i], there.places[there.rows(known.texts[i])], class_ids) for i in kept]
    return tagger.fit_texts(features, tags, class_ids, start)


def said_by(model: Tagger, there: Words, known: Marked, rows: Iterable[int]) -> list[Unseen]:
    """What a tagger says of labelled texts, by their numbers among these."""
    return [Unseen(i, model, model.logits(there.features[there.rows(known.texts[i])])) for i in rows]


def out_of_fold(
    there: Words, known: Marked, task: Task[Any], folds: NDArray[np.int64], first: int | None = None
) -> list[Unseen]:
    """Each labelled text that has a fold, as a tagger sees it that learnt from no text of that fold.

    `folds`: [texts], -1 for texts that all learn from and nobody marks; `first`: only so many texts, in order, are
    learnt from. What is left without anything to learn from is left out. No fit begins where another ended: stopped
    early it would remember what that one had seen.
    """
    found: list[Unseen] = []
    for fold in np.unique(folds[folds >= 0]):
        train, held = np.flatnonzero(folds[:first] != fold).tolist(), np.flatnonzero(folds == fold).tolist()
        if not task.training_problem([known.answers[i] for i in train]):
            found += said_by(fitted_on(there, known, train), there, known, held)
    return found


def reading(one: Unseen, places: NDArray[np.int64], sureness: Sureness) -> Reading:
    """What it means; `places`: where the text's words lie in it, [words, 2]."""
    logp = one.at(sureness.temperature)
    tags = best_tags([logp], one.model.steps)[0]
    return Reading(_found(one.model, places, tags, logp), sureness.of_text(logp, tags))


def trial(task: Task[Any], one: Unseen, places: NDArray[np.int64], gold: SpanAnswer) -> Trial:
    """The text as `core.evaluation.tagging.fit` takes it; its tags are those of its own temperature throughout."""
    tags = best_tags([log_softmax(one.logits)], one.model.steps)[0]
    told = [one.at(float(t)) for t in TEMPERATURES]
    spans = [pieces(gold, _found(one.model, places, tags, logp)) for logp in told]
    answer = tagger.as_answer(_found(one.model, places, tags, told[0]))
    return Trial(spans, [joint(logp, tags) for logp in told], is_right(task, gold, answer) if gold.complete else None)


def pieces(gold: SpanAnswer, found: Sequence[Found]) -> list[tuple[float, bool]]:
    """(probability, whether it is right) of each span that can be judged: of an answer in part, those that meet it."""
    return [
        (one.probability, one.span in gold.spans)
        for one in found
        if gold.complete or any(one.span.start < span.end and span.start < one.span.end for span in gold.spans)
    ]


def crossfitted(trials: Sequence[Trial], folds: Sequence[int]) -> list[Sureness]:
    """For each trial what the trials of the other folds say, so that no number is judged by what it was fitted on."""
    by_fold = {
        fold: fit([one for one, its in zip(trials, folds, strict=True) if its != fold]) for fold in dict.fromkeys(folds)
    }
    return [by_fold[fold] for fold in folds]


def _found(
    model: Tagger, places: NDArray[np.int64], tags: NDArray[np.int64], logp: NDArray[np.float32]
) -> tuple[Found, ...]:
    return tuple(
        Found(Span(int(places[a, 0]), int(places[b, 1]), model.class_ids[k]), p) for a, b, k, p in spans_of(tags, logp)
    )
