import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from core.errors import RefusedError
from core.records import JobEvent
from exports import parity, reference
from exports.runtime.predictor import Predictor
from tests.unit.exports.handmade import WEIGHTS, WORDS, graph, sign

TEXTS = [" ".join(WORDS[(i * k) % 7] for k in range(1, 2 + i % 9)) for i in range(60)]


@pytest.fixture
def stage(bundle: Path) -> Path:
    """A staged bundle with references that fit it."""
    known = Predictor(bundle)
    reference.write_texts(bundle, TEXTS, threads=1)
    tokens = np.stack([reference.fingerprint(text) for text in known.windows(TEXTS)])
    reference.write_logits(bundle, known.logits(TEXTS), tokens)
    return bundle


def refusal(stage: Path) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        list(parity.work(stage))
    return caught.value


def ship(stage: Path, weights: np.ndarray) -> None:
    """Let another graph lie in the stage, rightly signed."""
    onnx.save(graph(weights), stage / "model.onnx")
    sign(stage)


def test_a_faithful_bundle_passes_and_the_evidence_is_kept(stage: Path) -> None:
    *_progress, last = parity.work(stage)
    assert last.kind == "result"
    assert last.payload["ok"] is True
    assert last.payload["texts"] == 60
    assert last.payload["compared"] == 540
    assert last.payload["batches"] == [1, 8, 32]
    assert last.payload["max_abs_diff"] <= 1e-6
    assert last.payload["flips"] == 0
    assert json.loads((stage / "parity.json").read_text(encoding="utf-8")) == last.payload


def test_X1_one_weight_off_by_a_hundredth_is_refused_with_the_numbers(stage: Path) -> None:
    weights = WEIGHTS.copy()
    weights[5 + WORDS.index("slow"), 1] += 1e-2
    ship(stage, weights)
    error = refusal(stage)
    assert error.exit_code == 3
    assert "60 texts" in error.what
    said = json.loads((stage / "parity.json").read_text(encoding="utf-8"))
    assert said["ok"] is False
    assert f"{said['max_abs_diff']:.2e}" in error.what
    assert said["max_abs_diff"] >= 0.0099


def test_each_text_is_tried_so_that_no_bad_one_slips_through(stage: Path) -> None:
    known = reference.read(stage)
    for row in (0, 17, 31, 59):
        logits = known.logits.copy()
        logits[row, 2] += 2e-4
        reference.write_logits(stage, logits, known.tokens)
        refusal(stage)


def test_a_difference_at_one_size_of_batch_alone_is_refused(stage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Predictor._run

    def off_by_a_little(self: Predictor, ids: list[list[int]]) -> np.ndarray:
        return run(self, ids) + (2e-4 if len(ids) == 32 else 0.0)

    monkeypatch.setattr(Predictor, "_run", off_by_a_little)
    refusal(stage)


def test_texts_go_one_by_one_by_eight_and_by_thirty_two(stage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[int, list[int]] = {}
    run = Predictor._run

    def spy(self: Predictor, ids: list[list[int]]) -> np.ndarray:
        seen.setdefault(len(ids), []).append(len({len(one) for one in ids}))
        return run(self, ids)

    monkeypatch.setattr(Predictor, "_run", spy)
    monkeypatch.setattr(parity.probes, "made", lambda _predictor, _tolerance: {})
    list(parity.work(stage))
    assert len(seen[1]) >= 60
    assert len(seen[8]) >= 7
    assert seen[32]
    assert sum(n * len(times) for n, times in seen.items()) == 3 * 60
    assert max(seen[8]) > 1, "lengths must be mixed, or padding is never tried"


def test_a_near_tie_may_tip_but_a_clear_answer_may_not() -> None:
    truth = np.array([[1.0, 1.0001, 0.0], [1.0, 1.01, 0.0], [3.0, 1.0, 0.0]], np.float32)
    found = np.array([[1.0001, 1.0, 0.0], [1.01, 1.0, 0.0], [3.0, 1.0, 0.0]], np.float32)
    assert parity.count_flips(truth, found) == 1
    assert parity.count_flips(truth, truth) == 0


def test_another_answer_or_other_tokens_are_enough_to_refuse() -> None:
    truth = np.array([[0.0, 3e-4], [0.0, 1.0]], np.float32)
    found = np.array([[2e-4, 1e-4], [0.0, 1.0]], np.float32)
    known = reference.Reference(("a", "b"), (1,), 1, truth, np.zeros((2, 32), np.uint8))
    assert parity.summary(known, found[None], 0)["ok"] is False
    assert parity.summary(known, found[None], 0)["flips"] == 1
    assert parity.summary(known, truth[None], 0)["ok"] is True
    assert parity.summary(known, truth[None], 1)["ok"] is False


def test_numbers_that_are_none_never_pass() -> None:
    truth = np.zeros((2, 2), np.float32)
    known = reference.Reference(("a", "b"), (1,), 1, truth, np.zeros((2, 32), np.uint8))
    for bad in (np.nan, np.inf):
        found = truth.copy()
        found[1, 0] = bad
        said = parity.summary(known, found[None], 0)
        assert said["ok"] is False
        assert said["max_abs_diff"] is None
        json.dumps(said, allow_nan=False)
        assert "?" in parity.refusal(said).what
    nothing = reference.Reference((), (1,), 1, truth[:0], np.zeros((0, 32), np.uint8))
    assert parity.summary(nothing, truth[None, :0], 0)["ok"] is False


def test_X2_a_tokenizer_that_gives_other_ids_is_refused_though_the_answers_agree(stage: Path) -> None:
    known = reference.read(stage)
    tokens = known.tokens.copy()
    tokens[5] ^= 1
    reference.write_logits(stage, known.logits, tokens)
    assert "1 texts have other tokens" in refusal(stage).what


def test_X4_a_bundle_damaged_on_the_disk_is_refused(stage: Path) -> None:
    path = stage / "model.onnx"
    path.write_bytes(path.read_bytes()[:-3])
    assert "model.onnx" in refusal(stage).what


def test_X4_the_check_runs_in_a_process_of_its_own_without_torch(stage: Path) -> None:
    code = (
        "import runpy, sys\n"
        f"sys.argv[1:] = [{str(stage)!r}]\n"
        "try:\n"
        "    runpy.run_module('exports.parity', run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    loaded = {m.split('.')[0] for m in sys.modules}\n"
        "    assert not loaded & {'torch', 'transformers', 'sklearn', 'pandas', 'textual', 'tui'}, loaded\n"
        "    raise SystemExit(end.code)\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    events = [JobEvent(**json.loads(line)) for line in done.stdout.splitlines()]
    assert events[-1].kind == "result"
    assert events[-1].payload["ok"] is True


def test_a_refusal_comes_out_of_the_process_in_words(stage: Path) -> None:
    ship(stage, WEIGHTS * 2)
    command = [sys.executable, "-P", "-m", "exports.parity", str(stage)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode == 3
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["kind"] == "error"
    assert "no bundle was made" in last["payload"]["title"]
