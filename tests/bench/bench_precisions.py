"""What other formats of numbers give and cost: sizes, speed against torch in fp32 in the same run, and the gates.

For the demo and for sets of a folder: a project, labels for eight texts a class, bundles in fp32 and int8 made by the
product's own commands; then torch (eager, fp32) and both graphs answer the same texts in turn, on one thread: the ratio
is the median over batches of each pair, by wall time and by processor time (which tells more where other work runs
beside it). One table at the end says what was reached of what is aimed at.

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

Ratios = dict[tuple[str, str], tuple[float, float, float]]
"""(graph, what) → times as fast as torch by wall and by processor time, and p50 in milliseconds"""
PER_CLASS = 8
POOL = 2600
QUICK = ("snips_intent", "vader_tweets")
AIMS = {("fp32", "throughput"): 1.5, ("int8", "throughput"): 3.0, ("int8", "latency"): 2.0}
SIZE = 0.30
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


def timed(graphs: dict[str, Callable[[Sequence[Sequence[int]]], object]], ids: Sequence[Sequence[int]]) -> Ratios:
    """How many times faster than torch each is: in batches of 32 (throughput), and one by one (latency)."""
    order = sorted(ids, key=len)
    batches = [order[i : i + BATCH] for i in range(0, BATCH * BATCHES, BATCH)]
    found: Ratios = {}
    for what, parts in (("throughput", batches), ("latency", [[one] for one in ids[:SINGLES]])):
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in graphs}
        for run in graphs.values():
            run(parts[0])
        for part in parts * (3 if what == "throughput" else 1):
            for name, run in graphs.items():
                wall, cpu = time.perf_counter(), time.process_time()
                run(part)
                spent[name].append((time.perf_counter() - wall, time.process_time() - cpu))
        base = np.array(spent["torch"])
        for name, times in spent.items():
            wall, cpu = np.median(base / np.array(times), axis=0)
            found[name, what] = (float(wall), float(cpu), float(1000 * np.median(np.array(times)[:, 0])))
    return found


def measure(name: str, root: Path | None) -> list[tuple[str, ...]]:
    """One set: the rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        project = make(name, root, place)
        made = {
            kind: handful("export", str(project), "--to", str(place / kind), "--precision", kind, "--json")
            for kind in ("fp32", "int8")
        }
        return table(name, project, place, made["int8"]["precision"])


def table(name: str, project: Path, place: Path, row: dict[str, Any]) -> list[tuple[str, ...]]:
    """What was reached; `place` holds the bundles fp32 and int8, and the texts."""
    graphs = {kind: Predictor(place / kind, threads=1) for kind in ("fp32", "int8")}
    lines = (place / "pool.jsonl").read_text(encoding="utf-8").splitlines()[: BATCH * BATCHES]
    windows = graphs["fp32"].windows([json.loads(line)["text"] for line in lines])
    ratios = timed(
        {"torch": eager(project), **{k: one._run for k, one in graphs.items()}}, [text[0] for text in windows]
    )
    rows = []
    for (kind, what), (wall, cpu, p50) in ratios.items():
        aim = AIMS.get((kind, what))
        said = "" if aim is None else f">= {aim:.1f}x {_verdict(min(wall, cpu) >= aim)}"
        rows.append((name, kind, what, f"{wall:.2f}x", f"{cpu:.2f}x", f"{p50:.2f} ms", said))
    size = (place / "int8" / "model.onnx").stat().st_size / (place / "fp32" / "model.onnx").stat().st_size
    rows.append((name, "int8", "size", f"{size:.1%}", "", "", f"<= {SIZE:.0%} {_verdict(size <= SIZE)}"))
    same, held = row["agreement"], row["held"]
    low, high = held["interval"]
    share = f"{same['share']:.2%}"
    rows.append((name, "int8", f"same of {same['n']}", share, "", "", f">= 99% {_verdict(same['share'] >= 0.99)}"))
    fall = f"{100 * held['fall']:+.1f}"
    span = f"{100 * low:+.1f} to {100 * high:+.1f}"
    said = f"<= 1 point {_verdict(held['fall'] <= 0.01)}; {row['method']}"
    rows.append((name, "int8", f"F1 falls, of {held['n']}", fall, span, "", said))
    return rows


def _verdict(reached: bool) -> str:
    return "reached" if reached else "MISSED"


def main() -> None:
    """The demo, then the sets."""
    torch.set_num_threads(1)
    root = os.environ.get("HANDFUL_BENCH_DATA")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; one thread each")
    names = sys.argv[1:] or ["demo", *(QUICK if root else ())]
    rows = [("set", "graph", "what", "wall", "processor", "p50", "aim")]
    for name in names:
        rows += measure(name, None if name == "demo" else Path(root or "."))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), flush=True)


if __name__ == "__main__":
    main()
