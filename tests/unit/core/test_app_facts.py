"""What the app shows of learning: predictions, judged texts, neighbours, the curve, the forecast."""

import json
import mmap
import sys
from pathlib import Path

import numpy as np
import pytest

from core import forecast, judged, neighbours, predictions
from core.connection import Connection, transaction
from core.errors import RefusedError
from core.judged import JudgedText
from core.predictions import Predictions
from core.project import Project
from core.records import Evaluation, JobEvent
from core.schema import STEPS, VERSION, migrate
from core.store import meta, models
from core.tasks.base import likeliest
from core.tasks.classify import CLASSIFY
from core.vectors import VectorStore


def test_the_likeliest_classes_come_first() -> None:
    assert likeliest([0.1, 0.7, 0.2], [4, 5, 6]) == ((5, 0.7), (6, 0.2), (4, 0.1))
    assert len(likeliest([0.05] * 20, range(20))) == 9


@pytest.fixture
def predicted(project: Project, con: Connection) -> Predictions:
    directory = project.scores / "000001"
    directory.mkdir()
    ids = np.array([7, 3, 12, 5])
    scores = np.array([[0.2, 0.8, 0.0], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8], [0.4, 0.35, 0.25]])
    predictions.write(directory, ids, scores, (1, 2, 3))
    models.add_ranking(con, "000001", 0, {"source": "head", "n_labels": 4})
    found = Predictions.open(project, con)
    assert found is not None
    return found


def test_one_row_is_read_without_numpy(predicted: Predictions, con: Connection) -> None:
    assert [round(p, 2) for _c, p in predicted.of(3)] == [0.6, 0.3, 0.1]
    assert predicted.of(7)[0][0] == 2
    assert predicted.of(4) == ()
    said = predicted.suggestion(con, CLASSIFY, 12)
    assert said is not None
    assert (said.value, said.source) == ("speed", "head")
    assert isinstance(predicted._map, mmap.mmap)
    predicted.close()


def test_how_sure_the_model_is_of_whole_answers_is_kept_by_id(project: Project, con: Connection) -> None:
    directory = project.scores / "000001"
    directory.mkdir()
    scores = np.array([[0.2, 0.8], [0.6, 0.4], [0.1, 0.9]])
    predictions.write(directory, np.array([7, 3, 12]), scores, (1, 2), (), np.array([0.8, 0.6, 0.9], np.float32))
    models.add_ranking(con, "000001", 0, {"source": "head"})
    found = Predictions.open(project, con)
    assert found is not None
    with found:
        assert [(i, round(sure, 2)) for i, sure in found.confidences()] == [(3, 0.6), (7, 0.8), (12, 0.9)]
        (directory / predictions.SURE).write_bytes(b"half")
        assert list(found.confidences()) == []


def test_of_many_classes_nine_are_kept(project: Project, con: Connection) -> None:
    directory = project.scores / "000001"
    directory.mkdir()
    scores = np.random.default_rng(0).dirichlet(np.ones(77), size=5)
    predictions.write(directory, np.arange(1, 6), scores, range(100, 177))
    models.add_ranking(con, "000001", 0, {"source": "head"})
    found = Predictions.open(project, con)
    assert found is not None
    with found:
        for row in range(5):
            best = np.argsort(-scores[row])[:9] + 100
            assert [c for c, _p in found.of(row + 1)] == best.tolist()


def test_before_there_is_a_model_nothing_is_predicted(project: Project, con: Connection) -> None:
    assert Predictions.open(project, con) is None


def test_judged_texts_are_kept_and_disagreements_found(project: Project) -> None:
    texts = [JudgedText(1, '{"class": 1}', '{"class": 1}'), JudgedText(2, '{"class": 1}', '{"class": 2}')]
    judged.publish(project, "round 3", "out-of-fold", 17, texts)
    found = judged.load(project, "round 3", "out-of-fold")
    assert found == judged.Judged(17, tuple(texts))
    assert [text.example_id for text in judged.disagreeing(project, "round 3")] == [2]
    assert judged.load(project, "head", "test") is None
    assert judged.disagreeing(project, "head") == []


def test_a_damaged_file_is_no_evidence(project: Project) -> None:
    judged.publish(project, "head", "test", 1, [])
    (project.scores / "judged" / "head.test.json").write_text("[1,", encoding="utf-8")
    assert judged.load(project, "head", "test") is None


