"""What other formats of numbers give and cost: sizes, speed against torch in fp32 in the same run, and the gates.

For the demo and for sets of a folder: a project, labels for eight texts a class, bundles in fp32 and int8 made by the
product's own commands; then torch (eager, fp32) and both graphs answer the same texts in turn, on one thread. Ratios
are of wall time and of processor time; where other work runs beside it, the latter tells more.

Run: HANDFUL_BENCH_DATA=FOLDER python tests/bench/bench_precisions.py [SET …]

FOLDER holds a folder a set with train.jsonl (text, label). Without it only the demo is measured.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core import inuse
from core import project as projects
from exports import onnx_model
from exports.plan import Plan
from exports.runtime.predictor import Predictor

PER_CLASS = 8
POOL = 2600
QUICK = ("snips_intent", "banking77")
BATCH, BATCHES, SINGLES = 32, 6, 60


def handful(*args: str, given: str = "") -> dict[str, Any]:
    """Run a command; returns its JSON, if any."""
    command = [sys.executable, "-P", "-m", "tui.cli", *args]
    done = subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(args)}: {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout) if "--json" in args else {}
    return found


def rows_of(name: str, root: Path | None) -> list[dict[str, Any]]:
    """Texts with their labels, shuffled."""
    if root is None:
        corpus = Path(projects.__file__).parent / "demo" / "corpus.jsonl"
        found = [json.loads(line) for line in corpus.open(encoding="utf-8")]
        found = [{"text": row["text"], "label": row["intent"]} for row in found]
    else:
        found = [json.loads(line) for line in (root / name / "train.jsonl").open(encoding="utf-8")]
    seen: dict[str, dict[str, Any]] = {row["text"]: row for row in found}
    order = np.random.default_rng(0).permutation(len(seen))
    rows = list(seen.values())
    return [rows[i] for i in order]


def make(name: str, root: Path | None, place: Path) -> Path:
    """A project with labels for some texts of each class."""
    rows, given = rows_of(name, root), defaultdict[str, list[str]](list)
    for row in rows:
        if len(given[row["label"]]) < PER_CLASS:
            given[row["label"]].append(row["text"])
    labelled = {text for texts in given.values() for text in texts}
    pool = [row["text"] for row in rows if row["text"] not in labelled][:POOL]
    data = place / "pool.jsonl"
    data.write_text("".join(json.dumps({"text": t}) + "\n" for t in [*labelled, *pool]), encoding="utf-8")
    project = place / "project"
    handful("new", str(project), "--data", str(data))
    handful("config", str(project), "threads", "1")
    answers = [{"text": text, "label": label} for label, texts in given.items() for text in texts]
    handful("label", str(project), "-", given="".join(json.dumps(a) + "\n" for a in answers))
    subprocess.run(
        [sys.executable, "-P", "-m", "tui.cli", "next", str(project), "-n", "1", "--json"],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return project


def eager(project_dir: Path) -> Callable[[Sequence[Sequence[int]]], object]:
    """The model in use in torch, fp32, as training runs it."""
    project = projects.find(project_dir)
    with project.open(readonly=True) as con:
        model = inuse.model_in_use(project, con)
    parts = [str(part) for part in (model.encoder_dir, model.space_dir, model.head_dir)]
    whole = onnx_model.load(Plan(*parts, model.space, 1, []))

    def run(ids: Sequence[Sequence[int]]) -> object:
        longest = max(map(len, ids))
        tokens = torch.zeros((len(ids), longest), dtype=torch.int64)
        mask = torch.zeros_like(tokens)
        for row, one in enumerate(ids):
            tokens[row, : len(one)] = torch.tensor(one)
            mask[row, : len(one)] = 1
        with torch.inference_mode():
            return whole(tokens, mask)["logits"]

    return run


def timed(graphs: dict[str, Callable[[Sequence[Sequence[int]]], object]], ids: Sequence[Sequence[int]]) -> None:
    """Print seconds a batch and a text, in turns, and their ratios to torch."""
    order = sorted(ids, key=len)
    batches = [order[i : i + BATCH] for i in range(0, BATCH * BATCHES, BATCH)]
    for what, parts in (("batches of 32", batches), ("one by one", [[one] for one in ids[:SINGLES]])):
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in graphs}
        for run in graphs.values():
            run(parts[0])
        for part in parts:
            for name, run in graphs.items():
                wall, cpu = time.perf_counter(), time.process_time()
                run(part)
                spent[name].append((time.perf_counter() - wall, time.process_time() - cpu))
        base = np.array(spent["torch"])
        for name, found in spent.items():
            total = np.array(found)
            wall, cpu = base.sum(0) / total.sum(0)
            p50 = 1000 * np.median(total[:, 1])
            print(
                f"   {what:14s} {name:6s} processor p50 {p50:8.2f} ms  {cpu:5.2f}x torch (wall {wall:.2f}x)", flush=True
            )


def measure(name: str, root: Path | None) -> None:
    """One set."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        project = make(name, root, place)
        made = {
            kind: handful("export", str(project), "--to", str(place / kind), "--precision", kind, "--json")
            for kind in ("fp32", "int8")
        }
        row = made["int8"]["precision"]
        sizes = {kind: (place / kind / "model.onnx").stat().st_size for kind in made}
        held, same = row["held"], row["agreement"]
        low, high = held["interval"]
        print(
            f"-- {name}: int8 ({row['method']}) {sizes['int8'] / 1e6:.1f} of {sizes['fp32'] / 1e6:.1f} MB"
            f" ({sizes['int8'] / sizes['fp32']:.0%}); {same['share']:.2%} of {same['n']} answers the same;"
            f" macro-F1 on {held['n']} out of fold {held['before']:.3f} -> {held['after']:.3f}"
            f" (falls {100 * held['fall']:.1f} points, {100 * low:+.1f} to {100 * high:+.1f})",
            flush=True,
        )
        graphs = {kind: Predictor(place / kind, threads=1) for kind in made}
        lines = (place / "pool.jsonl").read_text(encoding="utf-8").splitlines()[: BATCH * BATCHES]
        windows = graphs["fp32"].windows([json.loads(line)["text"] for line in lines])
        runs = {kind: one._run for kind, one in graphs.items()}
        timed({"torch": eager(project), **runs}, [text[0] for text in windows])


def main() -> None:
    """The demo, then the sets."""
    torch.set_num_threads(1)
    root = os.environ.get("HANDFUL_BENCH_DATA")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; one thread each")
    names = sys.argv[1:] or ["demo", *(QUICK if root else ())]
    for name in names:
        measure(name, None if name == "demo" else Path(root or "."))


if __name__ == "__main__":
    main()
