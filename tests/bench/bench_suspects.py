"""Are wrong labels found? Some of 400 labels are turned over; how many are among the most suspicious tenth?

The labels are drawn at random, the embedded encoder embeds the texts, and out-of-fold probabilities come from the
product's own functions. Two kinds of mistakes: another class at random, as a slip of the finger, and one of the three
classes most like the right one, as people make them. A line a set and kind: the share that is found, mean and spread
over seeds, and average precision of the whole ranking, beside those of plain low self-confidence.

Run: HANDFUL_BENCH_DATA=FOLDER python tests/bench/bench_suspects.py [--seeds 10]

FOLDER holds a folder a set, each with train.jsonl.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import tokenizing
from core.evaluation.ranking import average_precision
from core.records import Example, LabelledExample
from core.settings import Settings
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.training import device
from core.training.classify import CLASSIFY_TRAINER
from core.training.embed import features_of_ids, pad_id_of
from core.training.encoders.embedded import EMBEDDED
from core.training.featurizer import Featurizer, load_encoder
from core.training.recipe import HeadRecipe
from core.training.round import folds_of
from core.worker.doubting import Evidence, judge
from core.worker.judging import guesses_of, out_of_fold, strata

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


def doubts(features: Any, labels: Any, recipe: HeadRecipe) -> tuple[Any, Any]:
    """(the product's doubt, one less plain self-confidence) about each label."""
    answers = [ClassAnswer(int(c)) for c in labels]
    items = [LabelledExample(Example(i, ""), CLASSIFY.encode(a), "", i) for i, a in enumerate(answers)]
    folds = folds_of(list(range(len(labels))), strata(CLASSIFY, answers), Settings().folds, 0)
    scored = out_of_fold(CLASSIFY, CLASSIFY_TRAINER, folds, answers, features, recipe)
    looked = judge(CLASSIFY, Evidence(items, answers, guesses_of(CLASSIFY_TRAINER, scored, answers), scored, features))
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


def main() -> None:
    """One line a set and kind of mistake."""
    root = os.environ.get("HANDFUL_BENCH_DATA")
    if not root:
        print("skipped: HANDFUL_BENCH_DATA names no folder with data sets")
        return
    seeds = int(sys.argv[sys.argv.index("--seeds") + 1]) if "--seeds" in sys.argv else 10
    print(f"-- {WRONG:.0%} of {LABELS} labels turned over, {seeds} seeds: share among the {TOP:.0%} most suspicious")
    for name in SETS:
        all_texts = world(Path(root, name), 4000)
        for kind in MISTAKES:
            ours, plain = [], []
            for seed in range(seeds):
                rng = np.random.default_rng(seed)
                rows = rng.permutation(len(all_texts.classes))[:LABELS]
                labels, marks = turned(all_texts, all_texts.classes[rows], kind, rng)
                both = doubts(all_texts.features[rows], labels, HeadRecipe())
                ours.append(found(marks, both[0]))
                plain.append(found(marks, both[1]))
            print(f"{name:14s} {kind:12s}  {said('found', ours)}; {said('plain self-confidence', plain)}", flush=True)


if __name__ == "__main__":
    main()
