"""Simulated projects in memory: the product's own picking, heads, folds and estimates, on features that never change.

No database, no files, no rounds: so hundreds of projects take minutes. Features are principal components of what the
embedded encoder gives, once a data set, by the product's own job, kept below tests/bench/out. What is asked, learnt
and judged goes through the functions that the worker calls.
"""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import plugins
from core.evaluation.collect import collect
from core.evaluation.estimates import Rest, control_over, later_cells
from core.evaluation.outlook import Earlier, Past, earlier_sizes
from core.evaluation.report import macro_f1
from core.querying import herding
from core.querying.base import PoolView
from core.records import ClassCounts, Evaluation
from core.settings import Settings
from core.tasks.classify import ClassAnswer
from core.tasks.multilabel import label_set
from core.training import unlabelled
from core.training.base import DrawsOnPool
from core.training.recipe import HeadRecipe
from core.training.round import folds_of
from core.worker.judging import audit_folds, confidences, guesses_of, out_of_fold, strata

OUT = Path(__file__).parent / "out"
SKEWED_POOL, FULL_POOL = 2000, 6000
DIM = 64
LENGTH = 300
"""Characters of a text that are embedded."""
LOOKED_AT = 600
"""Texts that picking covers, and chooses among: fewer than in the product, to save time."""
SETS = ("snips_intent", "vader_tweets", "imdb_cad_orig", "banking77")
MULTILABEL_SET, MULTILABEL_POOL = "nlupp", 2000
CLASSIFY, MULTILABEL = "classify", "multilabel"


@dataclass(frozen=True)
class World:
    """A pool with its gold."""

    name: str
    skewed: bool
    features: NDArray[Any]
    gold: Sequence[Any]
    """One answer a text; class ids from 1."""
    task: str = CLASSIFY


@dataclass(frozen=True)
class State:
    """A project after so many labels: what it knows itself, and the truth."""

    labels: int
    drawn: int
    evaluation: Evaluation
    rest: Rest
    names: dict[int, str]
    accuracy: float
    """On the whole pool."""
    macro_f1: float
    micro: tuple[float, float, float]
    """Precision, recall and F1 of all classes' counts together, on the whole pool."""
    least: int
    """Drawn texts of the class with the fewest of them."""
    past: Past | None
    confidence: NDArray[np.float32]
    """Of every open text."""
    right: NDArray[np.bool_]
    """Whether the model answers it right."""
    judged: list[tuple[float, bool]]
    """(confidence, right) of every drawn text, by a head that had not seen it."""
    others: list[tuple[float, bool]]
    """The same of every labelled text, out of fold."""
    answers: NDArray[Any]
    """Of the whole pool, in stored form."""


def root() -> Path | None:
    """The folder with the data sets."""
    said = os.environ.get("HANDFUL_BENCH_DATA")
    return Path(said) if said else None


def load(folder: Path, field: str = "label") -> tuple[NDArray[Any], list[tuple[int, ...]]]:
    """Features and class ids of the different texts of a set."""
    rows = [json.loads(line) for line in (folder / "train.jsonl").open(encoding="utf-8")]
    labels = {row["text"]: [row[field]] if isinstance(row[field], str) else row[field] for row in rows}
    names = sorted({name for own in labels.values() for name in own})
    cached = OUT / f"{folder.name}.npy"
    if not cached.exists():
        OUT.mkdir(exist_ok=True)
        np.save(cached, _reduced(_embedded(list(labels))))
    return np.load(cached), [tuple(names.index(name) + 1 for name in own) for own in labels.values()]


def _reduced(features: NDArray[Any]) -> NDArray[Any]:
    """Their first principal components, of unit length: a head on them takes a fifth of the time."""
    x = np.asarray(features, np.float32)
    x -= x.mean(axis=0)
    _values, vectors = np.linalg.eigh(x.T @ x)
    x = x @ vectors[:, ::-1][:, :DIM]
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), np.float16)


