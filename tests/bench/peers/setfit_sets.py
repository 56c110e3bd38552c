"""SetFit, one against the rest, on texts drawn at random: the peer for texts with any number of labels.

Run it with the Python of an environment of its own, which holds the peer alone (`make peers` makes one):

    python setfit_sets.py FOLDER --texts 248 --draws 3 --threads 2 >> draws.jsonl

FOLDER holds train.jsonl (the pool) and test.jsonl with the fields text and labels. One JSON line a draw: macro-F1 over
the labels of the test set (one that was not drawn counts 0), exact matches, seconds of the training alone, both on the
clock and of the processor.
"""

import json
from pathlib import Path

import numpy as np
from datasets import Dataset
from setfit import SetFitModel
from setfit_draws import draws, encoder, told, trained
from sklearn.metrics import f1_score


def read(path: Path) -> tuple[list[str], list[list[str]]]:
    """Texts and label lists of a JSON Lines file."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [row["text"] for row in rows], [row["labels"] for row in rows]


def draw(folder: Path, texts: int, seed: int, scratch: str) -> dict[str, object]:
    """Train on one draw and judge on the whole test set."""
    pool, sets = read(folder / "train.jsonl")
    test_texts, gold = read(folder / "test.jsonl")
    rows = np.random.default_rng(seed).permutation(len(pool))[:texts].tolist()
    names = sorted({name for row in rows for name in sets[row]})
    model = SetFitModel.from_pretrained(encoder(), multi_target_strategy="one-vs-rest")
    given = [[int(name in sets[row]) for name in names] for row in rows]
    train = Dataset.from_dict({"text": [pool[row] for row in rows], "label": given})
    seconds, cpu = trained(model, train, seed, scratch)
    guesses = np.asarray(model.predict(test_texts, show_progress_bar=False, as_numpy=True))
    every = sorted({name for names_of in gold for name in names_of})
    truth = np.array([[int(name in names_of) for name in every] for names_of in gold])
    said = np.zeros_like(truth)
    for column, name in enumerate(names):
        if name in every:
            said[:, every.index(name)] = guesses[:, column]
    return {
        "set": folder.name,
        "seed": seed,
        "texts": texts,
        "macro_f1": round(float(f1_score(truth, said, average="macro", zero_division=0)), 5),
        "exact": round(float((truth == said).all(axis=1).mean()), 5),
        **told(seconds, cpu),
    }


if __name__ == "__main__":
    draws(__doc__, "--texts", 248, draw)
