"""A tagger's tuning: its lower half is gone through once and stays, and every text is judged by a model new to it."""

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from core.reading import Window
from core.settings import Settings
from core.shapes import CODES
from core.tags import UNKNOWN
from core.tasks.spans import SPANS, SpanAnswer
from core.training import spans
from core.training.device import Compute
from core.training.spans import PIECE_TOKENS, Learnt, TagState, start, tune
from core.training.tagger import Tagger
from core.training.tokens import TokenFeaturizer

LAYERS = 4
CPU = Compute(torch.device("cpu"), bf16=False)
SETTINGS = Settings(epochs=2, max_steps=6, batch_size=8, dropout=0.0, frozen=0.5)
SIZES = (3, 9, 5, 14, 4, 4, 11, 7)


def window(size: int) -> Window:
    owners = [-1, *range(size - 2), -1]
    return Window([1, *range(5, 3 + size), 2], owners, [0, *([CODES // 3] * (size - 2)), 0])


def learnt() -> Learnt:
    windows = [window(size) for size in SIZES]
    tags = [np.array([UNKNOWN, *(number % 3 for number in range(size - 2)), UNKNOWN]) for size in SIZES]
    return Learnt(windows, tags)


def tuned(settings: Settings = SETTINGS) -> tuple[TagState, list[float]]:
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=40, hidden_size=16, num_hidden_layers=LAYERS, num_attention_heads=2, intermediate_size=32,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    model = TokenFeaturizer(BertModel(config), None)
    rng = np.random.default_rng(0)
    first = Tagger((7,), rng.normal(0, 0.1, (3, model.dim)).astype(np.float32), np.zeros(3, np.float32))
    state = start(model, first, settings, CPU)
    return state, [step.loss for step in tune(state, learnt(), settings, CPU, pad_id=0)]


def test_remembered_layers_lead_to_the_same_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    state, losses = tuned()
    monkeypatch.setattr(spans, "fits", lambda _model, _ids: False)
    through, same = tuned()
    assert losses == pytest.approx(same, rel=1e-3)
    for (name, one), other in zip(state.model.named_parameters(), through.model.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-4), name
    assert losses[-1] < losses[0]


def test_the_lower_half_stays_as_it_was() -> None:
    state, _losses = tuned()
    untouched, _none = tuned(Settings(epochs=1, max_steps=1, batch_size=8, learning_rate=1e-7, dropout=0.0, frozen=0.5))
    pairs = zip(state.model.encoder.encoder.layer, untouched.model.encoder.encoder.layer, strict=True)
    far = [
        max(float((a - b).detach().abs().max()) for a, b in zip(one.parameters(), other.parameters(), strict=True))
        for one, other in pairs
    ]
    assert far[: LAYERS // 2] == [0.0, 0.0]
    assert min(far[LAYERS // 2 :]) > 1e-4


def test_a_step_sends_texts_of_like_length_together() -> None:
    windows = [window(size) for size in (500, 400, 90, 80, 2000, 10)]
    pieces = spans._pieces(Learnt(windows, []), range(6))
    assert sorted(row for piece in pieces for row in piece) == list(range(6))
    assert pieces == [[4], [0, 1], [2, 3, 5]]
    assert all(len(windows[p[0]].ids) * len(p) <= PIECE_TOKENS for p in pieces if len(p) > 1)


def test_what_the_folds_say_counts_by_their_words() -> None:
    nobody = SPANS.encode(SpanAnswer())
    said = [
        {"rows": [0, 2], "tuned": {"answers": [nobody, nobody], "loss": 1.0, "temperature": 2.0, "words": 30}},
        {"rows": [1], "tuned": {"answers": [nobody], "loss": 3.0, "temperature": 0.5, "words": 10}},
    ]
    found = spans._gathered(said, "tuned", 4)
    assert [guess is not None for guess in found.guesses] == [True, True, True, False]
    assert found.loss == pytest.approx(1.5)
    assert found.temperature == pytest.approx(2.0**0.5)
    nothing = [{"rows": [0], "tuned": {"answers": [nobody], "loss": float("inf"), "temperature": 1.0, "words": 0}}]
    assert spans._gathered(nothing, "tuned", 1).loss == float("inf")
