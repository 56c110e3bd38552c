"""The instant loop where words are tagged: answers and cached words in, a published tagger with its queue out."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import clock, inuse, plugins, queue, span_predictions
from core.connection import Connection, transaction
from core.evaluation import paying
from core.inuse import ModelInUse
from core.project import Project
from core.publish import publish_dir, publish_file
from core.querying import words as word_doubts
from core.querying.base import Pick, PoolExhaustedError, PoolView, Strategy
from core.records import JobEvent, LabelledExample, QueueItem, Suggestion
from core.settings import Settings
from core.spans import Guess, Span, suggestion_of
from core.store import classes, examples, labels, meta, models
from core.tasks.base import Task
from core.tasks.spans import SpanAnswer
from core.training import device, tagger, words
from core.training.device import Compute
from core.training.round import STORY, folds_of
from core.training.space import Space
from core.training.space import load as load_space
from core.training.tagger import Found, Tagger
from core.training.words import Told
from core.vectors import VectorStore, rows_of
from core.word_store import Words
from core.worker.class_texts import seeded
from core.worker.judging import Judge, strata
from core.worker.learner import KEPT_RANKINGS, MAX_OUT_OF_FOLD, Spent

MOST_WORDS = 60_000
"""Words a tagger is fitted on; of more, those of the newest answers."""
CHUNK = 65_536
"""Words that are scored together."""


@dataclass(frozen=True, slots=True)
class Marked:
    """Labelled texts whose words are cached."""

    items: list[LabelledExample]
    answers: list[SpanAnswer]
    texts: list[int]
    """Their places among the cached ones."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The project as one refresh sees it."""

    settings: Settings
    task: Task[Any]
    seq: int
    """The newest event."""
    space: Space
    words: Words
    known: Marked
    names: dict[int, str]

    @property
    def source(self) -> str:
        """What the model is called."""
        return inuse.source_name(self.space.encoder)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A tagger and what it says about every cached text."""

    tagger: Tagger
    found: list[tuple[Found, ...]]
    doubts: NDArray[np.float32]
    """[cached texts]"""
    classes: NDArray[np.float32]
    """[cached texts, classes]"""


class SpanLearner:
    """The learner of the task `spans`."""

    def prepare(self, project: Project, space: Space, settings: Settings, compute: Compute) -> Iterator[JobEvent]:
        """Cache words in a space that is about to come into force."""
        yield from words.cache(project, space, settings, compute)

    def refresh(self, project: Project, con: Connection) -> Spent:
        """Publish a new ranking for the decisions as they are now; a queue alone, if nothing can be learnt yet."""
        now = _look(project, con)
        started = clock.monotonic()
        fitted = None if now.task.training_problem(now.known.answers) else _fit(project, con, now)
        learnt = clock.monotonic()
        picks = _pick(con, now, fitted)
        picked = clock.monotonic()
        ranking = _publish(project, con, now, [_item(now, pick, fitted) for pick in picks], fitted)
        if fitted is not None:
            _judge(project, con, now, fitted)
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


def said_by(model: Tagger, there: Words, texts: Sequence[int]) -> list[tuple[Found, ...]]:
    """What a tagger finds in some of the cached texts."""
    rows = [there.rows(text) for text in texts]
    logp = [model.log_probabilities(there.features[row]) for row in rows]
    return tagger.found_in(model, [there.places[row] for row in rows], logp)


def _fit(project: Project, con: Connection, now: Moment) -> Fitted:
    model = fitted_on(now.words, now.known, range(len(now.known.items)), _last(project, con, now))
    model = tagger.tempered(model, _temperature(project, now))
    logp = np.empty((len(now.words.features), len(model.bias)), np.float32)
    for start in range(0, len(logp), CHUNK):
        logp[start : start + CHUNK] = model.log_probabilities(now.words.features[start : start + CHUNK])
    starts = now.words.starts
    rows = [now.words.rows(text) for text in range(len(now.words.ids))]
    found = tagger.found_in(model, [now.words.places[row] for row in rows], [logp[row] for row in rows])
    return Fitted(model, found, word_doubts.doubts(logp, starts), word_doubts.class_probabilities(logp, starts))


def _temperature(project: Project, now: Moment) -> float:
    """What the round found out of fold: a tagger on an encoder that was tuned on these words is too sure."""
    if now.space.is_base:
        return 1.0
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


def _pick(con: Connection, now: Moment, fitted: Fitted | None) -> list[Pick]:
    """Rows of the picks are places among the cached texts."""
    ids = now.words.ids
    store = VectorStore(now.space.directory, now.space.dim)
    rows = rows_of(store.ids(), ids)
    if not len(ids) or (rows < 0).any():  # whole texts are embedded first, so that nothing is cached without
        return []
    is_open = np.isin(ids, np.array(examples.open_ids(con), np.int64))
    found = paying.from_json(meta.get(con, models.PAYING))
    missing = bool(classes.active_ids(con) - classes.counts(con).keys())
    view = PoolView(
        np.asarray(store.vectors()[rows]),
        np.flatnonzero(is_open),
        np.array(now.known.texts, np.int64),
        [now.task.classes_of(answer) for answer in now.known.answers],
        fitted.tagger.class_ids if fitted else (),
        fitted.classes if fitted else None,
        now.names,
        now.settings.audit_share,
        seeded=seeded(con, ids) if missing else {},
        picking_pays=found is None or found.pays,
        exclusive=now.task.exclusive,
        doubt=(lambda some: fitted.doubts[some]) if fitted else None,
        promise=None if fitted else _promise(con, ids),
    )
    strategy: Strategy = plugins.load(plugins.STRATEGIES, now.settings.strategy)
    try:
        return strategy(view, now.settings.queue_length, np.random.default_rng((now.settings.seed, now.seq)))
    except PoolExhaustedError:
        return []


def _promise(con: Connection, ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """How much the cached texts look as if they held something, [texts]."""
    from core.words import words as words_of

    there = {example.id: example.text for example in examples.get(con, ids.tolist())}
    texts = [there.get(int(i), "") for i in ids]
    return word_doubts.promise([[text[start:end] for start, end in words_of(text)] for text in texts])


def _item(now: Moment, pick: Pick, fitted: Fitted | None) -> QueueItem:
    said = None if fitted is None else suggestion(fitted.found[pick.row], now.names, now.source)
    return QueueItem(int(now.words.ids[pick.row]), pick.strategy, pick.reason, pick.probability, said)


def suggestion(found: Sequence[Found], names: dict[int, str], source: str) -> Suggestion:
    """What was found, as something to show; its score is the probability that all of it is right."""
    guesses = [
        Guess(Span(f.span.start, f.span.end, names[f.span.label]), round(f.probability, 4), source) for f in found
    ]
    right = float(np.prod([f.probability for f in found])) if found else None
    return suggestion_of(guesses, source, None if right is None else round(right, 4))


def _publish(project: Project, con: Connection, now: Moment, items: list[QueueItem], fitted: Fitted | None) -> int:
    """Make the ranking visible; returns its id."""
    last = models.newest_ranking(con)
    target = project.scores / f"{(last.id if last else 0) + 1:06d}"
    story = {
        "task": now.task.name,
        "encoder": now.space.encoder,
        "space": now.space.fingerprint,
        "source": now.source,
        "event_seq": now.seq,
        "n_labels": len(now.known.items),
        "shape": queue.shape(now.settings),
    }
    with publish_dir(target) as stage:
        publish_file(stage / queue.QUEUE, queue.encode(items, now.seq))
        if fitted is not None:
            tagger.save(stage, fitted.tagger, story)
            span_predictions.write(stage, now.words.ids.tolist(), fitted.found)
    ranking = models.add_ranking(con, target.name, now.seq, story)
    for old in sorted(p for p in project.scores.iterdir() if p.name.isdigit())[:-KEPT_RANKINGS]:
        shutil.rmtree(old, ignore_errors=True)
    return ranking


def _judge(project: Project, con: Connection, now: Moment, fitted: Fitted) -> None:
    judge = Judge(
        project, con, now.task, plugins.load(plugins.TRAINERS, now.task.name), now.settings, now.source, now.seq
    )
    test = marked(now.task, now.words, examples.labelled(con, "test", learnable=True))
    if test.items:
        guesses = [tagger.as_answer(fitted.found[text]) for text in test.texts]
        judge.test(test.items, test.answers, guesses)
    # an encoder tuned on these very labels has seen every fold: its out-of-fold counts come from its round
    if now.space.is_base and len(now.known.items) <= MAX_OUT_OF_FOLD and _judging_is_due(con, len(now.known.items)):
        judge.own_labels(now.known.items, now.known.answers, out_of_fold(now.words, now.known, now.task, now.settings))


def _judging_is_due(con: Connection, n_labels: int) -> bool:
    """Each time the labels have grown by a twentieth: a fit a fold is more than an answer should cost."""
    last = int(meta.get(con, "spans_judged", 0))
    due = not last * 0.95 < n_labels < max(last * 1.05, last + 1)
    if due:
        with transaction(con):
            meta.put(con, "spans_judged", n_labels)
    return due


def out_of_fold(there: Words, known: Marked, task: Task[Any], settings: Settings) -> list[SpanAnswer | None]:
    """Each labelled text as a tagger that did not see it answers it; None where its fold leaves nothing to learn."""
    ids = [item.example.id for item in known.items]
    folds = folds_of(ids, strata(task, known.answers), settings.folds, settings.seed)
    guesses: list[SpanAnswer | None] = [None] * len(ids)
    for fold in np.unique(folds):
        train, held = np.flatnonzero(folds != fold).tolist(), np.flatnonzero(folds == fold).tolist()
        if task.training_problem([known.answers[i] for i in train]):
            continue
        model = fitted_on(there, known, train)
        for i, found in zip(held, said_by(model, there, [known.texts[i] for i in held]), strict=True):
            guesses[i] = tagger.as_answer(found)
    return guesses
