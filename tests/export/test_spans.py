"""A bundle that marks spans: made, checked, and used without anything of Handful."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import RefusedError
from core.labelling import take_answers
from core.project import Project
from core.store import classes
from core.worker.learners import refresh
from exports import span_parity, span_reference
from exports.job import EXPORT
from exports.production.reading import Line, Reader
from exports.runtime.predictor import Predictor
from tests.unit.spans.conftest import GOLD, encoder, fresh, marked_by, run

__all__ = ["encoder", "fresh"]


@pytest.fixture
def bundle(fresh: Callable[..., Project], tmp_path: Path) -> tuple[Project, Path]:
    project = fresh(max_length=16, windows=3)
    with project.open() as con:
        lines = [json.dumps({"text": text, "spans": spans}) for text, spans in list(GOLD.items())[:30]]
        take_answers(con, project.task(con), project.settings(), lines, "ada")
        refresh(project, con)
    target = tmp_path / "bundle"
    result = run(project, EXPORT, to=str(target))[-1].payload
    assert result["parity"]["ok"]
    assert result["parity"]["windowed"] > 0
    assert result["parity"]["features_compared"] > 20
    return project, target


def test_a_bundle_marks_what_the_project_s_model_marks(bundle: tuple[Project, Path]) -> None:
    project, target = bundle
    texts = [*GOLD, " ".join(list(GOLD)[:9]), "", "👩‍👩‍👧 Anna\tin 北京"]
    found = Predictor(target).predict(texts, batch=3)
    with project.open() as con:
        answers = marked_by(project, con, texts)
        names = classes.names(con)
    for text, said, answer in zip(texts, found, answers, strict=True):
        assert [(s["start"], s["end"], s["label"]) for s in said["spans"]] == [
            (s.start, s.end, names[s.label]) for s in answer.spans
        ]
        assert all(text[s["start"] : s["end"]] == s["text"] and 0 <= s["score"] <= 1 for s in said["spans"])
    assert found[-2] == {"spans": []}
    manifest = json.loads((target / "handful.json").read_text(encoding="utf-8"))
    assert (manifest["activation"], sorted(manifest["inputs"])) == ("bio", ["attention_mask", "input_ids", "shapes"])
    card, config = (target / "README.md").read_text(encoding="utf-8"), json.loads((target / "config.json").read_text())
    assert "token-classification" in card
    assert "mean pooling" not in card
    assert [config["id2label"][str(i)] for i in range(3)] == ["O", "B-person", "I-person"]
    # the program in the bundle, with no module of ours to be found, says the same
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    done = subprocess.run(
        [sys.executable, "-I", str(target / "predict.py"), str(target)],
        input=lines, capture_output=True, text=True, check=True, cwd="/",
    )  # fmt: skip
    assert [json.loads(line)["spans"] for line in done.stdout.splitlines()] == [said["spans"] for said in found]


def test_texts_from_production_are_compared_by_what_its_head_reads(bundle: tuple[Project, Path]) -> None:
    project, target = bundle
    with project.open(readonly=True) as con:
        reader = Reader(target, con, 1)
    known, odd = list(GOLD)[33], "www www www"
    long = " ".join(list(GOLD)[:9])
    read = reader.read([Line(known, {}), Line(odd, {}), Line(long, {}, said=[])])
    assert read.answers == Predictor(target).predict([known, odd, long])
    assert read.distances[0] == pytest.approx(0.0, abs=1e-5)  # it is of the pool
    assert read.distances[1] > 10 * np.quantile(reader.pool.distances, 0.5)
    assert read.corrected == [False, False, True]
    assert 0 < read.sure.min() <= read.sure.max() <= 1
    assert read.classes[0] == ("person", "place")


def test_another_tag_another_logit_and_other_tokens_are_seen() -> None:
    gold = (np.array([[2.0, 0.0, 0.0], [0.0, 3.0, 0.0]], np.float32), np.zeros((0, 3), np.float32))
    known = span_reference.SpanReference(("a b", " "), (1,), 1, gold, np.zeros((2, 32), np.uint8))
    assert span_parity.summary(known, [gold], 0)["ok"]
    assert not span_parity.summary(known, [gold], 1)["ok"]
    flipped = (gold[0][::-1].copy(), gold[1])
    assert span_parity.summary(known, [flipped], 0)["flips"] == 1
    short = (gold[0][:1], gold[1])
    assert span_parity.summary(known, [short], 0)["max_abs_diff"] is None
    off = (gold[0] + np.float32(2e-4), gold[1])
    assert not span_parity.summary(known, [off], 0)["ok"]
    broken = (gold[0] * np.nan, gold[1])
    assert not span_parity.summary(known, [broken], 0)["ok"]


def test_a_project_without_marks_has_no_bundle(fresh: Callable[..., Project], tmp_path: Path) -> None:
    with pytest.raises(RefusedError):
        run(fresh(), EXPORT, to=str(tmp_path / "bundle"))


def test_a_marker_of_spans_teaches_no_student(bundle: tuple[Project, Path], tmp_path: Path) -> None:
    for asked in ({"layers": 1}, {"student": "minilm"}):
        with pytest.raises(RefusedError, match="spans are exported whole"):
            run(bundle[0], EXPORT, to=str(tmp_path / "small"), **asked)
        assert not (tmp_path / "small").exists()
