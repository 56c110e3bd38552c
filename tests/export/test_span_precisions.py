"""Models that mark spans, in other formats of numbers: held to the same gates through their task."""

import json
from collections.abc import Callable

import pytest

from core.labelling import take_answers
from core.project import Project
from core.worker.learners import refresh
from exports import staging
from exports.compare_job import PRECISIONS
from exports.job import EXPORT
from exports.runtime.checks import checks
from tests.export.making import manifest_of
from tests.unit.spans.conftest import GOLD, encoder, fresh, run

__all__ = ["encoder", "fresh"]


def test_spans_are_marked_alike_in_integers(fresh: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> None:
    everything = staging.reference_texts
    monkeypatch.setattr(staging, "reference_texts", lambda con, space, dim: everything(con, space, dim, 24))
    project = fresh(max_length=32)
    with project.open() as con:
        lines = [json.dumps({"text": text, "spans": spans}) for text, spans in list(GOLD.items())[:20]]
        take_answers(con, project.task(con), project.settings(), lines, "ada")
        refresh(project, con)
    rows = run(project, PRECISIONS, names=["int8"])[-1].payload["rows"]
    assert [row["name"] for row in rows] == ["fp32", "int8"]
    assert rows[1]["agreement"]["n"] == len(GOLD) - 20
    assert rows[1]["passed"], rows[1]["why"]
    target = project.root.parent / "bundle"
    run(project, EXPORT, to=str(target), precision="int8")
    found = list(checks(target))
    assert all(check.ok for check in found), found
    assert manifest_of(target)["precision"]["name"] == "int8"
