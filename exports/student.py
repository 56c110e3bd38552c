"""A smaller encoder that answers like the model in use: some of its layers, or another encoder, taught its features.

Run as `python -P -m exports.student STAGE`, in a process of its own. Layers are taken evenly (Sanh et al. 2019, arXiv
1910.01108); another encoder reads texts with its own tokenizer, and a linear map leads from its features to those of
the model in use, where its own fit best before it learns. What they learn from are unlabelled texts: the features that
are stored of each, and the logits the head, which stays as it is, gives for them. Some are kept aside for the gates.
"""

import sys
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import PreTrainedModel

from core import clock
from core.errors import InputError, RefusedError
from core.i18n import _
from core.project import Project
from core.publish import make_dir, publish_file
from core.records import JobEvent
from core.store import examples, models
from core.training import space as spaces
from core.training.embed import pad, pad_id_of
from core.training.featurizer import Featurizer, lexical_of, load_encoder
from core.training.space import TOKENIZER
from core.vectors import VectorStore, rows_of
from core.windows import Windows
from core.worker.jobs.embed import SAMPLE, reading_facts
from exports import child
from exports.onnx_model import TextClassifier, load, reference_features, references, save, stored_cosine, trace
from exports.plan import LAYERS, STUDENT, STUDENT_SPACE, Plan, Student, read_plan, read_student
from exports.precision import held
from exports.runtime.sealed import MODEL

TEXTS = 4000
MAP_TEXTS = 1000
"""Texts on which the map between features is fitted before anything is learnt."""
RIDGE = 1e-3
"""Penalty of that fit, as a share of how far a feature varies."""
STEPS, BATCH, RATE, WARMUP = 400, 32, 3e-4, 0.1
TICK = 0.3


class Mapped(Featurizer):
    """Another encoder in the place of the one in use: its features, led to those by a linear map, [B, dim]."""

    def __init__(self, own: Featurizer, width: int, dim: int) -> None:
        """`own` gives the features of the other encoder, `width` numbers a text; `dim`: those in the model in use."""
        super().__init__(own.encoder, own.lexical)
        self.map = nn.Linear(width, dim)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Features as the head of the model in use takes them."""
        mapped: Tensor = self.map(super().forward(input_ids, attention_mask))
        return mapped


@dataclass(frozen=True, slots=True)
class Reading:
    """How a student reads texts."""

    space: Mapping[str, Any]
    """As space.json has it."""
    tokenizer: Path

    @property
    def windows(self) -> Windows:
        """How long texts are read."""
        return Windows.of(self.space)

    def cut(self, texts: list[str]) -> list[list[list[int]]]:
        """Each text's windows of token ids."""
        return self.windows.cut(self.windows.tokenizer(self.tokenizer), texts)


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


def lessons(stage: Path, plan: Plan, own: Reading) -> Lessons:
    """Unlabelled texts that are read in one window, evenly spread, with their stored features.

    Some are kept aside first (`held.keep_aside`). Raises RefusedError if none is left to learn from.
    """
    store = VectorStore(Path(plan.space_dir), int(plan.space["dim"]))
    with Project(Path(plan.project)).open(readonly=True) as con:
        there = examples.open_ids(con)
        aside = set(held.keep_aside(stage, there))
        wanted = held.spread([i for i in there if i not in aside], TEXTS)
        texts = {example.id: example.text for example in examples.get(con, wanted)}
    rows = rows_of(store.ids(), np.array(wanted, np.int64))
    known = [(texts[i], int(row)) for i, row in zip(wanted, rows, strict=True) if row >= 0 and i in texts]
    teacher = Reading(plan.space, Path(plan.space_dir) / TOKENIZER)
    both = zip(*(reader.cut([text for text, _row in known]) for reader in (own, teacher)), strict=True)
    whole = [
        (ids[0], row) for (ids, theirs), (_text, row) in zip(both, known, strict=True) if len(ids) == len(theirs) == 1
    ]
    if not whole:
        raise RefusedError(
            _("There is no text that a student could be taught with."),
            _("{n} texts without a label are there; a third is kept aside, long ones are left out.").format(
                n=len(there)
            ),
            _("Import more texts; they need no label: handful import DIR FILE"),
        )
    vectors = np.asarray(store.vectors()[[row for _ids, row in whole]], np.float32)
    return Lessons([ids for ids, _row in whole], vectors)


