"""Judging a tagger on what is labelled, and what follows from that: what several modules do for whole texts.

Counts out of fold, on drawn texts and on the test set (`core.worker.judging`, `core.worker.auditing`), labels that
look wrong (`core.worker.doubting`), the curve, the changes and whether picking pays (`core.worker.outlook`). Here a fit
takes seconds, so all of this is renewed when the labels have grown, not with each of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core import judged, plugins
from core.connection import Connection, transaction
from core.evaluation import paying, stopping
from core.evaluation.collect import is_right
from core.evaluation.outlook import Past, earlier_sizes
from core.evaluation.stopping import Look
from core.evaluation.tagging import Sureness, fit
from core.project import Project
from core.store import examples, meta, models
from core.tasks.spans import SpanAnswer
from core.training import tagger
from core.training.round import folds_of
from core.vectors import rows_of
from core.worker import doubting, outlook, span_doubting, tagging
from core.worker.auditing import rest_of
from core.worker.judging import Judge, Told, audit_folds, is_drawn, spot_limit, spots_of, strata
from core.worker.learner import MAX_OUT_OF_FOLD
from core.worker.span_moment import Fitted, Moment
from core.worker.tagging import Marked, Reading, Unseen

LABELS = "spans_judged"
"""Key below `meta`: the encoder in use and the number of labels at the last judgement."""
SURENESS = "spans_sureness"
"""Key below `meta`: the encoder in use, and what was fitted for it (`core.evaluation.tagging.Sureness`)."""
GROWTH = 1.05
"""By so much the labels grow between two judgements,"""
LOOKED = 1.25
"""and by so much between two looks at the curve: those take a dozen fits."""
PAST_FOLDS = 3
EARLIER = 2
"""Earlier models on the curve; there are three for whole texts."""


@dataclass(frozen=True, slots=True)
class Folded:
    """Labelled texts as taggers that had not seen them mark them."""

    unseen: list[Unseen]
    readings: list[Reading]
    """Each by what was fitted on the other folds."""


def is_due(con: Connection, n_labels: int) -> bool:
    """Whether the labels have grown by a twentieth, were taken back, or another encoder is used since."""
    said = meta.get(con, LABELS)
    known = isinstance(said, dict) and said["encoder"] == models.encoder_in_use(con)
    last = int(said["n"]) if known else 0
    return not last / GROWTH < n_labels < max(last * GROWTH, last + 1)


def folded(now: Moment) -> tuple[Folded, Sureness]:
    """All labelled texts out of fold, and how sure taggers on them are in truth."""
    known = now.known
    ids = [item.example.id for item in known.items]
    folds = folds_of(ids, strata(now.task, known.answers), now.settings.folds, now.settings.seed)
    unseen = tagging.out_of_fold(now.words, known, now.task, folds)
    return _read(now, unseen, folds)


def _read(now: Moment, unseen: list[Unseen], folds: NDArray[np.int64]) -> tuple[Folded, Sureness]:
    places = [_places(now, one.row) for one in unseen]
    trials = [
        tagging.trial(now.task, one, own, now.known.answers[one.row]) for one, own in zip(unseen, places, strict=True)
    ]
    each = tagging.crossfitted(trials, [int(folds[one.row]) for one in unseen])
    readings = [tagging.reading(one, own, how) for one, own, how in zip(unseen, places, each, strict=True)]
    return Folded(unseen, readings), fit(trials)


def sureness_of(con: Connection) -> Sureness:
    """What was fitted last for the encoder in use."""
    said = meta.get(con, SURENESS) or {}
    return Sureness.from_json(said.get("fitted") if said.get("encoder") == models.encoder_in_use(con) else None)


def keep(con: Connection, found: Sureness) -> None:
    """Write down what was fitted for the encoder in use."""
    with transaction(con):
        meta.put(con, SURENESS, {"encoder": models.encoder_in_use(con), "fitted": found.as_json()})


def judge(project: Project, con: Connection, now: Moment, fitted: Fitted, out: Folded | None) -> None:
    """Store all counts; `out`: what out-of-fold taggers say if that is due, None if it is not, or can't be known."""
    trainer = plugins.load(plugins.TRAINERS, now.task.name)
    judging = Judge(project, con, now.task, trainer, now.settings, now.source, now.seq)
    test = tagging.marked(now.task, now.words, examples.labelled(con, "test", learnable=True))
    if test.items:
        readings = [Reading(fitted.found[text], float(fitted.sure[text])) for text in test.texts]
        judging.test(
            test.items, test.answers, [one.answer for one in readings], told=_told(test, range(len(readings)), readings)
        )
    n = len(now.known.items)
    if n > MAX_OUT_OF_FOLD or not is_due(con, n):
        return
    if out is not None:
        rows = [one.row for one in out.unseen]
        guesses = _guesses(n, rows, out.readings)
        judging.out_of_fold(now.known.items, now.known.answers, guesses, told=_told(now.known, rows, out.readings))
        span_doubting.look(project, now, now.source, out)
    doubting.look_for_copies(project, now.task, now.known.items)
    _audit(judging, con, now, fitted, out)
    with transaction(con):
        meta.put(con, LABELS, {"encoder": models.encoder_in_use(con), "n": n})
    if outlook.is_due(con, n, LOOKED):
        outlook.keep(con, n, _look(project, con, now, fitted), _past(now) if now.space.is_base else None)
        if now.space.is_base:
            _watch_picking(con, now)


