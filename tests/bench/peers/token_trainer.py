"""What anybody would do first: AutoModelForTokenClassification, fine-tuned by the transformers Trainer as it comes.

Run: python tests/bench/peers/token_trainer.py FOLDER TEXTS SEED
FOLDER holds train.jsonl and test.jsonl with `text` and `spans`. Prints one JSON line: entity F1 (exact) on the test
file after ten epochs on so many random texts, and the seconds of the training, in fp32 on the card if there is one
(CUDA_VISIBLE_DEVICES= hides it). Words, tags and tokens are Handful's, first tokens of words are labelled, so that only
the recipe differs. Needs accelerate, which Handful itself does not.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    Trainer,
    TrainingArguments,
)

from core import tokenizing
from core.reading import Reading, read
from core.spans import Span
from core.tags import best_tags, log_softmax, spans_of, tag_count
from core.tasks.spans import span_answer
from core.training.encoders.embedded import EMBEDDED
from core.training.tagger import tags_for

LENGTH = 256


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.open(encoding="utf-8")]


def firsts(reading: Reading) -> list[tuple[int, int]]:
    """(token, word) of the first token of each word in the first window."""
    found, before = [], -1
    for token, word in enumerate(reading.windows[0].owners):
        if word >= 0 and word != before:
            found.append((token, word))
        before = word
    return found


def main(folder: Path, n: int, seed: int) -> None:
    train, test = rows_of(folder / "train.jsonl"), rows_of(folder / "test.jsonl")
    classes = sorted({span["label"] for row in train for span in row["spans"]})
    encoder = EMBEDDED.locate("minilm", lambda _done, _total: None)
    tokenizer = tokenizing.load(encoder / "tokenizer.json", LENGTH)
    chosen = [train[i] for i in np.random.default_rng(seed).permutation(len(train))[:n]]
    data = []
    for row, reading in zip(chosen, read(tokenizer, [row["text"] for row in chosen], 1), strict=True):
        answer = span_answer(Span(s["start"], s["end"], classes.index(s["label"])) for s in row["spans"])
        tags = tags_for(answer, np.array(reading.words, np.int64).reshape(-1, 2), range(len(classes)))
        labels = [-100] * len(reading.windows[0].ids)
        for token, word in firsts(reading):
            labels[token] = int(tags[word])
        data.append({"input_ids": reading.windows[0].ids, "attention_mask": [1] * len(labels), "labels": labels})
    torch.manual_seed(seed)
    model = AutoModelForTokenClassification.from_pretrained(encoder, num_labels=tag_count(len(classes)))
    with tempfile.TemporaryDirectory() as out:
        options = TrainingArguments(
            output_dir=out, num_train_epochs=10, seed=seed, report_to=[], save_strategy="no", disable_tqdm=True
        )
        collator = DataCollatorForTokenClassification(AutoTokenizer.from_pretrained(encoder))
        trainer = Trainer(model=model, args=options, train_dataset=data, data_collator=collator)
        started = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - started
    f1 = judged(model.eval(), tokenizer, test, classes)
    print(json.dumps({"f1": round(f1, 4), "seconds": round(seconds, 2), "device": str(model.device)}))


def judged(model: Any, tokenizer: Any, test: list[dict[str, Any]], classes: list[str]) -> float:
    """Entity F1, both ends and the class."""
    hits = total = 0
    for row, reading in zip(test, read(tokenizer, [row["text"] for row in test], 1), strict=True):
        window, told = reading.windows[0], firsts(reading)
        logp = np.zeros((len(told), tag_count(len(classes))), np.float32)
        if told:
            with torch.inference_mode():
                ids = torch.tensor([window.ids], device=model.device)
                logits = model(input_ids=ids).logits[0].float().cpu().numpy()
            logp = log_softmax(logits[[token for token, _word in told]])
        words = [reading.words[word] for _token, word in told]
        said = {(words[a][0], words[b][1], classes[k]) for a, b, k, _p in spans_of(best_tags([logp])[0], logp)}
        gold = {(s["start"], s["end"], s["label"]) for s in row["spans"]}
        hits, total = hits + 2 * len(said & gold), total + len(said) + len(gold)
    return hits / max(1, total)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
