"""small-text with breaking ties and its SetFit classifier: the peer that picks, too.

Run it with the Python of an environment of its own, which holds the peers alone (`make peers` makes one):

    python small_text_draws.py FOLDER --per-class 8 --draws 10 --threads 2 >> SET.small-text.jsonl

FOLDER holds train.jsonl (the pool) and test.jsonl with the fields text and label. It begins as the tool's own examples
do, with labels drawn from every class at random (a quarter of the budget), which no real user has; breaking ties then
asks for the rest in three equal parts, and after each the classifier is trained anew, with the settings of SetFit in
references.json. One JSON line a draw: accuracy and macro-F1 on the test set after the last training, seconds of all
trainings and queries. A graphics card is used if torch finds one.
"""

import os
import time
from pathlib import Path

import numpy as np
import torch
from setfit_draws import drawn, draws, encoder, read, told
from sklearn.metrics import f1_score
from small_text import BreakingTies, PoolBasedActiveLearner, TextDataset
from small_text.integrations.transformers.classifiers import setfit as classifier
from small_text.integrations.transformers.classifiers.factories import SetFitClassificationFactory
from small_text.integrations.transformers.classifiers.setfit import SetFitModelArguments

# what small-text 1.4 needs beside NumPy 2: a class where NumPy 1 had it, and seeds that fit a seed's place
np.lib.index_tricks = np.lib._index_tricks_impl
classifier.int_dtype = lambda: np.int32
PARTS = 4
"""Trainings of a draw; the budget comes in as many parts."""


def factory(classes: int) -> SetFitClassificationFactory:
    """The classifier, trained as SetFit is in setfit_draws.py."""
    options = {
        "mini_batch_size": 16,
        "trainer_kwargs": {"num_iterations": 20, "num_epochs": 1},
        "device": "cuda" if torch.cuda.is_available() else "cpu",
    }
    return SetFitClassificationFactory(SetFitModelArguments(encoder()), classes, classification_kwargs=options)


def draw(folder: Path, per_class: int, seed: int, scratch: str) -> dict[str, object]:
    """Label and train in turns, then judge on the whole test set."""
    texts, labels = read(folder / "train.jsonl")
    test_texts, gold = read(folder / "test.jsonl")
    names = sorted({*labels, *gold})
    y = np.array([names.index(label) for label in labels])
    pool = TextDataset.from_arrays(texts, y, target_labels=np.arange(len(names)))
    Path(scratch).mkdir(exist_ok=True)
    os.chdir(scratch)  # the peer leaves checkpoints where it stands
    np.random.seed(seed)
    torch.manual_seed(seed)
    budget = per_class * len(set(labels))
    begun, spent = time.monotonic(), time.process_time()
    learner = PoolBasedActiveLearner(factory(len(names)), BreakingTies(), pool)
    first = np.array(drawn(labels, max(1, per_class // PARTS), seed))
    learner.initialize_data(first, y[first])
    known = len(first)
    for part in range(1, PARTS):
        asked = learner.query(num_samples=(budget - known) // (PARTS - part))
        learner.update(y[asked])
        known += len(asked)
    seconds, cpu = time.monotonic() - begun, time.process_time() - spent
    test = TextDataset.from_arrays(
        test_texts, np.array([names.index(label) for label in gold]), target_labels=np.arange(len(names))
    )
    guesses = [names[int(guess)] for guess in learner.classifier.predict(test)]
    hits = np.mean([a == b for a, b in zip(gold, guesses, strict=True)])
    return {
        "set": folder.name,
        "seed": seed,
        "labels": known,
        "accuracy": round(float(hits), 5),
        "macro_f1": round(float(f1_score(gold, guesses, average="macro", labels=sorted(set(gold)))), 5),
        **told(seconds, cpu, "small-text"),
    }


if __name__ == "__main__":
    draws(__doc__, "--per-class", 8, draw)