def _audit(judging: Judge, con: Connection, now: Moment, fitted: Fitted, out: Folded | None) -> None:
    """Judge the tagger on what was drawn, and say what that stands for.

    A tuned encoder has seen the labels of its round: for those the round's own fold models answered; for texts drawn
    since, taggers are fitted without them.
    """
    items, answers = now.known.items, now.known.answers
    before = None if now.space.is_base else judged.load(judging.project, judging.subject, "out-of-fold")
    old = {text.example_id: text for text in before.texts} if before is not None else {}
    drawn = [i for i, item in enumerate(items) if is_drawn(item)]
    if not drawn:
        return
    held = [is_drawn(item) or spot_limit(item) is not None for item in items]
    fresh = [is_one and item.example.id not in old for item, is_one in zip(items, held, strict=True)]
    folds = audit_folds(fresh, [item.example.id for item in items], strata(now.task, answers), now.settings.seed)
    found = tagging.out_of_fold(now.words, now.known, now.task, folds)
    mine = {one.row: tagging.reading(one, _places(now, one.row), fitted.sureness) for one in found}
    others = (
        {one.row: said for one, said in zip(out.unseen, out.readings, strict=True) if not fresh[one.row]} if out else {}
    )
    readings = {**others, **mine}
    guesses: list[SpanAnswer | None] = [None] * len(items)
    for row, said in readings.items():
        guesses[row] = said.answer
    for row, item in enumerate(items):
        if item.example.id in old:
            guesses[row] = now.task.decode(old[item.example.id].predicted)
    told = _told(now.known, list(mine), list(mine.values()))
    whole = {row: one.sure for row, one in mine.items() if answers[row].complete}
    right = {row: is_right(now.task, answers[row], guesses[row]) for row in whole}
    told = replace(told, spots=spots_of(items, right, whole))
    confident = {row: said.sure for row, said in readings.items()} if not old else {}
    own = [tagger.as_answer(fitted.found[text]) for text in now.known.texts]
    outside = frozenset(examples.chosen_ids(con))
    still_open = np.setdiff1d(np.array(examples.open_ids(con), np.int64), np.array(sorted(outside), np.int64))
    places = rows_of(now.words.ids, still_open)
    sure = fitted.sure[places[places >= 0]]
    rest = rest_of(now.task, now.known, own, guesses, confident, outside, (len(still_open), sure))
    judging.audit(
        [items[i] for i in drawn],
        [answers[i] for i in drawn],
        [guesses[i] for i in drawn],
        rest=replace(rest, ceiling=_ceiling(now, fitted, guesses, [i for i in drawn if items[i].example.id in old])),
        told=told,
    )


def _ceiling(now: "Moment", fitted: "Fitted", guesses: Sequence[SpanAnswer | None], told: Sequence[int]) -> int | None:
    """Drawn texts marked rightly if those of the round, `told`, are marked by taggers alone that had not seen them."""
    if not told:
        return None
    items, answers = now.known.items, now.known.answers
    asked = frozenset(told)
    ids, groups = [item.example.id for item in items], strata(now.task, answers)
    folds = audit_folds([i in asked for i in range(len(items))], ids, groups, now.settings.seed)
    found = tagging.out_of_fold(now.words, now.known, now.task, folds)
    eased = {one.row: tagging.reading(one, _places(now, one.row), fitted.sureness).answer for one in found}
    return sum(
        is_right(now.task, answers[i], eased.get(i) if i in asked else guesses[i])
        for i, item in enumerate(items)
        if is_drawn(item)
    )


