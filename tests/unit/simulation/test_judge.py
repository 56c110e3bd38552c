"""TEST is judged as the product would judge it: by the published head, on the features of the space in force."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import deciding
from core.connection import Connection
from core.predictions import Predictions
from core.project import Project
from core.settings import Settings
from core.simulation import making, working
from core.simulation.gold import GoldFile
from core.simulation.judge import Exam, Scores
from core.simulation.plan import Plan
from core.store import classes, examples, models
from core.training import head as heads
from core.worker.learner import refresh
from core.worker.verdict import Verdict
from tests.e2e.conftest import give
from tests.unit.simulation.conftest import POOL

TEXTS = tuple(text for text, _c in POOL)
GOLD = tuple(c for _t, c in POOL)


@pytest.fixture
def simulated(tmp_path: Path, options: Settings) -> Project:
    return making.project_of(tmp_path / "mail", TEXTS, "classify", options)


@pytest.fixture
def exam(tmp_path: Path, options: Settings) -> Exam:
    """On the pool's own texts, one of them twice, so that the worker has said already what the answers are."""
    file = GoldFile("t", (*TEXTS, TEXTS[0]), (*GOLD, GOLD[0]), 0, ())
    return Exam(making.project_of(tmp_path / "test", TEXTS, "classify", options), file)


def published(project: Project, con: Connection) -> float:
    """Share of the texts, the first one twice, that the predictions in force answer right."""
    names = classes.names(con)
    with Predictions.open(project, con) as found:  # type: ignore[union-attr]
        right = [
            names[found.of(example.id)[0][0]] == gold for example, gold in zip(examples.walk(con), GOLD, strict=True)
        ]
    return float(np.mean([*right, right[0]]))


def scores(exam: Exam, project: Project, con: Connection) -> Scores:
    list(exam.embed(project, con))
    return exam.scores(project, con)


def test_the_exam_answers_as_the_published_predictions_do(
    simulated: Project, exam: Exam, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.worker.contest.decide", lambda *_sides: Verdict(True, "kept", {}))
    with simulated.open() as con:
        list(working.run(simulated, con, "embed"))
        refresh(simulated, con)
        before = scores(exam, simulated, con)
        give(simulated, range(1, 13))
        refresh(simulated, con)
        head = scores(exam, simulated, con)
        assert head.accuracy == pytest.approx(published(simulated, con))
        list(working.run(simulated, con, "round"))
        assert models.encoder_in_use(con) == "1"
        refresh(simulated, con)
        tuned = scores(exam, simulated, con)
        assert tuned.accuracy == pytest.approx(published(simulated, con))
    assert (before.model, before.accuracy, before.macro_f1) == (None, 0.0, 0.0)
    assert (head.model, tuned.model) == ("head", "round 1")
    assert min(head.accuracy, tuned.accuracy) > 0.4
    assert len(list((tmp_path / "test" / "embeddings").iterdir())) == 2


def test_where_classes_do_not_exclude_each_other_the_heads_cuts_count(
    tmp_path: Path, options: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = making.project_of(tmp_path / "mail", TEXTS, "multilabel", options)
    sets = [[] if number % 3 else [name] for number, name in enumerate(GOLD)]
    exam = Exam(making.project_of(tmp_path / "test", TEXTS, "multilabel", options), GoldFile("t", TEXTS, sets, 0, ()))
    with project.open() as con:
        list(working.run(project, con, "embed"))
        for example, answer in zip(list(examples.walk(con))[:30], sets, strict=False):
            deciding.give(con, project.task(con), answer, [(example, {})], "gold", open_classes=True)
        refresh(project, con)
        assert max(scores(exam, project, con).per_class_f1.values()) > 0.0
        load = heads.load
        monkeypatch.setattr(heads, "load", lambda at: replace(load(at), cuts=(1.1,) * len(load(at).class_ids)))
        never = scores(exam, project, con)
    assert set(never.per_class_f1.values()) == {0.0}
    assert never.accuracy == pytest.approx(np.mean([not answer for answer in sets]))


def test_a_job_is_timed_by_its_phases_and_its_result_is_kept_to_the_end(simulated: Project) -> None:
    with simulated.open() as con:
        events = working.run(simulated, con, "embed")
        kinds = []
        while True:
            try:
                kinds.append(next(events).kind)
            except StopIteration as end:
                done = end.value
                break
        assert not list(examples.states(con, [61]))
    assert "result" not in kinds
    assert done.result["texts"] == 60
    assert set(done.phases) == {working.BEGINNING, "embed"}
    assert done.embedding == done.phases["embed"] > 0
    assert done.rest == pytest.approx(done.phases[working.BEGINNING])


def test_a_copy_shares_its_features_and_nothing_else(simulated: Project, tmp_path: Path, options: Settings) -> None:
    with simulated.open() as con:
        list(working.run(simulated, con, "embed"))
    with making.copied(simulated, tmp_path / "run", options) as copy:
        assert copy.root.stat().st_mode & 0o777 == 0o700
        pairs = [(path, copy.root / path.relative_to(simulated.root)) for path in simulated.root.rglob("*")]
        files = [(one, other) for one, other in pairs if one.is_file()]
        shared = {one.relative_to(simulated.root).parts[0] for one, other in files if one.samefile(other)}
        assert shared == {"embeddings"}
        give(copy, [1, 2, 3])
    with simulated.open() as con:
        assert examples.labelled(con) == []
    assert not (tmp_path / "run").exists()


def test_a_plan_survives_its_way_to_the_child(options: Settings) -> None:
    from core.simulation.plan import from_json

    plan = Plan(Path("a"), Path("b"), 9, (4, 9), seeds=(1, 2), strategies=("auto",), names=True, settings=options)
    assert from_json(plan.as_json()) == plan
