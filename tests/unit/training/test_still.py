"""Layers that do not move are gone through once: the same vectors as going through them each time, for any encoder."""

from pathlib import Path

import pytest
import torch

from core.training import still
from core.training.device import Compute
from core.training.embed import pad
from core.training.featurizer import Featurizer, load_encoder
from core.training.tune import Texts
from tests import tiny

IDS = [[2, *range(10, 10 + n), 3] for n in (1, 9, 4, 4, 17, 2, 6, 11, 3, 5)]


@pytest.mark.parametrize("kind", sorted(tiny.BUILDERS))
def test_what_is_remembered_gives_the_same_vectors(encoders: dict[str, Path], compute: Compute, kind: str) -> None:
    model = Featurizer(load_encoder(encoders[kind], dropout=0.0), None).train()
    pad_id = int(model.config.pad_token_id)
    count = still.freeze(model.encoder, 0.5)
    texts = Texts.of(model, count, IDS, compute, pad_id)
    assert texts.below is not None
    assert model.training
    for rows in ([4, 0, 2], list(range(len(IDS)))):
        whole = model.embed(*pad([IDS[row] for row in rows], pad_id))
        assert torch.allclose(texts.vectors(rows), whole, atol=1e-5)
    assert all("forward" not in vars(layer) for layer in still.layers_of(model.encoder))


def test_the_gradient_of_what_moves_is_the_same(bert: Path, compute: Compute) -> None:
    found = []
    for remembering in (True, False):
        model = Featurizer(load_encoder(bert, dropout=0.0), None).train()
        count = still.freeze(model.encoder, 0.5)
        texts = Texts.of(model, count if remembering else 0, IDS, compute, 0)
        texts.vectors(range(len(IDS)))[:, 0].sum().backward()  # type: ignore[no-untyped-call]
        found.append({name: p.grad for name, p in model.named_parameters() if p.grad is not None})
    assert found[0]
    assert set(found[0]) == set(found[1])
    assert all(torch.allclose(found[0][name], found[1][name], atol=1e-5) for name in found[0])


def test_without_room_nothing_is_remembered(bert: Path, compute: Compute, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still, "MOST_BYTES", 100)
    model = Featurizer(load_encoder(bert, dropout=0.0), None)
    assert Texts.of(model, 1, IDS, compute, 0).below is None


def test_layers_speak_for_themselves_again_after_an_error(bert: Path, compute: Compute) -> None:
    model = Featurizer(load_encoder(bert, dropout=0.0), None).eval()
    before = model.embed(*pad(IDS, 0))
    below = still.Remembered(model, 1, IDS, compute, 0)
    with pytest.raises(RuntimeError), below.in_place_of_layers([0]):
        raise RuntimeError
    assert torch.equal(model.embed(*pad(IDS, 0)), before)
