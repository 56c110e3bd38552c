"""The instant loop where words are tagged: answers and cached words in, a published tagger with its queue out."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import clock, span_predictions
from core.connection import Connection, transaction
from core.evaluation import paying
from core.evaluation.tagging import Sureness
from core.inuse import ModelInUse
from core.project import Project
from core.querying import words as word_doubts
from core.querying.base import Pick, PoolView
from core.records import JobEvent, QueueItem, Suggestion
from core.settings import Settings
from core.spans import Guess, Span, suggestion_of
from core.store import classes, examples, labels, meta, models
from core.tags import best_tags
from core.tasks.spans import SpanAnswer
from core.training import device, tagger, words
from core.training.device import Compute
from core.training.round import STORY
from core.training.space import Space
from core.training.space import load as load_space
from core.training.tagger import Found, Tagger
from core.training.words import Told
from core.vectors import VectorStore, rows_of
from core.worker import span_judging
from core.worker.class_texts import seeded
from core.worker.learner import MAX_OUT_OF_FOLD
from core.worker.pattern_hints import Hints, PatternHints, left_out, pointing_to, raised
from core.worker.ranking import Spent, line_up, publish
from core.worker.span_judging import Folded
from core.worker.span_moment import Fitted, Moment
from core.worker.tagging import fitted_on, marked

CHUNK = 65_536
"""Words that are scored together."""


class SpanLearner:
    """The learner of the task `spans`."""

    def __init__(self) -> None:
        self._hints = PatternHints()

    def prepare(self, project: Project, space: Space, settings: Settings, compute: Compute) -> Iterator[JobEvent]:
        """Cache words in a space that is about to come into force."""
        yield from words.cache(project, space, settings, compute)

    def refresh(self, project: Project, con: Connection) -> Spent:
        """Publish a new ranking for the decisions as they are now; a queue alone, if nothing can be learnt yet."""
        now = _look(project, con)
        started = clock.monotonic()
        out, fitted = None, None
        if not now.task.training_problem(now.known.answers):
            out, sureness = _folded(project, con, now)
            fitted = _fit(project, con, now, sureness)
        learnt = clock.monotonic()
        picks = _pick(con, now, fitted, self._hints.of(project, con, now.words.ids.tolist()))
        picked = clock.monotonic()
        ranking = _publish(project, con, now, [_item(now, pick, fitted) for pick in picks], fitted)
        if fitted is not None:
            span_judging.judge(project, con, now, fitted, out)
        with transaction(con):
            meta.put(con, models.JUDGED, ranking)
        return Spent(learnt - started, picked - learnt, clock.monotonic() - picked)

    def read(self, project: Project, model: ModelInUse, texts: Sequence[str]) -> list[Told]:
        """The words of any texts as a model in use of `project` sees them."""
        space = load_space(project, str(model.space["fingerprint"]))
        settings = project.settings()
        return words.of_texts(project, space, texts, settings, device.choose(settings))

    def answers(self, model: ModelInUse, read: list[Told]) -> list[SpanAnswer]:
        """What a model answers to the texts that `read` gave."""
        fitted = tagger.load(model.head_dir)
        logp = [fitted.log_probabilities(features) for _places, features in read]
        return [tagger.as_answer(one) for one in tagger.found_in(fitted, [places for places, _rows in read], logp)]


SPAN_LEARNER = SpanLearner()


def _look(project: Project, con: Connection) -> Moment:
    settings, task, seq = project.settings(), project.task(con), labels.last_seq(con)
    space = load_space(project, meta.get(con, "space"))
    store = words.store_of(space)
    if words.missing(con, store)[0]:
        for _event in words.cache(project, space, settings, device.choose(settings), all_there_is_room_for=False):
            pass
    there = store.load()
    known = marked(task, there, examples.labelled(con, learnable=True))
    return Moment(settings, task, seq, space, there, known, classes.names(con))


def _folded(project: Project, con: Connection, now: Moment) -> tuple[Folded | None, Sureness]:
    """The labelled texts out of fold where that is due, and how sure a tagger may be.

    An encoder tuned on these very labels has seen every fold: what its round found out holds as long as it is used.
    """
    last, n = span_judging.sureness_of(con), len(now.known.items)
    if not now.space.is_base:
        return None, replace(last, temperature=_temperature(project, now))
    if n > MAX_OUT_OF_FOLD or not span_judging.is_due(con, n):
        return None, last
    out, fitted = span_judging.folded(now)
    span_judging.keep(con, fitted)
    return out, fitted


def _fit(project: Project, con: Connection, now: Moment, sureness: Sureness) -> Fitted:
    model = fitted_on(now.words, now.known, range(len(now.known.items)), _last(project, con, now))
    model = tagger.tempered(model, sureness.temperature)
    logp = np.empty((len(now.words.features), len(model.bias)), np.float32)
    for start in range(0, len(logp), CHUNK):
        logp[start : start + CHUNK] = model.log_probabilities(now.words.features[start : start + CHUNK])
    starts = now.words.starts
    rows = [now.words.rows(text) for text in range(len(now.words.ids))]
    found = tagger.found_in(model, [now.words.places[row] for row in rows], [logp[row] for row in rows])
    tags = best_tags([logp[row] for row in rows], model.steps)
    sure = np.array([sureness.of_text(logp[row], own) for row, own in zip(rows, tags, strict=True)], np.float32)
    doubts, of_classes = word_doubts.doubts(logp, starts), word_doubts.class_probabilities(logp, starts)
    return Fitted(model, sureness, found, sure, doubts, of_classes)


def _temperature(project: Project, now: Moment) -> float:
    """What the round found out of fold: a tagger on an encoder that was tuned on these words is too sure."""
    path = project.rounds / f"{int(now.space.info['encoder']):03d}" / STORY
    return float(json.loads(path.read_text(encoding="utf-8"))["recipe"]["temperature"])


def _last(project: Project, con: Connection, now: Moment) -> Tagger | None:
    """The tagger in force, if it is about the same features."""
    ranking = models.newest_ranking(con)
    if ranking is None or ranking.info.get("space") != now.space.fingerprint:
        return None
    try:
        return tagger.load(project.scores / ranking.directory)
    except FileNotFoundError:
        return None


def _pick(con: Connection, now: Moment, fitted: Fitted | None, hints: Hints) -> list[Pick]:
    """Rows of the picks are places among the cached texts."""
    ids = now.words.ids
    store = VectorStore(now.space.directory, now.space.dim)
    rows = rows_of(store.ids(), ids)
    if not len(ids) or (rows < 0).any():  # whole texts are embedded first, so that nothing is cached without
        return []
    is_open = np.isin(ids, np.array(examples.open_ids(con), np.int64))
    above = now.settings.answer_above
    settled = is_open & (fitted.sure >= above) if fitted and above > 0 else np.zeros(len(ids), np.bool_)
    found = paying.from_json(meta.get(con, models.PAYING))
    missing = classes.active_ids(con) - classes.counts(con).keys()
    unmet = {now.names[class_id]: class_id for class_id in missing}
    doubts = raised(fitted.doubts, left_out(hints, fitted.found, now.names)) if fitted else np.empty(0, np.float32)
    view = PoolView(
        np.asarray(store.vectors()[rows]),
        np.flatnonzero(is_open),
        np.array(now.known.texts, np.int64),
        [now.task.classes_of(answer) for answer in now.known.answers],
        fitted.tagger.class_ids if fitted else (),
        fitted.classes if fitted else None,
        now.names,
        now.settings.audit_share,
        seeded=pointing_to(hints, seeded(con, ids), unmet) if missing else {},
        settled=np.flatnonzero(settled),
        spot_share=now.settings.spot_check,
        settled_above=now.settings.answer_above,
        chosen=np.flatnonzero(np.isin(ids, np.array(examples.chosen_ids(con), np.int64))),
        picking_pays=found is None or found.pays,
        exclusive=now.task.exclusive,
        doubt=(lambda some: doubts[some]) if fitted else None,
        promise=None if fitted else raised(_promise(con, ids), list(hints)),
    )
    return line_up(view, now)


def _promise(con: Connection, ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """How much the cached texts look as if they held something, [texts]."""
    from core.words import words as words_of

    there = {example.id: example.text for example in examples.get(con, ids.tolist())}
    texts = [there.get(int(i), "") for i in ids]
    return word_doubts.promise([[text[start:end] for start, end in words_of(text)] for text in texts])


def _item(now: Moment, pick: Pick, fitted: Fitted | None) -> QueueItem:
    said = None
    if fitted is not None:
        said = suggestion(fitted.found[pick.row], float(fitted.sure[pick.row]), now.names, now.source)
    return QueueItem(int(now.words.ids[pick.row]), pick.strategy, pick.reason, pick.probability, said)


def suggestion(found: Sequence[Found], sure: float, names: dict[int, str], source: str) -> Suggestion:
    """What was found, as something to show; its score is the probability that all of it is right."""
    guesses = [
        Guess(Span(f.span.start, f.span.end, names[f.span.label]), round(f.probability, 4), source) for f in found
    ]
    return suggestion_of(guesses, source, round(sure, 4))


def _publish(project: Project, con: Connection, now: Moment, items: list[QueueItem], fitted: Fitted | None) -> int:
    """Make the ranking visible; returns its id."""
    if fitted is None:
        return publish(project, con, now, items, None)

    def write(stage: Path, story: Mapping[str, Any]) -> None:
        tagger.save(stage, fitted.tagger, story)
        span_predictions.write(stage, now.words.ids.tolist(), fitted.found, fitted.sure.tolist())

    return publish(project, con, now, items, write)
