"""Rounds where words are tagged: the encoder is tuned with a classifier of tags on top, begun where the tagger stands.

Probing first, then tuning (Kumar et al. 2022, arXiv 2202.10054): the classifier begins as the linear tagger of the
untouched encoder, so that the first gradients do not tear apart what the encoder knows. The classifier learns at a
higher rate than the encoder, whose lower half stays as it is: each text goes through that once (`core.training.still`).
The judges, one a fold, move its topmost layers only: quicker, and judged rather too low. Words that nobody has said
anything about count for nothing.
"""

import copy
import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core import clock
from core.errors import RefusedError
from core.i18n import _
from core.publish import publish_dir, publish_file
from core.reading import Reading, Window, read
from core.records import JobEvent
from core.settings import Settings
from core.tags import UNKNOWN, log_softmax
from core.tasks.spans import SPANS, SpanAnswer
from core.training import checkpoint, tagger
from core.training.base import Said
from core.training.device import Compute
from core.training.embed import autocast
from core.training.round import CHECKPOINT_SECONDS, ENCODER, SHAPING, TICK, Phase, RoundRequest, phases_of
from core.training.space import TOKENIZER
from core.training.still import Remembered, fits, freeze
from core.training.tagger import Tagger
from core.training.tokens import TokenFeaturizer, load_token_featurizer, padded, word_features
from core.training.tune import Step, optimizer_for, set_rate
from core.windows import Windows

RATE = 4.0
"""Rate of the encoder, as a multiple of the option: there are many words to learn from in each text."""
HEAD_RATE = 10.0
"""Rate of the classifier, as a multiple of the encoder's."""
BATCH = 0.5
"""Texts a step, as a share of the option."""
EPOCHS = 0.34
"""Passes over the texts, as a share of the option: three times as many gained a point at most."""
FEWEST, FOLD_FEWEST = 24, 16
"""Steps that even a few texts are learnt from, and by a model that only judges."""
STILL, FOLD_STILL = 0.5, 0.75
"""Share of the encoder's lower layers that a tuning leaves as they are at least, and one that only judges."""
PIECE_TOKENS = 1024
"""Tokens, padding included, that go through the encoder together."""
TEMPERATURES = np.geomspace(0.25, 4.0, 33)
JUDGED = "judged.json"


