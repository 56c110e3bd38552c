"""One round of fine-tuning, phase by phase: a model per fold to judge by, then one on all labels to keep.

Each finished phase lies whole in the round's scratch directory, and within a phase a checkpoint is written every half
minute; so the same call, made again after a kill, goes on from there.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import clock
from core.project import Project
from core.publish import publish_dir
from core.records import JobEvent
from core.settings import Settings
from core.training import checkpoint
from core.training.base import Aside, Trainer, Watching
from core.training.device import Compute
from core.training.embed import features_of, pad_id_of
from core.training.featurizer import Featurizer, lexical_of, load_encoder
from core.training.head import STORY as HEAD_STORY
from core.training.head import Head
from core.training.head import load as load_head
from core.training.head import save as save_head
from core.training.space import TOKENIZER, Space
from core.windows import TokenIds, Windows, firsts

ENCODER = "encoder"
STORY = "round.json"
"""What is worth knowing about a round, beside its encoder."""
FEW_SHOT = "few-shot"
"""The recipe of a round for which none was named."""
CHECKPOINT_SECONDS = 30.0
TICK = 0.3
SHAPING = (
    "epochs",
    "max_steps",
    "batch_size",
    "learning_rate",
    "optimizer",
    "weight_decay",
    "dropout",
    "contrastive",
    "frozen",
    "fold_frozen",
    "blend",
    "tune_length",
    "round_folds",
    "augment",
    "patience",
    "seed",
)
"""Options that shape a round's weights."""


@dataclass(frozen=True, slots=True)
class RoundRequest:
    """The frozen input of a round; nothing in it changes while labelling goes on."""

    project: Project
    space: Space
    """The space of the base encoder, which every round starts from anew (warm starts hurt small sets)."""
    texts: Sequence[str]
    answers: Sequence[Any]
    folds: NDArray[np.int64]
    """Fold number of each text, [n]."""
    set_hash: str
    work: Path
    """Scratch directory of this round."""
    settings: Settings
    compute: Compute
    recipe: str = FEW_SHOT
    """How the encoder is tuned: the name of a recipe."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One fine-tuning within a round."""

    name: str
    """`fold 1 of 3`, or `all labels`."""
    train: NDArray[np.int64]
    """Row numbers to learn from."""
    held_out: NDArray[np.int64]
    """Row numbers to predict; empty in the last phase."""


def folds_of(ids: Sequence[int], classes: Sequence[int], k: int, seed: int) -> NDArray[np.int64]:
    """Fold numbers, stratified by class; what is labelled later does not move what was labelled before.

    `ids` in the order the answers were given; `classes`: one number per text (the class, or what stands for the
    answer). Each text goes to the fold with the fewest of its class so far, then to the one with the fewest texts, then
    by a hash of seed and id. Returns [n] in 0…k−1.
    """
    folds = np.zeros(len(ids), np.int64)
    of_class: defaultdict[int, list[int]] = defaultdict(lambda: [0] * k)
    of_all = [0] * k
    for row, (i, value) in enumerate(zip(ids, classes, strict=True)):
        marks = [hashlib.sha256(f"{seed}:{i}:{fold}".encode()).digest() for fold in range(k)]
        fold = min(range(k), key=lambda f: (of_class[value][f], of_all[f], marks[f]))
        of_class[value][fold] += 1
        of_all[fold] += 1
        folds[row] = fold
    return folds


def phases_of(folds: NDArray[np.int64]) -> list[Phase]:
    """The fine-tunings a round consists of."""
    numbers = sorted(set(folds.tolist()))
    rows = np.arange(len(folds))
    judged = [
        Phase(f"fold {i} of {len(numbers)}", rows[folds != fold], rows[folds == fold])
        for i, fold in enumerate(numbers, 1)
    ]
    return [*judged, Phase("all labels", rows, rows[:0])]


def run(request: RoundRequest, trainer: Trainer) -> Iterator[JobEvent]:
    """Do all phases that are not done yet; afterwards `work/` holds the tuned encoder and `out_of_fold` can be read."""
    windows = Windows.of(request.space.info)
    texts = windows.cut(windows.tokenizer(request.space.directory / TOKENIZER), request.texts)
    phases = phases_of(request.folds)
    for number, phase in enumerate(phases):
        if _result(request, number).exists():
            continue
        yield JobEvent("phase", {"name": phase.name, "number": number + 1, "of": len(phases)})
        model = Featurizer(
            load_encoder(request.space.encoder_dir(request.project), dropout=request.settings.dropout),
            lexical_of(request.space.info),
        )
        best_epoch = yield from _tune(request, trainer, number, phase, model, firsts(texts))
        yield from _finish(request, trainer, number, phase, model.eval(), texts, best_epoch)


