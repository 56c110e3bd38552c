"""Prints the figures of the demo corpus that its README quotes. usage: python -P tests/corpus_figures.py"""

import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from core import tokenizing
from core.demo import CORPUS, DemoText, corpus
from core.training.device import Compute
from core.training.embed import features_of
from core.training.encoders.embedded import EMBEDDED
from core.training.featurizer import Featurizer, load_encoder
from core.training.lexical import LexicalSketch, extended_tokenizer
from core.windows import Windows

LABELS, DRAWS = 48, 20


def words(item: DemoText) -> list[str]:
    """Words of English, characters of Chinese."""
    if item.lang == "zh":
        return [char for char in item.text if char.strip()]
    return re.findall(r"[\w'’]+", item.text.lower())


def most_shared_gram(n: int = 6) -> tuple[int, str]:
    """In how many texts the most frequent n-gram of words occurs, and which it is."""
    seen: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
    for number, item in enumerate(corpus()):
        found = words(item)
        for start in range(len(found) - n + 1):
            seen[tuple(found[start : start + n])].add(number)
    gram, texts = max(seen.items(), key=lambda pair: len(pair[1]))
    return len(texts), " ".join(gram)


def embedded() -> NDArray[np.float32]:
    """Handful's own features of all texts, [n, 384 + 512]: frozen MiniLM, and n-grams where its vocabulary fails."""
    import torch

    directory = EMBEDDED.locate("minilm", lambda _done, _total: None)
    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    with TemporaryDirectory() as name:
        extended = Path(name, "tokenizer.json")
        extended.write_text(extended_tokenizer((directory / "tokenizer.json").read_text(encoding="utf-8")))
        tokenizer = Windows(256).tokenizer(extended)
    sketch = LexicalSketch(vocab_size=config["vocab_size"], unk_id=tokenizing.unknown_id(tokenizer) or 0)
    model = Featurizer(load_encoder(directory), sketch).eval()
    texts = [item.text for item in corpus()]
    out = np.zeros((len(texts), 384 + sketch.buckets), np.float32)
    windows = Windows(256).cut(tokenizer, texts)
    for rows, part in features_of(model, windows, Compute(torch.device("cpu"), bf16=False), batch=64, pad_id=0):
        out[rows] = part
    return out


def largest_cosine(vectors: NDArray[np.float32]) -> tuple[float, str, str]:
    """The two most alike texts."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = unit @ unit.T
    np.fill_diagonal(alike, -1.0)
    a, b = divmod(int(alike.argmax()), len(alike))
    return float(alike[a, b]), corpus()[a].text, corpus()[b].text


def accuracies(vectors: NDArray[np.float32]) -> list[float]:
    """English held-out accuracy of logistic regression on 48 random labels, 20 draws."""
    from sklearn.linear_model import LogisticRegression

    items = corpus()
    intents = np.array([item.intent for item in items])
    pool = [i for i, item in enumerate(items) if item.lang == "en" and item.split == "pool"]
    test = [i for i, item in enumerate(items) if item.lang == "en" and item.split == "test"]
    found = []
    for seed in range(DRAWS):
        rows = np.random.default_rng(seed).choice(pool, LABELS, replace=False)
        model = LogisticRegression(C=10.0, max_iter=500).fit(vectors[rows, :384], intents[rows])
        found.append(float(model.score(vectors[test, :384], intents[test])))
    return found


def main() -> None:
    out = sys.stdout.write
    items = corpus()
    out(f"texts {len(items)}, bytes {CORPUS.stat().st_size}\n")
    for part in ("lang", "split", "company", "intent"):
        out(f"{part}: {dict(Counter(getattr(item, part) for item in items).most_common())}\n")
    out(f"tags: {dict(Counter(tag for item in items for tag in item.tags).most_common())}\n")
    out(f"spans: {dict(Counter(span['label'] for item in items for span in item.spans).most_common())}\n")
    for lang in ("en", "zh"):
        lengths = sorted(len(words(item)) for item in items if item.lang == lang)
        out(f"length {lang}: min {lengths[0]}, median {lengths[len(lengths) // 2]}, max {lengths[-1]}\n")
    out("most shared 6-gram: in {} texts: {}\n".format(*most_shared_gram()))
    vectors = embedded()
    out("largest cosine: {:.3f}: {!r} / {!r}\n".format(*largest_cosine(vectors)))
    found = accuracies(vectors)
    mean, spread = np.mean(found), np.std(found)
    out(f"48 random English labels: accuracy {mean:.3f} ± {spread:.3f} ({min(found):.3f} to {max(found):.3f})\n")


if __name__ == "__main__":
    main()
