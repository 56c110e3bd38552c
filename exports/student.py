"""A smaller encoder that answers like the model in use: some of its layers, taught to give its features.

Run as `python -P -m exports.student STAGE`, in a process of its own. Layers are taken evenly (Sanh et al. 2019, arXiv
1910.01108); what they learn from is the pool, no label is needed: the features that are stored of each text, and the
logits the head, which stays as it is, gives for them.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import PreTrainedModel

from core import clock
from core.errors import InputError
from core.i18n import _
from core.project import Project
from core.records import JobEvent
from core.store import examples
from core.training.embed import pad, pad_id_of
from core.training.space import TOKENIZER
from core.vectors import VectorStore
from core.windows import Windows
from exports import child
from exports.onnx_model import TextClassifier, load, save, trace
from exports.plan import LAYERS, STUDENT_ASK, Plan, read_plan

GRAPH = "student.onnx"
TEXTS = 4000
STEPS, BATCH, RATE, WARMUP = 400, 32, 3e-4, 0.1
TICK = 0.3


@dataclass(frozen=True, slots=True)
class Lessons:
    """What the student learns from."""

    token_ids: list[list[int]]
    features: NDArray[np.float32]
    """What the model in use makes of each text, [n, dim]."""


def kept_layers(of: int, layers: int) -> list[int]:
    """Which layers are kept, evenly from the first to the last."""
    return sorted(set(np.linspace(0, of - 1, layers).round().astype(int).tolist()))


def shorten(encoder: PreTrainedModel, layers: int) -> int:
    """Take layers out of the encoder; returns how many it had. Raises InputError unless it had more."""
    parent, name, there = max(
        ((m, n, c) for m in encoder.modules() for n, c in m.named_children() if isinstance(c, nn.ModuleList)),
        key=lambda found: len(found[2]),
    )
    if not 0 < layers < len(there):
        raise InputError(
            _("A student has fewer layers than the model in use."),
            _("It has {n}; asked for: {layers}.").format(n=len(there), layers=layers),
            _("Give a number from 1 to {most} with --layers.").format(most=len(there) - 1),
        )
    setattr(parent, name, nn.ModuleList(there[i] for i in kept_layers(len(there), layers)))
    config = encoder.config
    for said in LAYERS:
        if hasattr(config, said):
            setattr(config, said, layers)
    return len(there)


def lessons(plan: Plan) -> Lessons:
    """Texts of the pool that are read in one window, evenly spread, with their stored features."""
    store = VectorStore(Path(plan.space_dir), int(plan.space["dim"]))
    ids = store.ids()
    rows = np.unique(np.linspace(0, len(ids) - 1, min(len(ids), TEXTS)).round().astype(np.int64))
    with Project(Path(plan.project)).open(readonly=True) as con:
        found = {example.id: example.text for example in examples.get(con, ids[rows].tolist())}
    known = [int(row) for row in rows if int(ids[row]) in found]
    cut = Windows.of(plan.space)
    windows = cut.cut(cut.tokenizer(Path(plan.space_dir) / TOKENIZER), [found[int(ids[row])] for row in known])
    whole = [place for place, text in enumerate(windows) if len(text) == 1]
    vectors = np.asarray(store.vectors()[[known[place] for place in whole]], np.float32)
    return Lessons([list(windows[place][0]) for place in whole], vectors)


def taught(student: TextClassifier, given: Lessons, *, steps: int = STEPS) -> Iterator[tuple[int, float]]:
    """Train the encoder in place; yields (steps done, distance) after each step.

    Without dropout, for what is to be met is one value. The distance is the squared one of the features, plus that of
    the logits as a share of how far these vary.
    """
    torch.manual_seed(0)
    head, pad_id = student.head, pad_id_of(student.featurizer)
    head.requires_grad_(False)
    student.featurizer.encoder.get_input_embeddings().requires_grad_(False)
    trained = [parameter for parameter in student.featurizer.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=RATE)
    truth = torch.from_numpy(given.features)
    spread = head(truth).var().clamp(min=1e-6)
    order = np.random.default_rng(0)
    for step in range(steps):
        warm = max(1, round(steps * WARMUP))
        for group in optimizer.param_groups:
            group["lr"] = RATE * ((step + 1) / warm if step < warm else (steps - step) / max(1, steps - warm))
        rows = order.choice(len(given.token_ids), min(BATCH, len(given.token_ids)), replace=False)
        input_ids, mask = pad([given.token_ids[row] for row in rows], pad_id)
        loss = _distance(student, input_ids, mask, truth[rows], spread)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        yield step + 1, float(loss.detach())


def _distance(student: TextClassifier, input_ids: Tensor, mask: Tensor, truth: Tensor, spread: Tensor) -> Tensor:
    found = student.featurizer(input_ids, mask)
    logits: Tensor = (student.head(found) - student.head(truth)).square().mean() / spread
    features: Tensor = (found - truth).square().sum(dim=-1).mean()
    return features + logits


def work(stage: Path) -> Iterator[JobEvent]:
    """Make the student and write its graph; the last event says from how many layers and texts, and its distance."""
    plan = read_plan(stage)
    torch.set_num_threads(plan.threads)
    layers = int(json.loads((stage / STUDENT_ASK).read_text(encoding="utf-8")))
    student = load(plan)
    had = shorten(student.featurizer.encoder, layers)
    given = lessons(plan)
    told, loss = clock.monotonic(), 0.0
    for step, loss in taught(student, given):
        if clock.monotonic() - told > TICK:
            told = clock.monotonic()
            yield JobEvent("progress", {"what": "student", "done": step, "total": STEPS, "loss": round(loss, 4)})
    save(trace(student, max_length=int(plan.space["max_length"])), stage / GRAPH)
    yield JobEvent("result", {"layers": layers, "of": had, "texts": len(given.token_ids), "loss": round(loss, 4)})


if __name__ == "__main__":
    sys.exit(child.main(work, sys.argv[1:]))
