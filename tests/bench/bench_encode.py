"""How fast is a pool embedded? Handful beside sentence-transformers' `encode` with its defaults, on the same texts.

Both on two threads, tokenization included, loading the model left out; the peer runs in an environment of its own
(`make peers`). Ratios of seconds on the clock, and of the processor's, which other work on the machine moves less.

Run: HANDFUL_BENCH_DATA=FOLDER HANDFUL_BENCH_PEERS=.venv-peers/bin/python python tests/bench/bench_encode.py
"""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray

from core.readability import embedded
from core.settings import Settings
from core.training import device
from core.training.device import Compute
from core.training.embed import features_of
from core.training.featurizer import Featurizer, load_featurizer
from core.windows import Windows

SETS = ("vader_tweets", "imdb_cad_orig")
MOST = int(os.environ.get("HANDFUL_BENCH_TEXTS", "1500"))
THREADS = int(os.environ.get("HANDFUL_BENCH_THREADS", "2"))


def ours(model: Featurizer, texts: Sequence[str], compute: Compute) -> tuple[NDArray[np.float32], float, float]:
    """(vectors [n, dim], seconds on the clock, of the processor); texts are cut off where the peer cuts them off."""
    windows = Windows.chosen(Settings().max_length, 1)
    tokenizer = windows.tokenizer(embedded() / "tokenizer.json")
    begun, spent = time.monotonic(), time.process_time()
    vectors = np.empty((len(texts), int(model.config.hidden_size)), np.float32)
    cut = windows.cut(tokenizer, texts)
    for rows, part in features_of(model, cut, compute, batch=Settings().embed_batch, pad_id=0):
        vectors[rows] = part
    return vectors, time.monotonic() - begun, time.process_time() - spent


def main() -> None:
    """Print the table."""
    root, peer = os.environ.get("HANDFUL_BENCH_DATA"), os.environ.get("HANDFUL_BENCH_PEERS")
    if not root or not peer:
        print("skipped: HANDFUL_BENCH_DATA or HANDFUL_BENCH_PEERS is not set")
        return
    torch.set_num_threads(THREADS)
    model = load_featurizer(embedded(), {})
    formats = [Compute(torch.device("cpu"), bf16=False)]
    if device.choose(Settings(device="cpu")).bf16:
        formats.append(Compute(torch.device("cpu"), bf16=True))
    encode = Path(__file__).parent / "peers" / "encode.py"
    for name in SETS:
        lines = Path(root, name, "train.jsonl").read_text(encoding="utf-8").splitlines()[:MOST]
        texts = [json.loads(line)["text"] for line in lines]
        with TemporaryDirectory() as work:
            file, vectors = Path(work, "texts.jsonl"), Path(work, "vectors.npy")
            file.write_text("\n".join(lines), encoding="utf-8")
            command = [peer, str(encode), str(file), str(vectors), "--threads", str(THREADS)]
            said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
            theirs, reference = json.loads(said.stdout), np.load(vectors)
        print(f"{name}: {len(texts):,} texts, {THREADS} threads; sentence-transformers {theirs['seconds']:.1f} s")
        for compute in formats:
            found, seconds, spent = ours(model, texts, compute)
            least = float((found * reference).sum(axis=1).min())
            print(
                f"  {compute.name:10s} {seconds:6.1f} s: {theirs['seconds'] / seconds:.2f} times as fast"
                f" ({theirs['cpu_seconds'] / spent:.2f} by the processor's seconds); least cosine {least:.4f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