def _tune(
    request: RoundRequest,
    trainer: Trainer,
    number: int,
    phase: Phase,
    model: Featurizer,
    token_ids: Sequence[Sequence[int]],
) -> Generator[JobEvent, None, int]:
    """Returns after how many epochs the held-out texts were judged best; 0 if nobody watched them."""
    if isinstance(trainer, Watching):
        trainer = trainer.watching(_aside(request, number, phase, token_ids))
    answers = [request.answers[i] for i in phase.train]
    settings = _settings(request.settings, phase)
    state = trainer.start(model, answers, settings, request.compute)
    story = {"phase": number, "set_hash": request.set_hash, "recipe": _recipe(request)}
    saved = request.work / "checkpoint"
    if checkpoint.restore(saved, state, story):
        yield JobEvent("note", {"text": f"resumed at step {state.step}", "phase": phase.name})
    ticked = kept = clock.monotonic()
    steps = trainer.tune(
        state,
        [token_ids[i] for i in phase.train],
        answers,
        settings,
        request.compute,
        pad_id=pad_id_of(model),
    )
    for step in steps:
        now = clock.monotonic()
        if now - kept > CHECKPOINT_SECONDS and step.step < step.steps:
            checkpoint.save(saved, state, story)
            kept = now
        if now - ticked > TICK or step.step == step.steps:
            ticked = now
            yield JobEvent(
                "progress",
                {"what": phase.name, "done": step.step, "total": step.steps, "loss": round(step.loss, 4)},
            )
    return int(getattr(state, "best_epoch", 0))


def _settings(settings: Settings, phase: Phase) -> Settings:
    """What judges may leave more layers alone than what is kept: quicker, and judged rather too low."""
    return replace(settings, frozen=max(settings.frozen, settings.fold_frozen)) if len(phase.held_out) else settings


def _aside(request: RoundRequest, number: int, phase: Phase, token_ids: Sequence[Sequence[int]]) -> Aside:
    held = phase.held_out.tolist()
    stories = [(_result(request, earlier) / HEAD_STORY).read_text(encoding="utf-8") for earlier in range(number)]
    best = [epoch for story in stories if (epoch := int(json.loads(story).get("best_epoch", 0)))]
    return Aside([token_ids[i] for i in held], [request.answers[i] for i in held], best)


def _recipe(request: RoundRequest) -> str:
    """A name for what shapes the weights besides the labels: an option changed meanwhile voids what was done."""
    options = {name: getattr(request.settings, name) for name in SHAPING}
    text = json.dumps([request.space.fingerprint, request.compute.bf16, request.recipe, options], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _result(request: RoundRequest, number: int) -> Path:
    return request.work / f"phase-{number}-{_recipe(request)}"


def _finish(
    request: RoundRequest,
    trainer: Trainer,
    number: int,
    phase: Phase,
    model: Featurizer,
    texts: Sequence[Sequence[TokenIds]],
    best_epoch: int,
) -> Iterator[JobEvent]:
    rows = np.concatenate([phase.train, phase.held_out])
    features = np.empty((len(rows), request.space.dim), np.float32)
    own, batch = [texts[i] for i in rows], request.settings.embed_batch
    done = 0
    for indices, part in features_of(model, own, request.compute, batch=batch, pad_id=pad_id_of(model)):
        features[indices] = part
        done += len(indices)
        yield JobEvent("progress", {"what": "embed the labelled texts", "done": done, "total": len(rows)})
    head = trainer.fit_head(features[: len(phase.train)], [request.answers[i] for i in phase.train])
    with publish_dir(_result(request, number)) as stage:
        save_head(stage, head, {"best_epoch": best_epoch})
        np.save(stage / "rows.npy", phase.held_out)
        np.save(stage / "scores.npy", trainer.scores(head, features[len(phase.train) :]))
        if not len(phase.held_out):
            save_encoder(stage / ENCODER, model, request.space)


def save_encoder(target: Path, model: Featurizer, space: Space) -> None:
    """The tuned encoder as a directory like the one it came from, with the space's tokenizer."""
    model.encoder.to("cpu").save_pretrained(target, safe_serialization=True)
    (target / "tokenizer.json").write_bytes((space.directory / TOKENIZER).read_bytes())


def out_of_fold(request: RoundRequest) -> list[tuple[int, Head, NDArray[np.float32]]]:
    """(row, head of its fold, scores [classes]) for every text, each predicted by a model that never saw it."""
    found: list[tuple[int, Head, NDArray[np.float32]]] = []
    for number, phase in enumerate(phases_of(request.folds)):
        if not len(phase.held_out):
            continue
        head = load_head(_result(request, number))
        scores = np.load(_result(request, number) / "scores.npy", allow_pickle=False)
        found += [(int(row), head, scores[i]) for i, row in enumerate(phase.held_out)]
    return found


def tuned_encoder(request: RoundRequest) -> Path:
    """Where the encoder tuned on all labels lies once `run` is through."""
    return _result(request, len(phases_of(request.folds)) - 1) / ENCODER