@dataclass(slots=True)
class TagState:
    """Everything that must be saved to go on exactly where a run stopped."""

    model: TokenFeaturizer
    classifier: nn.Linear
    optimizer: torch.optim.Optimizer
    step: int = 0
    still: int = 0
    """Layers, from the lowest on, that do not move."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """Texts with their tags, as a tuning takes them."""

    windows: Sequence[Window]
    """The first window of each text, shortened."""
    tags: Sequence[NDArray[np.int64]]
    """The tag of each token, [tokens]; `UNKNOWN` where nobody said anything, and for tokens of no word."""


Rows = dict[int, tuple[NDArray[np.int64], NDArray[np.float32]]]
"""text → places of its words [words, 2], their features [words, dim]"""


def planned_steps(n: int, settings: Settings, fewest: int = FEWEST) -> int:
    """Optimiser steps for n labelled texts."""
    per_epoch = math.ceil(n / batch_size(settings))
    return max(1, min(settings.max_steps, max(fewest, round(per_epoch * settings.epochs * EPOCHS))))


def batch_size(settings: Settings) -> int:
    """Texts a step."""
    return max(2, round(settings.batch_size * BATCH))


def start(model: TokenFeaturizer, first: Tagger, settings: Settings, compute: Compute) -> TagState:
    """Set the encoder up for tuning: the classifier as the tagger has it, lower layers and embeddings frozen."""
    torch.manual_seed(settings.seed)
    model.to(compute.device).train()
    still = freeze(model.encoder, settings.frozen)
    classifier = nn.Linear(model.dim, len(first.bias)).to(compute.device)
    with torch.no_grad():
        classifier.weight.copy_(torch.from_numpy(first.weight))
        classifier.bias.copy_(torch.from_numpy(first.bias))
    groups: list[dict[str, object]] = [
        {"params": [p for p in model.encoder.parameters() if p.requires_grad], "scale": RATE},
        {"params": list(classifier.parameters()), "scale": RATE * HEAD_RATE},
    ]
    return TagState(model, classifier, optimizer_for(groups, settings), still=still)


def tune(
    state: TagState, learnt: Learnt, settings: Settings, compute: Compute, *, pad_id: int, fewest: int = FEWEST
) -> Iterator[Step]:
    """Train `state` in place, yielding after each step; raises RefusedError if the loss stops being a number."""
    n = len(learnt.windows)
    steps, size = planned_steps(n, settings, fewest), batch_size(settings)
    token_ids = [window.ids for window in learnt.windows]
    remember = state.still and fits(state.model, token_ids)
    below = Remembered(state.model, state.still, token_ids, compute, pad_id) if remember else None
    while state.step < steps:
        rows = _batch(n, size, settings.seed, state.step)
        set_rate(state.optimizer, settings.learning_rate, state.step, steps)
        torch.manual_seed(settings.seed * 1_000_003 + state.step)  # dropout, the same after a resume
        loss = _step(state, learnt, rows, compute, pad_id, below)
        if not math.isfinite(loss):
            raise RefusedError(
                _("Training went astray: the loss is no number any more."),
                _("Step {step} of {steps}.").format(step=state.step + 1, steps=steps),
                _("Lower the learning rate (handful config DIR learning_rate) or use precision fp32."),
            )
        state.step += 1
        yield Step(state.step, steps, loss)


def _batch(n: int, size: int, seed: int, step: int) -> list[int]:
    """Row numbers of one batch, texts shuffled anew each time they are used up; a function of seed and step alone."""
    rows = []
    for place in range(step * size, (step + 1) * size):
        lap, within = divmod(place, n)
        rows.append(int(np.random.default_rng((seed, 1, lap)).permutation(n)[within]))
    return list(dict.fromkeys(rows))


def _step(
    state: TagState, learnt: Learnt, rows: Sequence[int], compute: Compute, pad_id: int, below: Remembered | None
) -> float:
    """One optimiser step on pieces of like length, its gradient accumulated over them."""
    known = sum(int((learnt.tags[row] != UNKNOWN).sum()) for row in rows)
    value = 0.0
    state.optimizer.zero_grad(set_to_none=True)
    for part in _pieces(learnt, rows):
        ids, mask, shapes = (t.to(compute.device) for t in padded([learnt.windows[row] for row in part], pad_id))
        target = torch.full(ids.shape, UNKNOWN)
        for place, row in enumerate(part):
            target[place, : len(learnt.tags[row])] = torch.from_numpy(learnt.tags[row])
        with below.in_place_of_layers(part) if below else nullcontext(), autocast(compute):
            logits = state.classifier(state.model(ids, mask, shapes))
        loss = _loss(logits.float(), target.to(compute.device)) / max(1, known)
        loss.backward()  # type: ignore[no-untyped-call]
        value += float(loss.detach())
    nn.utils.clip_grad_norm_([p for group in state.optimizer.param_groups for p in group["params"]], 1.0)
    state.optimizer.step()
    return value


def _pieces(learnt: Learnt, rows: Sequence[int]) -> list[list[int]]:
    """The texts of a batch in pieces of like length that hold `PIECE_TOKENS` at most, or one text."""
    pieces: list[list[int]] = []
    for row in sorted(rows, key=lambda row: -len(learnt.windows[row].ids)):
        fits_in = pieces and len(learnt.windows[pieces[-1][0]].ids) * (len(pieces[-1]) + 1) <= PIECE_TOKENS
        if fits_in:
            pieces[-1].append(row)
        else:
            pieces.append([row])
    return pieces


def _loss(logits: Tensor, target: Tensor) -> Tensor:
    return functional.cross_entropy(logits.transpose(1, 2), target, ignore_index=UNKNOWN, reduction="sum")


class SpanTrainer:
    """The trainer of the task `spans`; it runs its rounds itself."""

    def run_round(self, request: RoundRequest) -> Iterator[JobEvent]:
        """Judge by every fold, then tune on all labels; what is done already is not done again."""
        windows = Windows.of(request.space.info)
        readings = read(windows.tokenizer(request.space.directory / TOKENIZER), request.texts, windows.most)
        phases = phases_of(request.folds)
        left = [number for number in range(len(phases)) if not _result(request, number).exists()]
        untouched: Rows = {}
        for number in left:
            phase = phases[number]
            yield JobEvent("phase", {"name": phase.name, "number": number + 1, "of": len(phases)})
            if not untouched:
                encoder = _encoder(request)
                untouched = _words(encoder, readings, request)
            # loading takes longer than copying; the last one needs none
            model = encoder if number == left[-1] else copy.deepcopy(encoder)
            yield from _phase(request, readings, number, phase, model, untouched)

    def tuned_encoder(self, request: RoundRequest) -> Path:
        return _result(request, len(phases_of(request.folds)) - 1) / ENCODER

    def contenders(self, request: RoundRequest) -> tuple[Said, Said]:
        judged = [
            json.loads((_result(request, number) / JUDGED).read_text(encoding="utf-8"))
            for number in range(len(phases_of(request.folds)) - 1)
        ]
        return _gathered(judged, "tuned", len(request.texts)), _gathered(judged, "plain", len(request.texts))


def _gathered(judged: Sequence[Mapping[str, Any]], kind: str, n: int) -> Said:
    """What the models of one kind say about the texts that their folds held out; folds count by their words."""
    guesses: list[SpanAnswer | None] = [None] * n
    for fold in judged:
        for row, stored in zip(fold["rows"], fold[kind]["answers"], strict=True):
            guesses[row] = SPANS.decode(stored)
    words = [fold[kind]["words"] for fold in judged]
    if not sum(words):
        return Said(guesses, math.inf)
    loss = np.average(
        [fold[kind]["loss"] if own else 0.0 for fold, own in zip(judged, words, strict=True)], weights=words
    )
    logs = np.average([math.log(fold[kind]["temperature"]) for fold in judged], weights=words)
    return Said(guesses, float(loss), math.exp(logs))


SPANS_TRAINER = SpanTrainer()


def _result(request: RoundRequest, number: int) -> Path:
    options = {name: getattr(request.settings, name) for name in SHAPING}
    text = json.dumps([request.space.fingerprint, request.compute.bf16, request.recipe, options], sort_keys=True)
    return request.work / f"phase-{number}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _encoder(request: RoundRequest) -> TokenFeaturizer:
    directory, dropout = request.space.encoder_dir(request.project), request.settings.dropout
    return load_token_featurizer(directory, request.space.info, dropout=dropout)


def _phase(
    request: RoundRequest,
    readings: Sequence[Reading],
    number: int,
    phase: Phase,
    model: TokenFeaturizer,
    untouched: Rows,
) -> Iterator[JobEvent]:
    """One fine-tuning of `model`; `untouched`: the words of all texts as it sees them before."""
    settings = request.settings
    least = max(settings.fold_frozen, FOLD_STILL) if len(phase.held_out) else STILL
    settings = replace(settings, frozen=max(settings.frozen, least))
    train = phase.train.tolist()
    class_ids = tagger.classes_in([request.answers[i] for i in train])
    first = _fitted(request, untouched, train, class_ids)
    state = start(model, first, settings, request.compute)
    yield from _tuned(request, state, _learnt(request, readings, train, class_ids), settings, number, phase)
    model.eval()
    with publish_dir(_result(request, number)) as stage:
        if len(phase.held_out):
            held = phase.held_out.tolist()
            tuned_words = _words(model, readings, request)
            tuned = _fitted(request, tuned_words, train, class_ids)
            sayings = {
                "tuned": _said(request, tuned, tuned_words, held),
                "plain": _said(request, first, untouched, held),
            }
            publish_file(stage / JUDGED, json.dumps({"rows": held, **sayings}).encode())
        else:
            model.encoder.to("cpu").save_pretrained(stage / ENCODER, safe_serialization=True)
            tokenizer = (request.space.directory / TOKENIZER).read_bytes()
            publish_file(stage / ENCODER / "tokenizer.json", tokenizer)


def _words(model: TokenFeaturizer, readings: Sequence[Reading], request: RoundRequest) -> Rows:
    model.to(request.compute.device).eval()
    told = word_features(model, readings, request.compute, batch=request.settings.embed_batch, pad_id=_pad_id(model))
    return {text: (np.array(readings[text].words[: len(rows)], np.int64).reshape(-1, 2), rows) for text, rows in told}


def _pad_id(model: TokenFeaturizer) -> int:
    return int(model.config.pad_token_id or 0)


def _fitted(request: RoundRequest, rows: Rows, train: Sequence[int], class_ids: Sequence[int]) -> Tagger:
    tags = [tagger.tags_for(request.answers[i], rows[i][0], class_ids) for i in train]
    return tagger.fit_texts(np.concatenate([rows[i][1] for i in train]), tags, class_ids)


def _learnt(request: RoundRequest, readings: Sequence[Reading], train: Sequence[int], ids: Sequence[int]) -> Learnt:
    windows, tags = [], []
    for i in train:
        first = readings[i].windows[0]
        most = request.settings.tune_length
        window = Window(first.ids[:most], first.owners[:most], first.shapes[:most])
        of_words = tagger.tags_for(request.answers[i], np.array(readings[i].words, np.int64).reshape(-1, 2), ids)
        owners = np.array(window.owners, np.int64)
        own = np.full(len(owners), UNKNOWN, np.int64)
        own[owners >= 0] = of_words[owners[owners >= 0]]
        windows.append(window)
        tags.append(own)
    return Learnt(windows, tags)


def _tuned(
    request: RoundRequest, state: TagState, learnt: Learnt, settings: Settings, number: int, phase: Phase
) -> Iterator[JobEvent]:
    story = {"phase": number, "set_hash": request.set_hash, "result": _result(request, number).name}
    saved = request.work / "checkpoint"
    if checkpoint.restore(saved, state, story):
        yield JobEvent("note", {"text": f"resumed at step {state.step}", "phase": phase.name})
    ticked = kept = clock.monotonic()
    fewest = FOLD_FEWEST if len(phase.held_out) else FEWEST
    for step in tune(state, learnt, settings, request.compute, pad_id=_pad_id(state.model), fewest=fewest):
        now = clock.monotonic()
        if now - kept > CHECKPOINT_SECONDS and step.step < step.steps:
            checkpoint.save(saved, state, story)
            kept = now
        if now - ticked > TICK or step.step == step.steps:
            ticked = now
            done = {"done": step.step, "total": step.steps, "loss": round(step.loss, 4)}
            yield JobEvent("progress", {"what": phase.name, **done})


def _said(request: RoundRequest, model: Tagger, rows: Rows, held: Sequence[int]) -> dict[str, Any]:
    """Answers in stored form, and the mean log loss at the best temperature; spans of a class never met don't count."""
    logp = [model.log_probabilities(rows[i][1]) for i in held]
    found = tagger.found_in(model, [rows[i][0] for i in held], logp)
    known = {*model.class_ids}
    logits, golds = [np.empty((0, len(model.bias)), np.float32)], [np.empty(0, np.int64)]
    for i, own in zip(held, logp, strict=True):
        answer = replace(request.answers[i], spans=tuple(s for s in request.answers[i].spans if s.label in known))
        tags = tagger.tags_for(answer, rows[i][0], model.class_ids)
        told = np.flatnonzero(tags != UNKNOWN)
        logits.append(own[told])
        golds.append(tags[told])
    temperature, loss = calibrated(logits, golds)
    answers = [SPANS.encode(tagger.as_answer(one)) for one in found]
    return {"answers": answers, "loss": loss, "temperature": temperature, "words": sum(map(len, golds))}


def calibrated(logits: Sequence[NDArray[np.float32]], golds: Sequence[NDArray[np.int64]]) -> tuple[float, float]:
    """(best temperature, mean log loss at it) for logits [words, tags] and right tags [words] of some texts.

    (1, infinite) if there are no words.
    """
    z, y = np.concatenate(logits), np.concatenate(golds)
    if not len(y):
        return 1.0, math.inf
    rows = np.arange(len(y))
    losses = [float(-log_softmax(z / np.float32(t))[rows, y].mean()) for t in TEMPERATURES]
    best = int(np.argmin(losses))
    return float(TEMPERATURES[best]), losses[best]