def _embedded(texts: Sequence[str]) -> NDArray[Any]:
    from core.simulation import making, working
    from core.store import examples, meta
    from core.training import space
    from core.vectors import VectorStore, rows_of

    with tempfile.TemporaryDirectory() as name:
        short = [text if len(text) <= LENGTH else f"{text[:LENGTH]} {number}" for number, text in enumerate(texts)]
        project = making.project_of(Path(name) / "p", short, CLASSIFY, Settings(threads=1, precision="fp32"))
        with project.open() as con:
            list(working.run(project, con, "embed"))
            made = space.load(project, meta.get(con, "space"))
            store = VectorStore(made.directory, made.dim)
            ids = {example.text: example.id for example in examples.walk(con)}
            return np.array(store.vectors()[rows_of(store.ids(), np.array([ids[text] for text in short]))])


def world(seed: int, folder: Path, loaded: dict[str, Any], task: str = CLASSIFY) -> World:
    """Every other one is a skewed pool of 2,000; of the others as many texts as the set has, at most 6,000.

    Where a text can have several labels there is one set: 2,000 texts of it each time.
    """
    if task == MULTILABEL:
        return _label_sets(seed, folder / MULTILABEL_SET, loaded)
    rng, skewed = np.random.default_rng(seed), seed % 2 == 0
    names = SETS if skewed else SETS[:3]  # of 77 classes none is ever drawn often enough, and a head takes long
    name = names[(seed // 2) % len(names)]
    if name not in loaded:
        loaded[name] = load(folder / name)
    features, classes = loaded[name]
    gold = np.array([c for (c,) in classes], np.int64)
    rows = _skewed(gold, rng) if skewed else rng.permutation(len(gold))[:FULL_POOL]
    return World(name, skewed, features[rows], [ClassAnswer(int(c)) for c in gold[rows]])


def _label_sets(seed: int, folder: Path, loaded: dict[str, Any]) -> World:
    if folder.name not in loaded:
        loaded[folder.name] = load(folder, "labels")
    features, classes = loaded[folder.name]
    rows = np.random.default_rng(seed).permutation(len(classes))[:MULTILABEL_POOL]
    return World(folder.name, False, features[rows], [label_set(classes[row]) for row in rows], MULTILABEL)


def _skewed(gold: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """2,000 rows (or what there is) of up to a dozen classes, each smaller than the one before by the same factor."""
    classes = rng.permutation(np.unique(gold))[: int(rng.integers(6, 13))]
    share = rng.uniform(0.5, 0.85) ** np.arange(len(classes))
    wanted = np.maximum(SKEWED_POOL * share / share.sum(), 8).astype(int)
    have = [np.flatnonzero(gold == c) for c in classes]
    sizes = [min(len(one), n) for one, n in zip(have, wanted, strict=True)]
    for place, one in enumerate(have):  # where a class has too few texts, the others fill up
        sizes[place] += min(len(one) - sizes[place], max(0, SKEWED_POOL - sum(sizes)))
    return rng.permutation(np.concatenate([rng.permutation(one)[:n] for one, n in zip(have, sizes, strict=True)]))


def project(pool: World, seed: int, audit_share: float, stops: Sequence[int], *, past: bool = False) -> Iterator[State]:
    """Label a pool by the product's picks, and look at the model at each of these numbers of labels."""
    task, trainer = plugins.load(plugins.TASKS, pool.task), plugins.load(plugins.TRAINERS, pool.task)
    if isinstance(trainer, DrawsOnPool):
        trainer = trainer.drawing_on(unlabelled.sample(pool.features, np.arange(len(pool.gold))))
    pick = plugins.load(plugins.STRATEGIES, "auto")
    answers = pool.gold
    names = {c: str(c) for c in sorted({c for answer in answers for c in task.classes_of(answer)})}
    asked: list[int] = []
    drawn: list[bool] = []
    is_open = np.ones(len(pool.gold), np.bool_)
    recipe, head, scores = HeadRecipe(), None, None
    herding.COVERED = herding.CANDIDATES = LOOKED_AT
    while len(asked) < stops[-1]:
        stop = next(n for n in stops if n > len(asked))
        view = PoolView(
            pool.features,
            np.flatnonzero(is_open),
            np.array(asked, np.int64),
            [task.classes_of(answers[i]) for i in asked],
            head.class_ids if head else (),
            scores,
            names,
            audit_share,
            exclusive=task.exclusive,
            doubt=None if head is None else lambda rows, h=head, s=scores: trainer.doubts(h, s[rows]),
        )
        size = min(max(16, len(asked) // 2), 60, stop - len(asked))
        for one in pick(view, max(size, 50), np.random.default_rng((seed, len(asked))))[:size]:
            asked.append(one.row)
            drawn.append(one.probability is not None)
            is_open[one.row] = False
        given, features = [answers[i] for i in asked], pool.features[asked]
        if task.training_problem(given):
            continue
        groups = strata(task, given)
        folds = folds_of(asked, groups, Settings().folds, seed)
        if len(asked) in stops:  # in between the last one serves
            recipe = trainer.choose(features, given, folds)
        head = trainer.fit_head(features, given, recipe, head)
        scores = trainer.scores(head, pool.features)
        if len(asked) not in stops:
            continue
        every = out_of_fold(task, trainer, folds, given, features, recipe)
        parts = audit_folds(drawn, asked, groups, seed)
        scored = out_of_fold(task, trainer, parts, given, features, recipe, head)
        others = [one for one in every if not drawn[one[0]]]
        guesses = guesses_of(trainer, [*scored, *others], given)
        rows = [row for row, _h, _s in scored]
        sure = trainer.confidence(head, scores)
        said = [float(trainer.confidence(h, one[None])[0]) for _row, h, one in scored]
        hits = [guesses[row] == given[row] for row in rows]
        guessed = [task.from_scores(one.tolist(), head.class_ids, head.cuts) for one in scores]
        whole = collect(task, zip(answers, guessed, [""] * len(answers), strict=True))[""]
        support = Counter(c for row in rows for c in task.classes_of(given[row]))
        told = dict(zip(rows, hits, strict=True))
        confident = confidences(trainer, [*scored, *others])
        unseen = [guessed[asked[row]] if guess is None else guess for row, guess in enumerate(guesses)]
        yield State(
            len(asked),
            len(rows),
            Evaluation("head", "audit", 1, collect(task, [(given[r], guesses[r], "") for r in rows])),
            Rest(
                collect(task, [(given[i], guessed[row], "") for i, row in enumerate(asked)])[""],
                int(is_open.sum()),
                later_cells(task, given, unseen, drawn),
                control_over(
                    [g == a for g, a in zip(unseen, given, strict=True)], confident, drawn, sure[is_open].tolist()
                ),
            ),
            names,
            task.correct(whole) / len(answers),
            macro_f1(task.class_counts(whole, sorted(names))) or 0.0,
            micro_of(task.class_counts(whole, sorted(names))),
            int(min(support[c] for c in names)),
            _past(task, trainer, recipe, given, features, parts, told) if past else None,
            sure[is_open],
            np.array([guessed[i] == answers[i] for i in np.flatnonzero(is_open)], np.bool_),
            list(zip(said, hits, strict=True)),
            _confident(trainer, every, given),
            np.array([task.encode(guess) for guess in guessed]),
        )


def micro_of(counts: Sequence[ClassCounts]) -> tuple[float, float, float]:
    """Precision, recall and F1 of all classes together."""
    whole = sum(counts, ClassCounts(0))
    return whole.precision or 0.0, whole.recall or 0.0, whole.f1 or 0.0


def _confident(trainer: Any, scored: Any, given: Sequence[Any]) -> list[tuple[float, bool]]:
    guesses = guesses_of(trainer, scored, given)
    return [(float(trainer.confidence(h, one[None])[0]), guesses[row] == given[row]) for row, h, one in scored]


def _past(
    task: Any, trainer: Any, recipe: Any, given: Any, features: Any, parts: NDArray[np.int64], told: dict[int, bool]
) -> Past:
    from core.worker.outlook import answered_by_first

    found = []
    for size in earlier_sizes(len(given)):
        then = answered_by_first(task, trainer, recipe, given, features, parts, size)
        if then is None:
            continue
        better = sum(told[row] and not right for row, right in then.items() if row in told)
        worse = sum(right and not told[row] for row, right in then.items() if row in told)
        found.append(Earlier(size, better, worse))
    return Past(len(given), len(told), sum(told.values()), tuple(found))
