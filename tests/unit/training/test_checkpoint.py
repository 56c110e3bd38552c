"""Stopping and going on: the same bits as a run that never stopped, or from the beginning."""

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from core.settings import Settings
from core.training import checkpoint
from core.training.device import Compute
from core.training.featurizer import Featurizer, load_encoder
from core.training.tune import TuneState, start, tune
from tests.unit.training.test_tune import LABELS, distance, token_ids, weights

OPTIONS = Settings(epochs=4, batch_size=8, learning_rate=1e-3, dropout=0.2)
STORY = {"phase": 1, "set_hash": "ab12", "recipe": "cd34"}


def fresh(directory: Path, options: Settings, compute: Compute) -> TuneState:
    return start(Featurizer(load_encoder(directory, dropout=options.dropout), None), 3, options, compute)


def go_on(state: TuneState, options: Settings, compute: Compute, steps: int | None = None) -> None:
    for _step in islice(tune(state, token_ids(), LABELS, options, compute, pad_id=0), steps):
        pass


@pytest.fixture
def saved(bert: Path, compute: Compute, tmp_path: Path) -> Path:
    """A checkpoint after five of twelve steps."""
    state = fresh(bert, OPTIONS, compute)
    go_on(state, OPTIONS, compute, 5)
    checkpoint.save(tmp_path / "checkpoint", state, STORY)
    return tmp_path / "checkpoint"


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("stop", [1, 5, 11])
def test_M2_a_resumed_run_ends_with_the_very_weights_of_a_straight_one(
    bert: Path, compute: Compute, tmp_path: Path, optimizer: str, stop: int
) -> None:
    options = replace(OPTIONS, optimizer=optimizer)
    straight, stopped = fresh(bert, options, compute), fresh(bert, options, compute)
    go_on(straight, options, compute)
    go_on(stopped, options, compute, stop)
    checkpoint.save(tmp_path / "checkpoint", stopped, STORY)
    torch.manual_seed(12345)
    again = fresh(bert, options, compute)
    torch.manual_seed(54321)
    assert checkpoint.restore(tmp_path / "checkpoint", again, STORY)
    assert again.step == stop
    go_on(again, options, compute)
    assert again.step == straight.step == 12
    learnt = {name: value for name, value in weights(straight).items() if "pooler" not in name}
    assert distance(learnt, weights(again)) == 0.0


def test_restoring_brings_the_very_state_of_the_optimiser(bert: Path, compute: Compute, tmp_path: Path) -> None:
    state = fresh(bert, OPTIONS, compute)
    go_on(state, OPTIONS, compute, 3)
    checkpoint.save(tmp_path / "checkpoint", state, STORY)
    again = fresh(bert, OPTIONS, compute)
    checkpoint.restore(tmp_path / "checkpoint", again, STORY)
    ours, theirs = (s.optimizer.state_dict()["state"] for s in (state, again))
    assert ours.keys() == theirs.keys()
    for index, values in ours.items():
        assert all(torch.equal(value, theirs[index][key]) for key, value in values.items())


@pytest.mark.parametrize("name", checkpoint.FILES)
def test_M2_a_missing_file_means_from_the_beginning(bert: Path, compute: Compute, saved: Path, name: str) -> None:
    (saved / name).unlink()
    state = fresh(bert, OPTIONS, compute)
    before = weights(state)
    assert not checkpoint.restore(saved, state, STORY)
    assert (state.step, distance(before, weights(state))) == (0, 0.0)


@pytest.mark.parametrize("name", checkpoint.FILES[:-1])
@pytest.mark.parametrize("damage", ["flip", "cut"])
def test_M4_a_damaged_file_means_from_the_beginning(
    bert: Path, compute: Compute, saved: Path, name: str, damage: str
) -> None:
    content = bytearray((saved / name).read_bytes())
    if damage == "flip":
        content[-2] ^= 1
    else:
        del content[len(content) // 2 :]
    (saved / name).write_bytes(content)
    state = fresh(bert, OPTIONS, compute)
    before = weights(state)
    assert not checkpoint.restore(saved, state, STORY)
    assert (state.step, distance(before, weights(state))) == (0, 0.0)


def test_a_state_that_is_no_json_means_from_the_beginning(bert: Path, compute: Compute, saved: Path) -> None:
    (saved / "state.json").write_text('{"step": 5, ')
    assert not checkpoint.restore(saved, fresh(bert, OPTIONS, compute), STORY)


@pytest.mark.parametrize("change", [{"set_hash": "ff"}, {"phase": 2}, {"recipe": "ee"}])
def test_another_runs_checkpoint_is_not_taken(
    bert: Path, compute: Compute, saved: Path, change: dict[str, Any]
) -> None:
    assert not checkpoint.restore(saved, fresh(bert, OPTIONS, compute), {**STORY, **change})
    assert checkpoint.restore(saved, fresh(bert, OPTIONS, compute), STORY)


def test_no_checkpoint_means_from_the_beginning(bert: Path, compute: Compute, tmp_path: Path) -> None:
    assert not checkpoint.restore(tmp_path / "none", fresh(bert, OPTIONS, compute), STORY)


def test_it_is_tensors_and_one_json_private_and_without_the_frozen_matrix(saved: Path) -> None:
    assert {path.name for path in saved.iterdir()} == set(checkpoint.FILES)
    assert all(path.stat().st_mode & 0o077 == 0 for path in [saved, *saved.iterdir()])
    found = json.loads((saved / "state.json").read_text())
    assert found["step"] == 5
    assert b"word_embeddings" not in (saved / "model.safetensors").read_bytes()


def test_a_newer_checkpoint_replaces_the_older_whole(bert: Path, compute: Compute, saved: Path) -> None:
    state = fresh(bert, OPTIONS, compute)
    assert checkpoint.restore(saved, state, STORY)
    go_on(state, OPTIONS, compute, 2)
    checkpoint.save(saved, state, STORY)
    again = fresh(bert, OPTIONS, compute)
    assert checkpoint.restore(saved, again, STORY)
    assert again.step == 7
    assert list(saved.parent.iterdir()) == [saved]
