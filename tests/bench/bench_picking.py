"""How long does each way of picking take, and how much memory? Every strategy on pools of growing size.

The pools are synthetic: 77 classes of very different sizes, features in half precision on disk, memory-mapped, 200
labels, the probabilities of a model that is right most of the time. Each strategy lines up a queue of 200. Memory is
what it holds at most beyond what it was given, by a run of its own: counting slows what is counted.

Run: python tests/bench/bench_picking.py [TEXTS …]
"""

import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from core import plugins
from core.querying.base import PoolView, Strategy

SIZES = (10_000, 100_000, 1_000_000)
DIM, CLASSES, LABELS, QUEUE = 384, 77, 200, 200
SECONDS = dict(zip(SIZES, (0.1, 0.5, 3.0), strict=True))
"""What a new ranking of so many texts may take in all."""
MEGABYTES = 200
PIECE = 50_000


def pool(path: Path, n: int) -> PoolView:
    """A pool of `n` texts whose features lie at `path`."""
    draw = np.random.default_rng(0)
    centres = draw.normal(size=(CLASSES, DIM)).astype(np.float32)
    sizes = 1.0 / np.arange(1, CLASSES + 1)
    p = np.empty((n, CLASSES), np.float32)
    gold = np.empty(n, np.int64)
    with path.open("wb") as file:
        for start in range(0, n, PIECE):
            part = slice(start, min(start + PIECE, n))
            gold[part] = draw.choice(CLASSES, part.stop - start, p=sizes / sizes.sum())
            x = centres[gold[part]] + draw.normal(size=(part.stop - start, DIM)).astype(np.float32)
            x /= np.linalg.norm(x, axis=1, keepdims=True)
            x.astype(np.float16).tofile(file)
            logits = x @ centres.T * 0.4 + draw.gumbel(size=(len(x), CLASSES)).astype(np.float32) * 0.5
            p[part] = np.exp(logits - logits.max(axis=1, keepdims=True))
            p[part] /= p[part].sum(axis=1, keepdims=True)
    done = draw.permutation(n)[:LABELS]
    ids = tuple(range(1, CLASSES + 1))
    vectors = centres + draw.normal(size=centres.shape).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return PoolView(
        np.memmap(path, np.float16, "r", shape=(n, DIM)),
        np.setdiff1d(np.arange(n), done),
        done,
        [(ids[gold[row]],) for row in done],
        ids,
        p,
        {i: f"class {i}" for i in ids},
        0.1,
        dict(zip(ids, vectors, strict=True)),
        {i: np.sort(draw.choice(n, min(2000, n // 50), replace=False)) for i in ids[-10:]},
    )


def seconds(strategy: Strategy, view: PoolView, runs: int = 3) -> float:
    """The best of some runs; the first one has brought the file into memory."""
    times = []
    for seed in range(runs):
        start = time.perf_counter()
        strategy(view, QUEUE, np.random.default_rng(seed))
        times.append(time.perf_counter() - start)
    return min(times)


def megabytes(strategy: Strategy, view: PoolView) -> float:
    """Memory held at most while picking."""
    tracemalloc.start()
    try:
        strategy(view, QUEUE, np.random.default_rng(0))
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def main() -> None:
    """Print the table."""
    sizes = [int(n) for n in sys.argv[1:]] or list(SIZES)
    names = plugins.names(plugins.STRATEGIES)
    found: dict[tuple[str, int], str] = {}
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        for n in sizes:
            view = pool(Path(folder, "vectors.f16"), n)
            for name in names:
                strategy: Strategy = plugins.load(plugins.STRATEGIES, name)
                found[name, n] = f"{seconds(strategy, view):8.2f} s{megabytes(strategy, view):6.0f} MB"
            del view
    aims = ", ".join(f"{s:g} s for {n:,}" for n, s in SECONDS.items())
    print(f"queue of {QUEUE}, {CLASSES} classes, {DIM} numbers a text, one thread; aim: {aims}; {MEGABYTES} MB")
    print(f"{'strategy':<18}" + "".join(f"{n:>19,}" for n in sizes))
    for name in names:
        print(f"{name:<18}" + "".join(f"{found[name, n]:>19}" for n in sizes))


if __name__ == "__main__":
    main()