def fit_map(student: Mapped, given: Lessons) -> Iterator[tuple[int, int]]:
    """Set the map to the ridge regression from the untouched encoder's features; yields (texts done, of how many)."""
    rows = held.spread(range(len(given.token_ids)), MAP_TEXTS)
    found = np.empty((len(rows), student.map.in_features), np.float64)
    own, done = Featurizer(student.encoder, student.lexical).eval(), 0
    for part, features in reference_features(own, [given.token_ids[row] for row in rows]):
        found[part] = features
        done += len(part)
        yield done, len(rows)
    goal = given.features[rows].astype(np.float64)
    middle, aim = found.mean(axis=0), goal.mean(axis=0)
    x = found - middle
    products = x.T @ x
    products[np.diag_indices_from(products)] += RIDGE * max(float(np.trace(products)) / len(products), 1e-9)
    weight = np.linalg.solve(products, x.T @ (goal - aim)).T
    with torch.no_grad():
        student.map.weight.copy_(torch.from_numpy(weight))
        student.map.bias.copy_(torch.from_numpy(aim - weight @ middle))


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


def other(plan: Plan, asked: Student, stage: Path) -> tuple[Reading, Mapped]:
    """How another encoder reads the project's texts, and it with a map; its tokenizer is written.

    Raises InputError if it can't be loaded.
    """
    project, folder = Project(Path(plan.project)), Path(asked.encoder_dir)
    with project.open(readonly=True) as con:
        sample = examples.sample_texts(con, SAMPLE)
    info, tokenizer = spaces.described(project.settings(), models.BASE, folder, sample)
    path = make_dir(stage / STUDENT_SPACE) / TOKENIZER
    publish_file(path, tokenizer.encode())
    own = Featurizer(load_encoder(folder), lexical_of(info))
    return Reading(info, path), Mapped(own, int(info["dim"]), int(plan.space["dim"])).eval()


def told_of(own: Reading, plan: Plan, asked: Student) -> dict[str, Any]:
    """What a bundle says of another encoder, beside how it learnt."""
    with Project(Path(plan.project)).open(readonly=True) as con:
        sample = examples.sample_texts(con, SAMPLE)
    space = {**own.space, "encoder": STUDENT, "dim": plan.space["dim"]}
    return {"space": space, "readability": reading_facts(own.space, Path(asked.encoder_dir), sample)}


def work(stage: Path) -> Iterator[JobEvent]:
    """Make the student with its graph, and what torch gives for the reference texts, in a directory of its own.

    The last event has {"made": what it was taught with and how far it is off, "parity": how its features compare,
    "pad_id", and of another encoder "space" and "readability"}.
    """
    plan, asked = read_plan(stage), read_student(stage)
    torch.set_num_threads(plan.threads)
    student = load(plan)
    own, more = Reading(plan.space, Path(plan.space_dir) / TOKENIZER), {}
    if asked.layers:
        made: dict[str, Any] = {"layers": asked.layers, "of": shorten(student.featurizer.encoder, asked.layers)}
    else:
        made = {"encoder": asked.encoder}
        own, student.featurizer = other(plan, asked, stage)
        more = told_of(own, plan, asked)
    given = lessons(stage, plan, own)
    loss = yield from _learning(student, given)
    folder = stage / STUDENT
    save(trace(student, max_length=own.windows.length), folder / MODEL)
    features = yield from references(folder, student, own.windows, own.tokenizer)
    compared, cosine = stored_cosine(plan, features)
    yield JobEvent(
        "result",
        {
            "made": made | {"texts": len(given.token_ids), "loss": round(loss, 4)},
            "parity": {"features_compared": compared, "features_cosine": round(cosine, 5)},
            "pad_id": pad_id_of(student.featurizer),
            **more,
        },
    )


def _learning(student: TextClassifier, given: Lessons) -> Generator[JobEvent, None, float]:
    """Teach it; returns the distance at the end."""
    if isinstance(student.featurizer, Mapped):
        for done, total in fit_map(student.featurizer, given):
            yield JobEvent("progress", {"what": "map", "done": done, "total": total})
    told, loss = clock.monotonic(), 0.0
    for step, loss in taught(student, given):
        if clock.monotonic() - told > TICK:
            told = clock.monotonic()
            yield JobEvent("progress", {"what": "student", "done": step, "total": STEPS, "loss": round(loss, 4)})
    return loss


if __name__ == "__main__":
    sys.exit(child.main(work, sys.argv[1:]))
