"""Each kind of encoder the whole way: embedded, a head, a round, exported, the same answers without torch."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import inuse
from core.project import Project
from core.store import jobs
from core.training import head
from core.vectors import VectorStore
from core.worker import contest
from core.worker.jobs.round import ROUND
from core.worker.learner import refresh
from exports import sampling, staging
from exports.job import EXPORT
from exports.runtime.predictor import Predictor
from tests import tiny
from tests.conftest import POOL
from tests.export.making import manifest_of, run, teach

N = 24
"""Texts for parity."""
BARELY = {"epochs": 1, "max_steps": 2, "batch_size": 4, "round_folds": 2, "learning_rate": 1e-3, "precision": "fp32"}
"""A round of two steps; whether it helped is not asked here."""
QUICK = ("modernbert", "xlm-roberta")
"""The two that differ most from the BERT all other tests use, and from each other."""


def slowly(kind: str) -> object:
    return kind if kind in QUICK else pytest.param(kind, marks=pytest.mark.slow)


@pytest.mark.parametrize("kind", [slowly(kind) for kind in sorted(tiny.BUILDERS)])
def test_an_encoder_goes_through_round_export_and_parity(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    texts = staging.reference_texts
    monkeypatch.setattr(staging, "reference_texts", lambda con, space, dim: texts(con, space, dim, N))
    decide = contest.decide
    monkeypatch.setattr(contest, "decide", lambda *given: replace(decide(*given), kept=True))
    shutil.copytree(template, tmp_path / "project")
    encoder = tiny.BUILDERS[kind](tmp_path / "encoder")
    project = teach(Project(tmp_path / "project"), str(encoder), max_length=16, **BARELY)
    with project.open() as con:
        jobs.enqueue(con, ROUND.name, {})  # as number 1, which `run` gives
    tuned = run(project, ROUND)[-1].payload
    assert tuned["kept"] is True
    with project.open() as con:
        refresh(project, con)
        model = inuse.model_in_use(project, con)
    assert model.name == "round 1"
    assert (model.encoder_dir / "model.safetensors").read_bytes() != (encoder / "model.safetensors").read_bytes()

    exported = run(project, EXPORT)[-1].payload
    parity = exported["parity"]
    assert parity["ok"] is True
    assert parity["max_abs_diff"] <= 1e-4
    assert parity["windowed"] > sampling.LONG, "the project has texts longer than 16 of these tokens, too"
    assert parity["features_cosine"] > 0.999
    said = manifest_of(Path(exported["path"]))
    assert said["encoder"]["model_type"] == kind
    assert (said["max_length"], said["windows"], said["overlap"]) == (16, 4, 2)
    stored = VectorStore(model.space_dir, int(model.space["dim"])).vectors()[: len(POOL)]
    expected = head.load(model.head_dir).logits(stored)
    np.testing.assert_allclose(Predictor(exported["path"]).logits(POOL), expected, atol=0.02)
