"""The same as `frozen` where spans are marked: the product's taggers, folds, estimates and picking, on cached words.

A set's words are read once, by the product's own job, and kept below tests/bench/out as principal components.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import plugins
from core.evaluation.collect import collect, is_right
from core.evaluation.report import macro_f1
from core.evaluation.tagging import fit
from core.querying import herding
from core.querying import words as word_doubts
from core.querying.base import PoolView
from core.records import Evaluation, Example, LabelledExample
from core.settings import Settings
from core.spans import Span
from core.tasks.spans import SPANS, SpanAnswer, span_answer
from core.training import tagger
from core.training.round import folds_of
from core.word_store import Words
from core.worker import tagging
from core.worker.auditing import rest_of
from core.worker.judging import audit_folds, strata
from core.worker.tagging import Marked, Unseen
from tests.bench.frozen import LOOKED_AT, OUT, State, micro_of

SETS = ("wnut17", "snips_slots")
READ, POOL, DIM = 2000, 1500, 96


@dataclass(frozen=True)
class World:
    """A pool with its gold."""

    name: str
    words: Words
    texts: Sequence[str]
    gold: Sequence[SpanAnswer]
    names: dict[int, str]
    skewed: bool = False


def load(folder: Path) -> World:
    """The words and spans of as many texts of a set as are read."""
    rows = [json.loads(line) for line in (folder / "train.jsonl").open(encoding="utf-8")]
    spans = {row["text"]: row["spans"] for row in rows}
    names = sorted({one["label"] for own in spans.values() for one in own})
    texts = [list(spans)[i] for i in np.random.default_rng(0).permutation(len(spans))[:READ]]
    cached = OUT / f"{folder.name}.words.npz"
    if not cached.exists():
        OUT.mkdir(exist_ok=True)
        np.savez(cached, **_read(texts))
    with np.load(cached) as there:
        words = Words(np.arange(len(texts)), there["starts"], there["places"], there["features"])
    gold = [span_answer(Span(s["start"], s["end"], names.index(s["label"]) + 1) for s in spans[text]) for text in texts]
    return World(folder.name, words, texts, gold, dict(enumerate(names, 1)))


def _read(texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    from core.simulation import making, working
    from core.store import examples, meta
    from core.training import space, words

    with tempfile.TemporaryDirectory() as name:
        project = making.project_of(Path(name) / "p", texts, "spans", Settings(threads=1, precision="fp32"))
        with project.open() as con:
            list(working.run(project, con, "embed"))
            there = words.store_of(space.load(project, meta.get(con, "space"))).load()
            ids = {example.text: example.id for example in examples.walk(con)}
        row = {int(i): place for place, i in enumerate(there.ids)}
        order = [row[ids[text]] for text in texts]
        sizes = np.array([np.diff(there.starts)[place] for place in order])
        places = np.concatenate([there.places[there.rows(place)] for place in order])
        return {
            "starts": np.concatenate([[0], np.cumsum(sizes)]),
            "places": places,
            "features": _reduced(there.gather(order)),
        }


def _reduced(x: NDArray[np.float32]) -> NDArray[np.float16]:
    x = x - x.mean(axis=0)
    _values, vectors = np.linalg.eigh(x.T @ x)
    return np.asarray(x @ vectors[:, ::-1][:, :DIM], np.float16)


def world(seed: int, folder: Path, loaded: dict[str, Any]) -> World:
    """The sets take turns; a pool is a part of a set."""
    name = SETS[seed % len(SETS)]
    if name not in loaded:
        loaded[name] = load(folder / name)
    whole: World = loaded[name]
    rows = np.random.default_rng(seed).permutation(len(whole.texts))[:POOL]
    sizes = np.diff(whole.words.starts)[rows]
    parts = [whole.words.rows(int(row)) for row in rows]
    words = Words(
        np.arange(len(rows)),
        np.concatenate([[0], np.cumsum(sizes)]),
        np.concatenate([whole.words.places[part] for part in parts]),
        np.concatenate([whole.words.features[part] for part in parts]),
    )
    return World(name, words, [whole.texts[i] for i in rows], [whole.gold[i] for i in rows], whole.names)


def marked(pool: World, asked: Sequence[int], gold: Sequence[SpanAnswer], drawn: Sequence[bool] = ()) -> Marked:
    """Texts of a pool as labelled ones, in the order they were asked."""
    picks = [{"probability": 0.1 if is_one else None} for is_one in drawn] or [{}] * len(asked)
    items = [
        LabelledExample(Example(i, pool.texts[i]), SPANS.encode(gold[i]), "", n, pick)
        for n, (i, pick) in enumerate(zip(asked, picks, strict=True))
    ]
    return Marked(items, [gold[i] for i in asked], list(asked))


def project(pool: World, seed: int, audit_share: float, stops: Sequence[int]) -> Iterator[State]:
    """Label a pool by the product's picks, and look at the model at each of these numbers of labels."""
    pick = plugins.load(plugins.STRATEGIES, "auto")
    vectors = np.stack([_mean(pool.words.features[pool.words.rows(i)]) for i in range(len(pool.texts))])
    asked: list[int] = []
    drawn: list[bool] = []
    is_open = np.ones(len(pool.texts), np.bool_)
    model, logp = None, np.empty((0, 1), np.float32)
    herding.COVERED = herding.CANDIDATES = LOOKED_AT
    while len(asked) < stops[-1]:
        stop = next(n for n in stops if n > len(asked))
        doubts = word_doubts.doubts(logp, pool.words.starts) if model else None
        view = PoolView(
            vectors,
            np.flatnonzero(is_open),
            np.array(asked, np.int64),
            [SPANS.classes_of(pool.gold[i]) for i in asked],
            model.class_ids if model else (),
            word_doubts.class_probabilities(logp, pool.words.starts) if model else None,
            pool.names,
            audit_share,
            exclusive=False,
            doubt=None if doubts is None else lambda rows, d=doubts: d[rows],
        )
        size = min(max(16, len(asked) // 2), 60, stop - len(asked))
        for one in pick(view, max(size, 50), np.random.default_rng((seed, len(asked))))[:size]:
            asked.append(one.row)
            drawn.append(one.probability is not None)
            is_open[one.row] = False
        known = marked(pool, asked, pool.gold, drawn)
        if SPANS.training_problem(known.answers):
            continue
        model = tagging.fitted_on(pool.words, known, range(len(asked)), model)
        logp = model.log_probabilities(pool.words.features)
        if len(asked) in stops:
            yield _state(pool, known, drawn, is_open, seed)


def _mean(features: NDArray[Any]) -> NDArray[np.float32]:
    found = np.asarray(features, np.float32).mean(axis=0) if len(features) else np.ones(DIM, np.float32)
    return np.asarray(found / max(float(np.linalg.norm(found)), 1e-9), np.float32)


def _state(pool: World, known: Marked, drawn: Sequence[bool], is_open: NDArray[np.bool_], seed: int) -> State:
    ids, groups = [item.example.id for item in known.items], strata(SPANS, known.answers)
    folds = folds_of(ids, groups, Settings().folds, seed)
    out = tagging.out_of_fold(pool.words, known, SPANS, folds)
    trials = [tagging.trial(SPANS, one, _places(pool, one, known), known.answers[one.row]) for one in out]
    sureness = fit(trials)
    each = tagging.crossfitted(trials, [int(folds[one.row]) for one in out])
    others = {one.row: tagging.reading(one, _places(pool, one, known), how) for one, how in zip(out, each, strict=True)}
    audit = tagging.out_of_fold(pool.words, known, SPANS, audit_folds(drawn, ids, groups, seed))
    mine = {one.row: tagging.reading(one, _places(pool, one, known), sureness) for one in audit}
    model = tagger.tempered(tagging.fitted_on(pool.words, known, range(len(ids))), sureness.temperature)
    every = Marked(known.items, list(pool.gold), list(range(len(pool.texts))))
    # the model is tempered already: only the power is left to apply
    told = [
        tagging.reading(one, pool.words.places[pool.words.rows(one.row)], replace(sureness, temperature=1.0))
        for one in tagging.said_by(model, pool.words, every, range(len(pool.texts)))
    ]
    readings = {**others, **mine}
    guesses = [readings[row].answer if row in readings else None for row in range(len(ids))]
    own = [told[i].answer for i in ids]
    sure = np.array([one.sure for one in told], np.float32)
    rest = rest_of(
        SPANS,
        known,
        own,
        guesses,
        {row: one.sure for row, one in readings.items()},
        frozenset(),
        (int(is_open.sum()), sure[is_open]),
    )
    rows = sorted(mine)
    judged = [(known.answers[row], mine[row].answer, "") for row in rows]
    whole = collect(SPANS, [(gold, one.answer, "") for gold, one in zip(pool.gold, told, strict=True)])[""]
    counts = SPANS.class_counts(whole, sorted(pool.names))
    right = np.array([is_right(SPANS, gold, one.answer) for gold, one in zip(pool.gold, told, strict=True)], np.bool_)
    return State(
        len(ids),
        len(rows),
        Evaluation("head", "audit", 1, collect(SPANS, judged)),
        rest,
        pool.names,
        float(right.mean()),
        macro_f1(counts) or 0.0,
        micro_of(counts),
        0,
        None,
        sure[is_open],
        right[is_open],
        [
            (mine[row].sure, is_right(SPANS, gold, answer))
            for row, (gold, answer, _part) in zip(rows, judged, strict=True)
        ],
        [(one.sure, is_right(SPANS, known.answers[row], one.answer)) for row, one in others.items()],
        np.array([SPANS.encode(one.answer) for one in told]),
    )


def _places(pool: World, one: Unseen, known: Marked) -> NDArray[np.int64]:
    return pool.words.places[pool.words.rows(known.texts[one.row])]
