"""How fast is embedding? Tokens per second of `features_of_ids` beside the encoder's matrix products alone.

Both see the demo's texts in the same batches, in the same number format, on the same threads. The products are those of
the six layers (query, key, value, output, two of the feed-forward, and the two of attention) on ready-made numbers:
what no program around them can beat.

Run: python tests/bench/bench_embed.py [TEXTS]
"""

import os
import sys
import time
from collections.abc import Callable
from itertools import cycle, islice

import torch

from core import demo, tokenizing
from core.readability import embedded
from core.settings import Settings
from core.training import device
from core.training.device import Compute
from core.training.embed import batches_by_length, features_of_ids
from core.training.featurizer import Featurizer, load_featurizer

RUNS = 5
AIM = 0.60


def products(model: Featurizer, shapes: list[tuple[int, int]], dtype: torch.dtype) -> Callable[[], None]:
    """A function that does the matrix products of every batch (texts, tokens) once."""
    config = model.config
    hidden, inner, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    square, up, down = (
        torch.randn(shape, dtype=dtype) for shape in ((hidden, hidden), (inner, hidden), (hidden, inner))
    )
    rows = max(texts * tokens for texts, tokens in shapes)
    narrow, wide = torch.randn(rows, hidden, dtype=dtype), torch.randn(rows, inner, dtype=dtype)

    def once() -> None:
        with torch.inference_mode():
            for texts, tokens in shapes:
                x, y = narrow[: texts * tokens], wide[: texts * tokens]
                split = x.view(texts, tokens, heads, -1).transpose(1, 2)
                for _layer in range(config.num_hidden_layers):
                    for _projection in range(4):
                        torch.nn.functional.linear(x, square)
                    torch.matmul(torch.matmul(split, split.transpose(-1, -2)), split)
                    torch.nn.functional.linear(x, up)
                    torch.nn.functional.linear(y, down)

    return once


def seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(model: Featurizer, ids: list[list[int]], bf16: bool) -> tuple[float, float]:
    """Seconds for all texts, products alone and embedding, the best of some alternating runs."""
    compute, batch = Compute(torch.device("cpu"), bf16), Settings().embed_batch
    shapes = [(len(b), max(len(ids[i]) for i in b)) for b in batches_by_length(ids, batch, compute.tokens_a_text)]
    alone = products(model, shapes, torch.bfloat16 if bf16 else torch.float32)

    def embed() -> None:
        for _indices, _features in features_of_ids(model, ids, compute, batch=batch, pad_id=0):
            pass

    alone()
    embed()
    times = [(seconds(alone), seconds(embed)) for _run in range(RUNS)]
    return min(t for t, _ in times), min(t for _, t in times)


def main() -> None:
    """Print the table."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    directory = embedded()
    tokenizer = tokenizing.load(directory / "tokenizer.json", Settings().max_length)
    ids = [tokenizer.encode(text).ids for text in islice(cycle(demo.texts()), n)]
    tokens = sum(map(len, ids))
    model = load_featurizer(directory, {})
    one = device.limit_threads(Settings())
    formats = [False, True] if device.choose(Settings(device="cpu")).bf16 else [False]
    print(f"{n:,} texts, {tokens:,} tokens, best of {RUNS}; aim: ratio at least {AIM:.2f}")
    print(f"{'format, threads':<20}{'products tok/s':>16}{'embedding tok/s':>17}{'ratio':>8}")
    for threads in sorted({one, os.cpu_count() or 1}):
        torch.set_num_threads(threads)
        for bf16 in formats:
            theirs, ours = compare(model, ids, bf16)
            name = f"{'bf16' if bf16 else 'fp32'}, {threads}"
            print(f"{name:<20}{tokens / theirs:>16,.0f}{tokens / ours:>17,.0f}{theirs / ours:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