def _guesses(n: int, rows: Sequence[int], readings: Sequence[Reading]) -> list[SpanAnswer | None]:
    found: list[SpanAnswer | None] = [None] * n
    for row, said in zip(rows, readings, strict=True):
        found[row] = said.answer
    return found


def _told(known: Marked, rows: Sequence[int], readings: Sequence[Reading]) -> Told:
    """How sure they were; whether a text is right as a whole is not known where it was marked in part."""
    ids = [known.items[row].example.id for row in rows]
    golds = [known.answers[row] for row in rows]
    return Told(
        {i: said.sure if gold.complete else None for i, gold, said in zip(ids, golds, readings, strict=True)},
        {i: tagging.pieces(gold, said.found) for i, gold, said in zip(ids, golds, readings, strict=True)},
    )


def _places(now: Moment, row: int) -> NDArray[np.int64]:
    return now.words.places[now.words.rows(now.known.texts[row])]


# How it goes on


def _look(project: Project, con: Connection, now: Moment, fitted: Fitted) -> Look | None:
    """Compare what is marked with what was marked at the last look: texts as a whole, and the tags of their words."""
    before = outlook.answers_then(project)
    ids = np.array(sorted(before) or outlook.watched(con), np.int64)
    texts = rows_of(now.words.ids, ids)
    ids, texts = ids[texts >= 0], texts[texts >= 0]
    after = {int(i): now.task.encode(tagger.as_answer(fitted.found[text])) for i, text in zip(ids, texts, strict=True)}
    outlook.remember(project, after)
    shared = [(i, int(text)) for i, text in zip(ids.tolist(), texts, strict=True) if i in before]
    if not shared:
        return None
    old, new = [before[i] for i, _text in shared], [after[i] for i, _text in shared]
    words = [now.words.places[now.words.rows(text)] for _i, text in shared]
    decisions = _tags(now, old, words), _tags(now, new, words)
    return stopping.look(len(now.known.items), old, new, float(fitted.sure[texts].mean()), decisions)


def _tags(now: Moment, stored: Sequence[str], words: Sequence[NDArray[np.int64]]) -> list[int]:
    ids = sorted(now.names)
    return [
        int(tag)
        for one, places in zip(stored, words, strict=True)
        for tag in tagger.tags_for(now.task.decode(one), places, ids)
    ]


def _past(now: Moment) -> Past | None:
    """Taggers on the first labels against one on all of them; None where nothing was drawn."""
    items, answers = now.known.items, now.known.answers
    rows = [i for i, item in enumerate(items) if is_drawn(item)]
    if not rows:
        return None
    folds = np.full(len(items), -1, np.int64)
    groups = strata(now.task, [answers[i] for i in rows])
    folds[rows] = folds_of([items[i].example.id for i in rows], groups, PAST_FOLDS, now.settings.seed)
    told = _right(now, tagging.out_of_fold(now.words, now.known, now.task, folds))
    sizes = earlier_sizes(len(items))[:EARLIER]
    first = {size: _right(now, tagging.out_of_fold(now.words, now.known, now.task, folds, size)) for size in sizes}
    return outlook.compared(len(items), told, first)


def _right(now: Moment, unseen: Sequence[Unseen]) -> Mapping[int, bool]:
    found = {}
    for one in unseen:
        answer = tagging.reading(one, _places(now, one.row), Sureness()).answer
        found[one.row] = is_right(now.task, now.known.answers[one.row], answer)
    return found


def _watch_picking(con: Connection, now: Moment) -> None:
    """Compare picked with drawn labels, and keep what that says (`core.evaluation.paying`)."""
    drawn = np.array([is_drawn(item) for item in now.known.items], np.bool_)
    served = np.array([bool(item.pick) for item in now.known.items], np.bool_)

    def answers(learn: NDArray[np.int64], held: NDArray[np.int64]) -> NDArray[np.bool_] | None:
        if now.task.training_problem([now.known.answers[i] for i in learn]):
            return None
        model = tagging.fitted_on(now.words, now.known, learn.tolist())
        right = _right(now, tagging.said_by(model, now.words, now.known, held.tolist()))
        return np.array([right[i] for i in held.tolist()], np.bool_)

    rng = np.random.default_rng((now.settings.seed, len(now.known.items)))
    found = paying.compare(np.flatnonzero(drawn), np.flatnonzero(served & ~drawn), answers, rng)
    with transaction(con):
        meta.put(con, models.PAYING, found.as_json())
