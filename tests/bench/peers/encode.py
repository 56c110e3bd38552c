"""sentence-transformers' `encode` with its defaults on the embedded encoder: the peer for embedding a pool.

Run it with the Python of an environment of its own (`make peers` makes one):

    python encode.py FILE.jsonl VECTORS.npy --threads 2

FILE holds one object with a text a line. The vectors are written for bench_embed.py to compare, and one JSON line says
how long it took, tokenization included and loading the model left out: seconds on the clock and of the processor.
"""

import argparse
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from setfit_draws import encoder


def main() -> None:
    """One line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("vectors", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    texts = [json.loads(line)["text"] for line in options.file.read_text(encoding="utf-8").splitlines()]
    model = SentenceTransformer(encoder(), device="cpu")
    model.encode(texts[:64], show_progress_bar=False)
    begun, spent = time.monotonic(), time.process_time()
    vectors = model.encode(texts, show_progress_bar=False)
    said = {
        "texts": len(texts),
        "seconds": round(time.monotonic() - begun, 2),
        "cpu_seconds": round(time.process_time() - spent, 2),
        "threads": torch.get_num_threads(),
        "sentence-transformers": version("sentence-transformers"),
    }
    np.save(options.vectors, np.asarray(vectors, np.float32))
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