@pytest.fixture
def embedded(project: Project, con: Connection) -> None:
    """Twelve texts on a line of three directions."""
    directory = project.embeddings / "space"
    directory.mkdir()
    (directory / "space.json").write_text(json.dumps({"dim": 3}), encoding="utf-8")
    vectors = np.zeros((12, 3), np.float16)
    for row in range(12):
        vectors[row, row // 4] = 1.0
        vectors[row, (row // 4 + 1) % 3] = 0.01 * row
    VectorStore(directory, 3).append(np.arange(1, 13), vectors)
    with transaction(con):
        meta.put(con, "space", "space")


@pytest.mark.usefixtures("embedded")
def test_neighbours_lie_in_the_same_direction(project: Project, con: Connection) -> None:
    found = neighbours.nearest(project, con, 1, 3)
    assert [i for i, _cosine in found] == [2, 3, 4]
    assert all(0.9 < cosine <= 1.001 for _i, cosine in found)


@pytest.mark.usefixtures("embedded")
def test_groups_are_those_that_lie_together(project: Project, con: Connection) -> None:
    found = neighbours.clusters(project, con, 3)
    assert {frozenset(c.ids) for c in found} == {frozenset(range(a, a + 4)) for a in (1, 5, 9)}


def test_before_anything_is_embedded_it_says_so(project: Project, con: Connection) -> None:
    with pytest.raises(RefusedError, match="not embedded"):
        neighbours.nearest(project, con, 1, 3)


def test_the_curve_counts_labels(con: Connection) -> None:
    for seq in (1, 20):
        models.add_evaluation(con, Evaluation("head", "test", seq, {"": {(1, 1): 3, (1, 2): 1}}))
    found = models.curve(con, "test")
    assert [(e.event_seq, e.counts[""][1, 1], n) for e, n in found] == [(1, 3, 0), (20, 3, 0)]


def told(*events: tuple[str, dict[str, object], float]) -> list[forecast.Told]:
    return [(n, JobEvent(kind, payload), when) for n, (kind, payload, when) in enumerate(events)]


def test_time_left_follows_the_pace_of_the_phase() -> None:
    events = told(
        ("phase", {"name": "fold 1 of 3", "number": 1, "of": 4}, 100.0),
        ("progress", {"done": 5, "total": 10, "loss": 2.0}, 110.0),
    )
    assert forecast.phase_of(events) == ("fold 1 of 3", 1, 4)
    assert forecast.share_of(events) == 0.5
    assert forecast.seconds_left(events, 110.0) == 10 + 3 * 20
    assert forecast.loss_history(events) == [2.0]


def test_nothing_is_forecast_before_it_can_be_known() -> None:
    assert forecast.seconds_left([], 1.0) is None
    assert forecast.seconds_left(told(("phase", {"name": "load"}, 1.0)), 9.0) is None
    assert forecast.loss_history(told(("progress", {"loss": 1.0}, 0.0), ("phase", {"name": "x"}, 1.0))) == []


OLD_ROWS = """
INSERT INTO imports(source, split, state, created) VALUES ('x', 'pool', 'whole', 0);
INSERT INTO examples(hash, text, split, import_id, state, answer_seq) VALUES (x'00', 'a', 'pool', 1, 'answered', 2);
INSERT INTO classes(name) VALUES ('refund');
INSERT INTO events(uuid, act, kind, annotator, payload, created)
    VALUES ('1', 'a', 'class.new', 'ada', '{"id": 1, "name": "refund"}', 0);
INSERT INTO events(uuid, act, kind, example_id, annotator, payload, created)
    VALUES ('2', 'b', 'label', 1, 'ada', '{"class": 1}', 0);
INSERT INTO decisions(seq, act, annotator, example_id) VALUES (2, 'b', 'ada', 1);
INSERT INTO answers(example_id, annotator, state, value, seq) VALUES (1, 'ada', 'answered', '{"class": 1}', 2)
"""


def test_an_older_project_gains_acts_and_keeps_its_classes_and_answers(template: Path, tmp_path: Path) -> None:
    """The steps up to the third, with a class and an answer, then the rest."""
    from sqlite_utils import Database

    from core.connection import APPLICATION_ID, connect, create_empty
    from core.store import classes

    path = tmp_path / "old.db"
    create_empty(path)
    con = connect(path)
    db = Database(con, execute_plugins=False)
    with transaction(con):
        for step in STEPS[:3]:
            step(db)
        con.execute(
            "CREATE TABLE _sqlite_migrations (migration_set TEXT, name TEXT, applied_at TEXT, PRIMARY KEY"
            " (migration_set, name))"
        )
        for step in STEPS[:3]:
            con.execute("INSERT INTO _sqlite_migrations VALUES ('handful', ?, '')", (step.__name__,))
        for statement in OLD_ROWS.split(";"):
            con.execute(statement)
        con.execute(f"PRAGMA application_id={APPLICATION_ID:d}")
        con.execute("PRAGMA user_version=3")
    con.close()
    migrate(path)
    con = connect(path)
    assert con.execute("PRAGMA user_version").fetchone()[0] == VERSION
    assert con.execute("SELECT class_id, example_id FROM example_classes").fetchall()[0][0] == 1
    classes.rename(con, 1, "money", "ada")
    assert classes.names(con) == {1: "money"}
    con.close()


def test_nothing_here_needs_numpy_to_be_imported() -> None:
    import subprocess

    code = "import sys, core.predictions, core.neighbours, core.judged, core.forecast; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
