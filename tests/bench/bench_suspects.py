"""Are wrong labels found? Some of 400 labels are turned over; how many are among the most suspicious tenth?

The labels are drawn at random, the embedded encoder embeds the texts, and out-of-fold probabilities come from the
product's own functions. Two kinds of mistakes: another class at random, as a slip of the finger, and one of the three
classes most like the right one, as people make them. A line a set and kind: the share that is found, mean and spread
over seeds, and average precision of the whole ranking, beside those of plain low self-confidence.

Where texts have sets of labels a label is missing, is one too many, or is another than it should be; where spans are
marked, one is missing, of another class, too short or long by a word, or a word is marked for nothing.

Run: HANDFUL_BENCH_DATA=FOLDER PYTHONPATH=. python tests/bench/bench_suspects.py [--seeds 10]
    [--task classify|multilabel|spans]

FOLDER holds a folder a set, each with train.jsonl.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core import tokenizing
from core.evaluation import span_suspects
from core.evaluation.ranking import average_precision
from core.evaluation.tagging import Sureness, joint
from core.records import Example, LabelledExample
from core.settings import Settings
from core.spans import Span, touching
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.tasks.multilabel import MULTILABEL, label_set
from core.tasks.spans import SPANS, SpanAnswer, span_answer
from core.training import device
from core.training.base import Trainer
from core.training.classify import CLASSIFY_TRAINER
from core.training.embed import features_of_ids, pad_id_of
from core.training.encoders.embedded import EMBEDDED
from core.training.featurizer import Featurizer, load_encoder
from core.training.multilabel import MULTILABEL_TRAINER
from core.training.round import folds_of
from core.training.tagger import tags_for
from core.training.unlabelled import sample
from core.worker import tagging
from core.worker.doubting import Evidence, judge
from core.worker.judging import guesses_of, out_of_fold, strata
from core.worker.span_doubting import stretches, texts_of
from core.worker.span_judging import Folded
from tests.bench import frozen, frozen_spans

SETS = ("banking77", "snips_intent")
LABELS, WRONG, TOP, NEAR = 400, 0.05, 0.1, 3
MISTAKES = ("any class", "a near class")


@dataclass(frozen=True, slots=True)
class World:
    """Labelled texts of one set: as many as all seeds need."""

    features: Any
    classes: Any
    """Class numbers, [n]."""
    near: Any
    """The classes most like each, [classes, NEAR]."""


def world(folder: Path, n: int) -> World:
    """Draw `n` labelled texts and embed them."""
    rows = [json.loads(line) for line in (folder / "train.jsonl").open(encoding="utf-8")]
    rows = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))[:n]]
    names = sorted({row["label"] for row in rows})
    classes = np.array([names.index(row["label"]) for row in rows])
    directory = EMBEDDED.locate("minilm", lambda _done, _total: None)
    tokenizer = tokenizing.load(directory / "tokenizer.json", 128)
    model = Featurizer(load_encoder(directory), None).eval()
    ids = [encoding.ids for encoding in tokenizer.encode_batch([row["text"] for row in rows])]
    features = np.empty((len(rows), model.config.hidden_size), np.float32)
    compute = device.choose(Settings(precision="fp32"))
    for places, part in features_of_ids(model, ids, compute, batch=32, pad_id=pad_id_of(model)):
        features[places] = part
    centres = np.stack([features[classes == c].mean(axis=0) for c in range(len(names))])
    alike = centres @ centres.T - 9.0 * np.eye(len(names))
    return World(features, classes, np.argsort(-alike, axis=1)[:, :NEAR])


def turned(world: World, classes: Any, kind: str, rng: np.random.Generator) -> Any:
    """(labels with some turned over, which ones): always to a class that has labels."""
    labels, there = classes.copy(), np.unique(classes)
    wrong = rng.choice(len(labels), round(WRONG * len(labels)), replace=False)
    for row in wrong:
        others = there[there != labels[row]]
        near = np.intersect1d(world.near[labels[row]], others)
        labels[row] = rng.choice(near if kind != MISTAKES[0] and len(near) else others)
    marks = np.zeros(len(labels), np.bool_)
    marks[wrong] = True
    return labels, marks


def doubts(trainer: Trainer, features: Any, labels: Any) -> tuple[Any, Any]:
    """(the product's doubt, one less plain self-confidence) about each label."""
    answers = [ClassAnswer(int(c)) for c in labels]
    items = [LabelledExample(Example(i, ""), CLASSIFY.encode(a), "", i) for i, a in enumerate(answers)]
    folds = folds_of(list(range(len(labels))), strata(CLASSIFY, answers), Settings().folds, 0)
    scored = out_of_fold(CLASSIFY, trainer, folds, answers, features, trainer.choose(features, answers, folds))
    looked = judge(CLASSIFY, Evidence(items, answers, guesses_of(trainer, scored, answers), scored, features))
    assert looked is not None
    ours, plain = np.zeros(len(labels)), np.zeros(len(labels))
    ours[looked.rows] = looked.judged.doubt
    for row, head, scores in scored:
        plain[row] = 1.0 - dict(zip(head.class_ids, scores.tolist(), strict=True)).get(int(labels[row]), 0.0)
    return ours, plain


def found(marks: Any, doubt: Any) -> tuple[float, float]:
    """(share of the wrong ones among the most doubtful tenth, average precision)."""
    top = np.argsort(-doubt, kind="stable")[: round(TOP * len(doubt))]
    return float(marks[top].sum() / marks.sum()), float(average_precision(marks, doubt) or 0.0)


def said(name: str, results: Sequence[tuple[float, float]]) -> str:
    """Mean and spread."""
    share, precision = np.array(results).T
    return f"{name} {share.mean():.3f} ±{share.std():.3f} (least {share.min():.2f}), AP {precision.mean():.3f}"


def tell(name: str, kind: str, ours: Sequence[tuple[float, float]], plain: Sequence[tuple[float, float]]) -> None:
    """One line."""
    print(f"{name:14s} {kind:12s}  {said('found', ours)}; {said('plain self-confidence', plain)}", flush=True)


MISSING, MORE, OTHER, ENDS = "one missing", "one more", "another", "other ends"
SET_MISTAKES, SPAN_MISTAKES = (MISSING, MORE, OTHER), (MISSING, MORE, OTHER, ENDS)


def label_sets(folder: Path, seeds: int) -> None:
    """A line a kind of mistake in sets of labels."""
    features, gold = frozen.load(folder, "labels")
    n_classes = max(c for own in gold for c in own)
    for kind in SET_MISTAKES:
        ours, plain = [], []
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            rows = rng.permutation(len(gold))[:LABELS]
            sets, marks = [set(gold[row]) for row in rows], np.zeros(len(rows), np.bool_)
            some = [i for i, one in enumerate(sets) if one]
            for i in rng.choice(some, round(WRONG * len(rows)), replace=False):
                marks[i] = True
                if kind != MORE:
                    sets[i].discard(int(rng.choice(sorted(sets[i]))))
                if kind != MISSING:
                    sets[i].add(int(rng.choice([c for c in range(1, n_classes + 1) if c not in gold[rows[i]]])))
            both = set_doubts(features[rows], [label_set(one) for one in sets])
            ours.append(found(marks, both[0]))
            plain.append(found(marks, both[1]))
        print(
            f"{folder.name:14s} {kind:12s}  {said('found', ours)}; {said('plain self-confidence', plain)}", flush=True
        )


def set_doubts(features: Any, answers: Sequence[Any]) -> tuple[Any, Any]:
    """(the product's doubt, that of the least probable of a text's decisions) about each answer."""
    items = [LabelledExample(Example(i, ""), MULTILABEL.encode(a), "", i) for i, a in enumerate(answers)]
    folds = folds_of(list(range(len(answers))), strata(MULTILABEL, answers), Settings().folds, 0)
    recipe = MULTILABEL_TRAINER.choose(features, answers, folds)
    scored = out_of_fold(MULTILABEL, MULTILABEL_TRAINER, folds, answers, features, recipe)
    guesses = guesses_of(MULTILABEL_TRAINER, scored, answers)
    looked = judge(MULTILABEL, Evidence(items, answers, guesses, scored, features))
    assert looked is not None
    ours, plain = np.zeros(len(answers)), np.zeros(len(answers))
    ours[looked.rows] = looked.judged.doubt
    for row, head, scores in scored:
        given = np.isin(head.class_ids, answers[row].class_ids)
        plain[row] = 1.0 - np.where(given, scores, 1.0 - scores).min()
    return ours, plain


def spans(folder: Path, seeds: int) -> None:
    """A line a kind of mistake in marked spans."""
    whole = frozen_spans.load(folder)
    for kind in SPAN_MISTAKES:
        ours, plain = [], []
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            rows = [int(row) for row in rng.permutation(len(whole.gold))[:LABELS]]
            some = [i for i, row in enumerate(rows) if whole.gold[row].spans]
            wrong = rng.choice(some, min(len(some) // 2, round(WRONG * len(rows))), replace=False)
            gold, marks = list(whole.gold), np.zeros(len(rows), np.bool_)
            for i in wrong:
                places = whole.words.places[whole.words.rows(rows[i])]
                gold[rows[i]] = span_mistake(gold[rows[i]], kind, places, sorted(whole.names), rng)
                marks[i] = gold[rows[i]] != whole.gold[rows[i]]
            both = span_doubts(whole, rows, gold)
            ours.append(found(marks, both[0]))
            plain.append(found(marks, both[1]))
        print(
            f"{folder.name:14s} {kind:12s}  {said('found', ours)}; {said('plain self-confidence', plain)}", flush=True
        )


def span_mistake(
    answer: SpanAnswer, kind: str, places: Any, names: Sequence[int], rng: np.random.Generator
) -> SpanAnswer:
    """The answer with one mistake of a kind; as it is where there is no room for one."""
    one = answer.spans[int(rng.integers(len(answer.spans)))]
    others = [span for span in answer.spans if span != one]
    if kind == MISSING:
        return span_answer(others)
    if kind == OTHER:
        return span_answer([*others, replace(one, label=int(rng.choice([c for c in names if c != one.label])))])
    if kind == ENDS:
        first, last, _label = stretches(span_answer([one]), places)[0]
        moved = last - 1 if last > first else last + 1
        grown = Span(one.start, int(places[min(moved, len(places) - 1), 1]), one.label)
        return span_answer([*others, grown]) if touching([*others, grown]) is None else answer
    free = [p for p in places.tolist() if touching([*answer.spans, Span(p[0], p[1], 0)]) is None]
    if not free:
        return answer
    start, end = free[int(rng.integers(len(free)))]
    return span_answer([*answer.spans, Span(start, end, int(rng.choice(names)))])


def span_doubts(whole: frozen_spans.World, rows: Sequence[int], gold: Sequence[SpanAnswer]) -> tuple[Any, Any]:
    """(the product's doubt, one less the probability of the tags that were given) about each answer."""
    known = frozen_spans.marked(whole, rows, gold)
    folds = folds_of(list(rows), strata(SPANS, known.answers), Settings().folds, 0)
    unseen = tagging.out_of_fold(whole.words, known, SPANS, folds)
    places = [whole.words.places[whole.words.rows(rows[one.row])] for one in unseen]
    readings = [tagging.reading(one, own, Sureness()) for one, own in zip(unseen, places, strict=True)]
    ours, plain = np.zeros(len(rows)), np.zeros(len(rows))
    for judged in span_suspects.judge(texts_of(known, whole.words, Folded(unseen, readings))):
        ours[judged.place] = judged.doubt
    for one, own in zip(unseen, places, strict=True):
        tags = tags_for(known.answers[one.row], own, one.model.class_ids)
        plain[one.row] = 1.0 - np.exp(joint(one.at(1.0), tags))
    return ours, plain


def main() -> None:
    """One line a set and kind of mistake."""
    root = os.environ.get("HANDFUL_BENCH_DATA")
    if not root:
        print("skipped: HANDFUL_BENCH_DATA names no folder with data sets")
        return
    seeds = int(sys.argv[sys.argv.index("--seeds") + 1]) if "--seeds" in sys.argv else 10
    task = sys.argv[sys.argv.index("--task") + 1] if "--task" in sys.argv else "classify"
    print(f"-- {WRONG:.0%} of {LABELS} labels turned over, {seeds} seeds: share among the {TOP:.0%} most suspicious")
    if task == "multilabel":
        label_sets(Path(root, frozen.MULTILABEL_SET), seeds)
    elif task == "spans":
        for name in frozen_spans.SETS:
            spans(Path(root, name), seeds)
    else:
        single_labels(Path(root), seeds)


def single_labels(root: Path, seeds: int) -> None:
    """A line a set and kind of mistake where each text has one label."""
    for name in SETS:
        all_texts = world(Path(root, name), 4000)
        trainer = CLASSIFY_TRAINER.drawing_on(sample(all_texts.features, np.arange(len(all_texts.classes))))
        for kind in MISTAKES:
            ours, plain = [], []
            for seed in range(seeds):
                rng = np.random.default_rng(seed)
                rows = rng.permutation(len(all_texts.classes))[:LABELS]
                labels, marks = turned(all_texts, all_texts.classes[rows], kind, rng)
                both = doubts(trainer, all_texts.features[rows], labels)
                ours.append(found(marks, both[0]))
                plain.append(found(marks, both[1]))
            tell(name, kind, ours, plain)


if __name__ == "__main__":
    main()
